"""The scan station: one field, one answer. The return in hand is in the address, so two tabs never mix."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4, uuid5

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from oms import outbox
from oms.access import may
from oms.prepared import prepared
from oms.refusals import Refused
from returns import codes, lifecycle, photos
from returns.forms.dock import ArrivalForm, PageTokenField
from returns.lifecycle import Arrived
from returns.models import RMA, Parcel, Receipt, ReturnLine
from returns.parcels import PLAN, expected
from returns.states import ParcelStatus, ReceiptResult, RMAStatus
from returns.views.dock import answers
from returns.views.dock.answers import Answer

# A trigger held too long reads a label twice. Two pieces never pass the scanner this fast.
ECHO = timedelta(milliseconds=300)
LOG_LENGTH = 10


@dataclass
class Station:
    """What lies on the table: the return in hand, its lines, the parcel it came in."""

    rma: RMA | None = None
    lines: list[ReturnLine] = field(default_factory=list)
    parcel: Parcel | None = None

    @classmethod
    def load(cls, number: str, parcel: str = "") -> "Station":
        found = _known(number) if _is_text(number) else []
        return cls.of(found[0] if found else None, parcel)

    @classmethod
    def of(cls, rma: RMA | None, parcel: str = "") -> "Station":
        if rma is None:
            return cls()
        lines, parcels = _lines(rma.pk), _parcels(rma.pk)
        for one in (*lines, *parcels):
            one.rma = rma
        named = [one for one in parcels if str(one.pk) == parcel]
        return cls(rma, lines, named[0] if named else parcels[0] if len(parcels) == 1 else None)

    @cached_property
    def expected(self) -> dict[int, int]:
        """Line → pieces still to be counted: of the parcel on the table, where others bring the rest."""
        return expected(self.parcel, self.lines)

    @property
    def open(self) -> bool:
        return self.rma is not None and self.rma.status in RMAStatus.awaiting_goods()

    def address(self, **more: object) -> str:
        query: dict[str, object] = {}
        if self.rma is not None:
            query["rma"] = self.rma.number
            if self.parcel is not None:
                query["parcel"] = self.parcel.pk
        query |= more
        return reverse("admin:dock_scan") + (f"?{urlencode(query)}" if query else "")


@prepared
def _known(number: str) -> QuerySet[RMA]:
    return photos.with_photos(RMA.objects.select_related("warehouse")).filter(number=number)


@prepared
def _lines(rma: int) -> QuerySet[ReturnLine]:
    related = ReturnLine.objects.select_related("order_line__product", "reason", "declared_condition")
    return related.filter(rma=rma).order_by("pk")


@prepared
def _parcels(rma: int) -> QuerySet[Parcel]:
    kept = Parcel.objects.filter(rma=rma).exclude(status=ParcelStatus.VOIDED).annotate(plan=PLAN)
    return kept.defer("label").order_by("pk")


@require_http_methods(["GET", "HEAD", "POST"])
@may("receive parcels")
def scan(request: HttpRequest) -> HttpResponse:
    """Take one code, whatever it names. Answers 422 for a code that cannot be used, with nothing changed."""
    station = Station.load(request.GET.get("rma", ""), request.GET.get("parcel", ""))
    if request.method != "POST":
        return _page(request, station, _opening(request, station))
    token = _token(request)
    try:
        code = codes.plain(request.POST.get("code", ""))
        if token is None:
            raise codes.NothingScanned
        return _take(request, station, code, token)
    except Refused as why:
        following = _("%(rma)s is still open.") % {"rma": station.rma.number} if station.rma else _("Scan it again.")
        return _say(request, station, answers.refused(why, following), request.POST.get("code", ""), status=422)


def _take(request: HttpRequest, station: Station, code: str, token: UUID) -> HttpResponse:
    found = codes.find(code, station.lines)
    if found.rma is not None:
        opened = Station.of(found.rma, str(found.parcel.pk) if found.parcel else "")
        _note(request, code, answers.about(opened.rma, opened.lines))
        return redirect(opened.address())
    if station.rma is None:
        return _offer(request, station, found)
    if not found.lines:
        return _not_in_this_return(request, station, found)
    return _receive_one(request, station, found, uuid5(token, f"{station.rma.number}/{code.casefold()}"))


def _receive_one(request: HttpRequest, station: Station, found: codes.Found, token: UUID) -> HttpResponse:
    """Count one piece. The same page sent again, also at the same moment, counts it once."""
    mine, now = [line.pk for line in station.lines], timezone.now()
    if earlier := Receipt.objects.filter(form_token=token, line__in=mine).first():
        return redirect(station.address(receipt=earlier.pk))
    if not station.open:
        return _say(request, station, answers.about(station.rma, station.lines), found.code, status=409)
    # What this very page counts at this moment is no echo: `receive` answers it with the same receipt.
    others = Receipt.objects.exclude(form_token=token)
    if others.filter(line__in=found.lines, by=request.user.actor, received_at__gt=now - ECHO).exists():
        words = Answer(_("Read twice, counted once"), _("Is it another piece? Scan it again."), "careful")
        return _say(request, station, words, found.code, status=409)
    line = next((line for line in found.lines if line.outstanding), None)
    already = found.unit is not None and others.filter(unit=found.unit, line__in=mine).exists()
    if line is None or already:
        words = Answer(
            _("Already counted"),
            _("%(title)s: all that was announced is here. Nothing was counted.")
            % {"title": answers.title_of(found.lines[0])},
            "careful",
        )
        return _say(request, station, words, found.code, status=409)
    return _receive(request, station, [Arrived(line.pk, 1, unit=found.unit)], token, found.code)


@require_POST
@may("receive parcels")
def receipts(request: HttpRequest, number: str) -> HttpResponse:
    """Count by hand: some pieces of a line, everything that is left, or what will not come."""
    visible = RMA.objects.visible_to(request.user).select_related("warehouse")
    station = Station.of(get_object_or_404(visible, number=number), request.GET.get("parcel", ""))
    if request.POST.get("all"):
        token = _token(request)
        pieces = [Arrived(line, quantity) for line, quantity in station.expected.items() if quantity]
        label = _("everything")
        problem = None if token else str(PageTokenField().error_messages["required"])
    else:
        form = ArrivalForm(request.POST)
        problem = None if form.is_valid() else _first_problem(form)
        data = form.cleaned_data
        token, label = data.get("form_token"), _("by hand")
        if problem is None:
            pieces = [Arrived(data["line"], data["quantity"], ReceiptResult(data["result"]))]
    if problem is not None:
        return _say(request, station, Answer(problem, _("Nothing was counted."), "bad"), _("by hand"), status=422)
    if not station.open:
        if earlier := Receipt.objects.filter(form_token=token, line__rma=station.rma).first():
            return redirect(station.address(receipt=earlier.pk))
        return _say(request, station, answers.about(station.rma, station.lines), label, status=409)
    return _receive(request, station, pieces, token, label)


def _receive(request: HttpRequest, station: Station, pieces: Sequence[Arrived], token: UUID, code: str) -> HttpResponse:
    by, now = request.user.actor, timezone.now()
    parcel = station.parcel.pk if station.parcel else None
    try:
        made = lifecycle.receive(station.rma.number, pieces, parcel_id=parcel, form_token=token, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="receive", subject=station.rma.stream, by=by, at=now)
        return _say(request, station, answers.refused(why, _("Nothing was counted.")), code, status=422)
    counted = {one.line_id: one.line for one in made}
    lines = [counted.get(line.pk, line) for line in station.lines]
    _note(request, code, answers.counted(made[0], made[0].line.rma, lines))
    return redirect(station.address(receipt=made[0].pk))


# ── Without, or beside, the return in hand ────────────────────────────────────────────────────────────────────────


def _offer(request: HttpRequest, station: Station, found: codes.Found) -> HttpResponse:
    """A product or serial was scanned first: whose is it?"""
    lines = codes.expecting(found)
    title = found.products[0].title if found.products else found.code
    if not lines:
        words = Answer(
            _("Nobody announced this"), _("%(title)s: no open return waits for it.") % {"title": title}, "bad"
        )
        return _say(request, station, words, found.code, status=422)
    words = Answer(_("Whose is it?"), _("%(title)s: choose the return it came with.") % {"title": title}, "moving")
    return _say(request, station, words, found.code, offers=lines, scanned=found.code)


def _not_in_this_return(request: HttpRequest, station: Station, found: codes.Found) -> HttpResponse:
    title = found.products[0].title if found.products else found.code
    words = Answer(
        _("Not in this return"),
        _("%(title)s was not announced. If it came instead of something, press “Another item” below.")
        % {"title": title},
        "bad",
    )
    return _say(request, station, words, found.code, status=422)


# ── The page ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _opening(request: HttpRequest, station: Station) -> Answer:
    if station.rma is None:
        if request.GET.get("rma"):
            return Answer(_("No such return"), _("Scan the number on the parcel."), "bad")
        return Answer("")
    receipt_id = request.GET.get("receipt", "")
    if receipt_id.isdecimal() and len(receipt_id) < 19:
        receipt = Receipt.objects.filter(pk=int(receipt_id), line__rma=station.rma).first()
        if receipt is not None:
            return answers.counted(receipt, station.rma, station.lines)
    return answers.about(station.rma, station.lines)


def _say(
    request: HttpRequest, station: Station, answer: Answer, code: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    _note(request, code, answer)
    return _page(request, station, answer, status=status, **context)


def _page(request: HttpRequest, station: Station, answer: Answer, *, status: int = 200, **context: Any) -> HttpResponse:
    rma = station.rma
    # The first of each line.
    pictures = {picture.line_id: picture for picture in reversed(photos.of(rma))} if rma is not None else {}
    context |= {
        "title": _("Scan station"),
        "station": station,
        "rma": rma,
        "lines": [
            {
                "line": line,
                "title": answers.title_of(line),
                "picture": pictures.get(line.pk),
                "here": station.expected[line.pk],
            }
            for line in station.lines
        ],
        "in_several": station.parcel is not None and bool(station.parcel.plan),
        "left": sum(station.expected.values()),
        "to_inspect": sum(line.arrived - line.inspected for line in station.lines),
        "answer": answer,
        "form_token": uuid4(),
        "log": [entry | {"at": parse_datetime(entry["at"])} for entry in _log(request)],
        "own_address": station.address(),
        "results": ReceiptResult,
    }
    return render(request, "returns/dock/scan.html", context, status=status)


def _note(request: HttpRequest, code: str, answer: Answer) -> None:
    entry = {
        "code": codes_shown(code),
        "words": answer.words,
        "meaning": answer.meaning,
        "at": timezone.now().isoformat(),
    }
    request.session["scans"] = [entry, *_log(request)][:LOG_LENGTH]


def _log(request: HttpRequest) -> list[dict[str, str]]:
    """The last scans of this person, newest first."""
    return request.session.get("scans", [])


def codes_shown(code: str) -> str:
    """A scanned text as the log shows it."""
    shown = "".join(sign for sign in str(code)[:60] if sign.isprintable()).strip()
    return shown[:30] or "–"


def _token(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form_token", ""))
    except ValueError:
        return None


def _first_problem(form: ArrivalForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def _is_text(text: str) -> bool:
    return bool(text) and len(text) <= 24 and text.isprintable()
