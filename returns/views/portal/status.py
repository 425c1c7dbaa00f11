"""A return as its owner sees it, behind a link that cannot be guessed (R24, R55, R103–R105)."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import segno
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from oms import rendering, shops
from oms.access import public
from oms.prepared import prepared
from returns import photos
from returns.forms.portal import AnswerForm, HoldForm
from returns.models import RMA, Parcel, ReturnPhoto
from returns.situation import with_facts
from returns.states import ParcelStatus, RMAStatus
from returns.views.portal import going_out, story

# What a carrier's label may be, as bytes we pass on.
LABEL_TYPES = {"application/pdf": "pdf", "image/png": "png"}


@prepared
def _known(number: str) -> QuerySet[RMA]:
    known = photos.with_photos(RMA.objects.select_related("order__customer", "policy"))
    return with_facts(known).filter(number=number)


def rma_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Find the return of the link. A wrong signature and a number that is not there are the same 404 (S3)."""

    @wraps(view)
    def found(request: HttpRequest, number: str, signature: str, **kwargs: Any) -> HttpResponse:
        rma = next(iter(_known(number)), None)
        expected = (rma or RMA()).signature
        if not hmac.compare_digest(expected.encode(), signature.encode()) or rma is None:
            raise Http404
        return view(request, rma, **kwargs)

    return public(never_cache(found))


@require_http_methods(["GET", "HEAD"])
@rma_page
def status(request: HttpRequest, rma: RMA) -> HttpResponse:
    return status_page(request, rma)


def status_page(
    request: HttpRequest,
    rma: RMA,
    *,
    answer: AnswerForm | None = None,
    hold: tuple[int, HoldForm] | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, with the forms the return asks for now; `refusal` says why the last try did not work."""
    context = story.tell(rma, timezone.now())
    if rma.status == RMAStatus.NEEDS_INFO:
        context["answer_form"] = answer or AnswerForm(use_required_attribute=False)
    for one in context["holds"]:
        bound = hold[1] if hold and hold[0] == one["id"] else None
        one["form"] = bound or HoldForm(prefix=f"h{one['id']}", use_required_attribute=False)
    context["refusal"] = refusal
    context["out"] = going_out.told(rma)
    return render(request, "portal/status.html", context, status=status)


@prepared
def _labeled(rma: int) -> QuerySet[Parcel]:
    labeled = Parcel.objects.filter(rma=rma, labeled_at__isnull=False).exclude(status=ParcelStatus.VOIDED)
    return labeled.order_by("-pk")[:1]


@require_http_methods(["GET", "HEAD"])
@rma_page
def label(request: HttpRequest, rma: RMA) -> HttpResponse:
    """The carrier's label, byte for byte as fetched; 204 while it is being made, because the page asks until it is."""
    if story.waits_for_label(rma, story.parcel_of(rma)):
        return HttpResponse(status=204)
    parcel = next(iter(_labeled(rma.pk)), None)
    if parcel is None or parcel.label_type not in LABEL_TYPES:
        raise Http404
    parcel.rma = rma
    response = HttpResponse(parcel.label, content_type=parcel.label_type)
    response["Content-Disposition"] = f'inline; filename="label-{rma.number}.{LABEL_TYPES[parcel.label_type]}"'
    return response


@require_GET
@rma_page
def slip(request: HttpRequest, rma: RMA) -> HttpResponse:
    """One A4 sheet to put into the parcel: the number as a QR code for our scanner. No personal data is on it."""
    if rma.status in RMAStatus.terminal() or rma.approved_at is None or not rma.comes_back:
        raise Http404
    key = f"slip/{rma.ref}/{rma.event_sequence}"
    content = cache.get(key)
    if content is None:
        try:
            content = rendering.pdf(slip_html(rma))
        except rendering.RendererAway:
            # The same sheet as a page: every browser can print it.
            return HttpResponse(slip_html(rma))
        cache.set(key, content, timeout=3600)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="slip-{rma.number}.pdf"'
    return response


def slip_html(rma: RMA) -> str:
    code = segno.make(rma.number, error="m", micro=False)
    context = {
        "rma": rma,
        "shop": shops.current(),
        "lines": story.lines_of(rma),
        "qr": code.png_data_uri(scale=10, border=2),
        "title": _("Return slip"),
    }
    return render_to_string("portal/slip.html", context)


@require_GET
@rma_page
def photo(request: HttpRequest, rma: RMA, photo: UUID) -> HttpResponse:
    """A photo of this return, the customer's or the dock's."""
    found = ReturnPhoto.objects.filter(rma=rma, ref=photo).first()
    if found is None:
        raise Http404
    found.rma = rma
    return HttpResponse(found.content, content_type=photos.CONTENT_TYPE)
