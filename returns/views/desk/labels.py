"""Labels on the desk's pages: as files, in the form somebody needs."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from oms import outbox
from oms.access import may
from oms.refusals import Refused
from returns import lifecycle
from returns.models import RMA, LabelFile, Parcel
from returns.situation import with_facts
from returns.states import LabelKind, ParcelStatus
from returns.views import spreading
from returns.views.desk.deciding import render_detail
from returns.views.portal import boxes
from returns.views.portal.papers import as_file


@require_http_methods(["GET", "HEAD", "POST"])
@may("see personal data")
@never_cache
def label_file(request: HttpRequest, number: str, parcel: int, kind: str) -> HttpResponse:
    """The label in another form: asked for by POST, there by GET once a worker has fetched it."""
    if kind not in LabelKind:
        raise Http404
    visible = RMA.objects.visible_to(request.user).filter(number=number)
    kept = Parcel.objects.select_related("rma__order__customer").defer("label").exclude(status=ParcelStatus.VOIDED)
    found = get_object_or_404(kept, pk=parcel, rma__in=visible)
    if request.method == "POST":
        by, at = request.user.actor, timezone.now()
        try:
            lifecycle.ask_for_file(found.pk, kind, by=by, at=at)
        except Refused as refused:
            outbox.record_refusal(refused, verb="ask_for_file", subject=found.rma.stream, by=by, at=at)
            return render_detail(request, number, problem=str(refused), status=409)
        return redirect(found.rma)
    file = LabelFile.objects.filter(parcel=found, kind=kind, fetched_at__isnull=False).first()
    if file is None:
        raise Http404
    file.parcel = found
    return as_file(file.content, file.content_type, f"label-{number}-{kind}")


@require_http_methods(["GET", "HEAD", "POST"])
@may("decide returns")
def parcels(request: HttpRequest, number: str) -> HttpResponse:
    """Divide the goods among several parcels for the customer, while no label was used."""
    visible = with_facts(RMA.objects.visible_to(request.user)).select_related("order__customer")
    rma = get_object_or_404(visible, number=number)
    lines = list(rma.lines.select_related("order_line").order_by("id"))
    if not boxes.may_spread(rma, boxes.told(rma, lines), lines) and request.method != "POST":
        return redirect(rma)

    def refused(why: Refused) -> HttpResponse:
        return render_detail(request, number, problem=str(why), status=409)

    here = {"template": "returns/desk/parcels.html", "back": rma.get_absolute_url()}
    return spreading.page(request, rma, lines, by=request.user.actor, refused=refused, **here)


@require_POST
@may("decide returns")
def label_again(request: HttpRequest, number: str, parcel: int) -> HttpResponse:
    """What was in the way of a label is done: try for it again. Pressed twice, it is tried once."""
    visible = RMA.objects.visible_to(request.user).filter(number=number)
    found = get_object_or_404(Parcel.objects.select_related("rma").defer("label"), pk=parcel, rma__in=visible)
    lifecycle.want_label_again(found.pk, by=request.user.actor, at=timezone.now())
    messages.success(request, _("The label is being asked for again; it appears here by itself."))
    return redirect(found.rma)
