"""What may not travel by ordinary post: an agent arranges the day on which it is collected."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from oms import outbox, shops
from oms.access import may
from oms.refusals import Refused
from returns import lifecycle
from returns.forms.parcels import PickupForm
from returns.models import RMA
from returns.refusals import DayOutOfReach


@require_http_methods(["GET", "HEAD", "POST"])
@may("decide returns")
def pickup(request: HttpRequest, number: str) -> HttpResponse:
    """The day, the carrier and a note for the customer; at a return that is not collected there is nothing to do."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user), number=number.replace("\0", ""))
    if not rma.is_collected and request.method != "POST":
        return redirect(rma)
    form, status = PickupForm(request.POST or None, use_required_attribute=False), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            by, at = request.user.actor, timezone.now()
            day, carrier, note = (form.cleaned_data[name] for name in ("pickup_on", "carrier", "note"))
            try:
                lifecycle.arrange_pickup(rma.number, on=day, carrier=carrier, note=note, by=by, at=at)
            except Refused as refused:
                outbox.record_refusal(refused, verb="arrange_pickup", subject=rma.stream, by=by, at=at)
                form.add_error("pickup_on", str(refused))
                status = 422 if isinstance(refused, DayOutOfReach) else 409
            else:
                messages.success(request, _("Arranged: the customer gets the day by mail."))
                return redirect(rma)
    context = {"title": _("Arrange the collection"), "shop": shops.current(), "rma": rma, "form": form}
    return render(request, "returns/desk/pickup.html", context, status=status)
