"""A link for whoever was given the goods of an order: made here, shown once, passed on by hand (p15)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oms import outbox, shops
from oms.access import may
from oms.models import Order
from oms.refusals import Refused
from oms.views.words import Clock
from returns import gifts
from returns.models import GiftLink


@require_http_methods(["GET", "HEAD", "POST"])
@may("open returns")
@never_cache
def gift_link(request: HttpRequest, order_number: str) -> HttpResponse:
    """Say what the link does and until when one works; make one. What is kept of it cannot be shown again."""
    order = get_object_or_404(Order, number=order_number.replace("\0", ""))
    now, url, problem = timezone.now(), "", ""
    if request.method == "POST":
        try:
            _link, token = gifts.make_link(order.number, by=request.user.actor, at=now)
            url = settings.PUBLIC_URL + reverse("portal:gift", args=[token])
        except Refused as refused:
            outbox.record_refusal(refused, verb="make_link", subject=order.stream, by=request.user.actor, at=now)
            problem = str(refused)
    standing = GiftLink.objects.filter(order=order, ended_at=None, expires_at__gt=now).first()
    context = {
        "title": _("Gift link for order %(number)s") % {"number": order.number},
        "shop": shops.current(),
        "order": order,
        "url": url,
        "problem": problem,
        "until": Clock().text(standing.expires_at) if standing else "",
    }
    return render(request, "returns/desk/gift_link.html", context, status=409 if problem else 200)
