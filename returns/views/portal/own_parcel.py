"""“I send it with a carrier of my own”: the number, on a page behind the link of the return (R23)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from oms import outbox, shops
from oms.refusals import Refused
from returns import lifecycle
from returns.forms.cases import OwnParcelForm
from returns.models import RMA
from returns.states import RMAStatus
from returns.views.portal.status import rma_page


@require_http_methods(["GET", "HEAD", "POST"])
@rma_page
def own_parcel(request: HttpRequest, rma: RMA) -> HttpResponse:
    if rma.status != RMAStatus.APPROVED:
        return redirect(rma.get_portal_path())
    if request.method != "POST":
        return _page(request, rma, OwnParcelForm(use_required_attribute=False))
    form = OwnParcelForm(request.POST, use_required_attribute=False)
    if not form.is_valid():
        return _page(request, rma, form, status=422)
    now, actor = timezone.now(), rma.sender.actor
    try:
        lifecycle.send_own_parcel(rma.number, **form.cleaned_data, by=actor, at=now)
    except Refused as refused:
        outbox.record_refusal(refused, verb="send_own_parcel", subject=rma.stream, by=actor, at=now)
        form.add_error("tracking_number", str(refused))
        return _page(request, rma, form, status=409)
    return redirect(rma.get_portal_path())


def _page(request: HttpRequest, rma: RMA, form: OwnParcelForm, *, status: int = 200) -> HttpResponse:
    context = {"shop": shops.current(), "rma": rma, "form": form, "warehouse": rma.warehouse}
    return render(request, "portal/own_parcel.html", context, status=status)
