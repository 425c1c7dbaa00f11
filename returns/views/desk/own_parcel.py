"""The customer sends it with a carrier of their own: an agent writes the number down for them (R23)."""

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
from returns.forms.cases import OwnParcelForm
from returns.models import RMA


@require_http_methods(["GET", "HEAD", "POST"])
@may("decide returns")
def own_parcel(request: HttpRequest, number: str) -> HttpResponse:
    rma = get_object_or_404(RMA.objects.visible_to(request.user), number=number.replace("\0", ""))
    form, status = OwnParcelForm(request.POST or None, use_required_attribute=False), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            by, at = request.user.actor, timezone.now()
            try:
                lifecycle.send_own_parcel(rma.number, **form.cleaned_data, by=by, at=at)
            except Refused as refused:
                outbox.record_refusal(refused, verb="send_own_parcel", subject=rma.stream, by=by, at=at)
                form.add_error("tracking_number", str(refused))
                status = 409
            else:
                messages.success(request, _("Written down: the parcel is followed, and our label is void."))
                return redirect(rma)
    context = {"title": _("The customer sends it"), "shop": shops.current(), "rma": rma, "form": form}
    return render(request, "returns/desk/own_parcel.html", context, status=status)
