"""Links for whoever was given goods of an order, made and withdrawn for the buyer, and passed on by hand (p15)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from oms import shops
from oms.access import may
from oms.models import Order
from returns import gifts
from returns.models import GiftLink
from returns.views.giving import Giving


@require_http_methods(["GET", "HEAD", "POST"])
@may("open returns")
@never_cache
def gift_link(request: HttpRequest, order_number: str) -> HttpResponse:
    """The links there are, the buyer's too, and the form for another. The same choice again is the same link."""
    order = get_object_or_404(Order, number=order_number.replace("\0", ""))
    page = Giving(request, order, by=request.user.actor)
    if page.make() is not None:
        return redirect("returns:gift_link", order.number)
    title = _("Gift links for order %(number)s") % {"number": order.number}
    context = page.context() | {"title": title, "shop": shops.current()}
    return render(request, "returns/desk/gift_link.html", context, status=page.status)


@require_POST
@may("open returns")
def gift_withdrawal(request: HttpRequest, order_number: str, link: int) -> HttpResponse:
    try:
        gifts.withdraw_link(order_number.replace("\0", ""), link, by=request.user.actor, at=timezone.now())
    except (Order.DoesNotExist, GiftLink.DoesNotExist):
        raise Http404 from None
    return redirect("returns:gift_link", order_number)
