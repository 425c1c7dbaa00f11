"""Labels as files: the carrier's own, and the same in another form once somebody asked for it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from oms.refusals import Refused
from returns import lifecycle
from returns.models import RMA, LabelFile, Parcel
from returns.states import LabelKind, ParcelStatus
from returns.views import spreading
from returns.views.portal import boxes, story
from returns.views.portal.status import LABEL_TYPES, rma_page, status_page
from returns.views.portal.status_answers import refused_page

ENDINGS = LABEL_TYPES | {"application/zpl": "zpl"}


def as_file(content: bytes, content_type: str, name: str) -> HttpResponse:
    """A file with its own ending; what no browser shows is saved."""
    response = HttpResponse(content, content_type=content_type)
    how = "attachment" if ENDINGS[content_type] == "zpl" else "inline"
    response["Content-Disposition"] = f'{how}; filename="{name}.{ENDINGS[content_type]}"'
    return response


@require_http_methods(["GET", "HEAD"])
@rma_page
def parcel_label(request: HttpRequest, rma: RMA, parcel: int) -> HttpResponse:
    """The label of one of several parcels; 204 while it is being made."""
    found = _parcel(rma, parcel)
    if found.status == ParcelStatus.WANTED:
        return HttpResponse(status=204)
    if found.labeled_at is None or found.label_type not in ENDINGS:
        raise Http404
    return as_file(found.label, found.label_type, f"label-{rma.number}-{found.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@rma_page
def label_file(request: HttpRequest, rma: RMA, parcel: int, kind: str) -> HttpResponse:
    """The label in another form: asked for by POST, there by GET once it was fetched, 204 until then."""
    if kind not in LabelKind:
        raise Http404
    found = _parcel(rma, parcel)
    if request.method == "POST":
        try:
            lifecycle.ask_for_file(found.pk, kind, by=rma.sender.actor, at=timezone.now())
        except Refused as refused:
            return refused_page(request, rma, "ask_for_file", refused)
        return redirect(f"{rma.get_portal_path()}#papers")
    file = LabelFile.objects.filter(parcel=found, kind=kind).first()
    if file is None or file.refused_at is not None:
        raise Http404
    if file.fetched_at is None:
        return HttpResponse(status=204)
    file.parcel = found
    return as_file(file.content, file.content_type, f"label-{rma.number}-{kind}")


@require_http_methods(["GET", "HEAD", "POST"])
@rma_page
def parcels(request: HttpRequest, rma: RMA) -> HttpResponse:
    """Divide the goods among several parcels, while no label was used."""
    back = f"{rma.get_portal_path()}#papers"
    lines = story.lines_of(rma)
    if not boxes.may_spread(rma, boxes.told(rma, lines), lines) and request.method != "POST":
        return redirect(back)

    def refused(why: Refused) -> HttpResponse:
        return status_page(request, rma, refusal=str(why), status=409)

    by = rma.sender.actor
    return spreading.page(request, rma, lines, template="portal/parcels.html", back=back, by=by, refused=refused)


def _parcel(rma: RMA, pk: int) -> Parcel:
    found = Parcel.objects.filter(rma=rma, pk=pk).exclude(status=ParcelStatus.VOIDED).first()
    if found is None:
        raise Http404
    found.rma = rma
    return found
