"""Pairing a phone with the piece at a station, and looking at what it sent."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from oms import outbox
from oms.access import may
from oms.identifiers import row_id
from oms.refusals import Refused
from returns import phones
from returns.models import RMA, PairedPhone, Receipt, ReturnPhoto


@require_POST
@may("inspect goods")
@never_cache
def phone(request: HttpRequest, number: str) -> HttpResponse:
    """Pair a phone with the piece at hand, or end the one that is paired."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user), number=number)
    by, now = request.user.actor, timezone.now()
    address = reverse("admin:dock_inspection_of", args=[number])
    if request.POST.get("end"):
        for paired in PairedPhone.objects.filter(by=by, ended_at=None, receipt__line__rma=rma):
            phones.end(paired.ref, by=by, at=now)
        return redirect(address)
    receipt = get_object_or_404(Receipt, pk=row_id(request.POST.get("receipt", "")), line__rma=rma)
    try:
        paired, token = phones.pair(receipt.pk, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="pair_phone", subject=rma.stream, by=by, at=now)
        return render(request, "returns/dock/phone.html", {"rma": rma, "problem": str(why)}, status=409)
    context = {
        "rma": rma,
        "paired": paired,
        "receipt": receipt,
        "link": settings.PUBLIC_URL + reverse("portal:phone", args=[token]),
        "back": f"{address}?{urlencode({'piece': receipt.pk})}",
        "minutes": int(phones.PAIRED_FOR.total_seconds() // 60),
    }
    return render(request, "returns/dock/phone.html", context)


@require_safe
@may("inspect goods")
@never_cache
def station_photos(request: HttpRequest, number: str) -> HttpResponse:
    """The photos the dock has taken of a piece so far: a part of the page, asked for again and again."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user), number=number)
    found = of_station(rma, row_id(request.GET.get("receipt", "")) or 0)
    return render(request, "returns/dock/_photos_so_far.html", {"photos": found})


def of_station(rma: RMA, receipt: int) -> list[ReturnPhoto]:
    """What a phone added to this piece and no inspection has taken in yet."""
    found = ReturnPhoto.objects.filter(rma=rma, phone__receipt=receipt, outcome=None)
    return list(found.defer("content").order_by("pk"))
