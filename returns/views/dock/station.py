"""What lies on the table of the scan station, and the page that shows it: one field, one answer.

The return in hand is in the address, so two tabs never mix.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from inventory.models import Bin, Unit
from oms.identifiers import row_id
from oms.prepared import prepared
from oms.roles import allowed
from returns import photos
from returns.action_codes import Action, action_code
from returns.lifecycle.taking_back import TAKE_BACK_WITHIN
from returns.models import RMA, FoundGoods, Parcel, Putaway, Receipt, ReturnLine
from returns.parcels import PLAN, expected
from returns.states import ParcelStatus, ReceiptResult, RMAStatus
from returns.views.dock import answers, putting
from returns.views.dock.answers import Answer

# A trigger held too long reads a label twice. Two pieces never pass the scanner this fast.
ECHO = timedelta(milliseconds=300)
LOG_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """A way on from an answer: a button, and the action code that does the same."""

    action: Action
    label: str
    hint: str = ""
    line: int | None = None

    @property
    def code(self) -> str:
        return action_code(self.action)


def by_serial(line: ReturnLine) -> bool:
    """Whether every piece sold has a serial number on record: then each is known by it, not by its product (p40)."""
    return (line.serials or 0) >= line.order_line.quantity


@dataclass
class Station:
    """What lies on the table: the return in hand, its lines, the parcel it came in; or a bin to fill."""

    rma: RMA | None = None
    lines: list[ReturnLine] = field(default_factory=list)
    parcel: Parcel | None = None
    into: Bin | None = None  # scanned first: what was inspected goes straight in

    @classmethod
    def load(cls, number: str, parcel: str = "", into: str = "") -> "Station":
        found = _known(number) if _is_text(number) else []
        table = cls.of(found[0] if found else None, parcel)
        if table.rma is None and into:
            table.into = Bin.objects.select_related("warehouse").filter(pk=row_id(into)).first()
        return table

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
        elif self.into is not None:
            query["into"] = self.into.pk
        query |= more
        return reverse("admin:dock_scan") + (f"?{urlencode(query)}" if query else "")


@prepared
def _known(number: str) -> QuerySet[RMA]:
    return photos.with_photos(RMA.objects.select_related("warehouse")).filter(number=number)


@prepared
def _lines(rma: int) -> QuerySet[ReturnLine]:
    sold = Unit.objects.filter(sold_on=OuterRef("order_line")).exclude(serial="").order_by()
    serials = Subquery(sold.values("sold_on").annotate(count=Count("pk")).values("count"))
    related = ReturnLine.objects.select_related("order_line__product", "reason", "declared_condition")
    related = related.annotate(serials=serials)
    return related.filter(rma=rma).order_by("pk")


@prepared
def _parcels(rma: int) -> QuerySet[Parcel]:
    kept = Parcel.objects.filter(rma=rma).exclude(status=ParcelStatus.VOIDED).annotate(plan=PLAN)
    return kept.defer("label").order_by("pk")


# ── What it answers ───────────────────────────────────────────────────────────────────────────────────────────────


def opening(request: HttpRequest, station: Station) -> Answer:
    """What the page says when it is opened by its address."""
    if withdrawn := request.GET.get("withdrawn", ""):
        found = FoundGoods.objects.filter(number=withdrawn).first() if _is_text(withdrawn) else None
        if found is not None:
            return answers.withdrawn(found)
    if recorded := request.GET.get("found", ""):
        found = FoundGoods.objects.select_related("bin").filter(number=recorded).first() if _is_text(recorded) else None
        if found is not None:
            return answers.recorded(found)
    put = row_id(request.GET.get("put", ""))
    if put is not None and (first := Putaway.objects.filter(pk=put).first()):
        return answers.put_away(putting.together(first))
    if station.rma is None:
        if station.into is not None:
            return answers.filling(station.into)
        if request.GET.get("rma"):
            return Answer(_("No such return"), _("Scan the number on the parcel."), "bad")
        return Answer("")
    if (counted := row_id(request.GET.get("receipt", ""))) is not None:
        receipt = Receipt.objects.filter(pk=counted, line__rma=station.rma).first()
        if receipt is not None:
            told = answers.taken_back if receipt.is_reversed else answers.counted
            return told(receipt, station.rma, station.lines)
    return answers.about(station.rma, station.lines)


def say(
    request: HttpRequest,
    station: Station,
    answer: Answer,
    code: str,
    *,
    status: int = 200,
    choices: Sequence[Choice] = (),
    **context: Any,
) -> HttpResponse:
    """Answer with a page; what the choices are about goes with it, so that an action code knows it too."""
    note(request, code, answer)
    about = shown(code, most=60) if choices else ""
    return page(request, station, answer, status=status, choices=choices, about=about, **context)


def page(request: HttpRequest, station: Station, answer: Answer, *, status: int = 200, **context: Any) -> HttpResponse:
    rma = station.rma
    # The first of each line.
    pictures = {picture.line_id: picture for picture in reversed(photos.of(rma))} if rma is not None else {}
    now = timezone.now()
    log = [_entry(entry, now) for entry in _log(request)]
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
        "log": log,
        "last_step": next((entry for entry in log if entry["until"]), None),
        "actions": {action.name: action_code(action) for action in Action},
        "own_address": station.address(),
        "may_correct": allowed(request.user, "correct counts"),
        "results": ReceiptResult,
    }
    return render(request, "returns/dock/scan.html", context, status=status)


# ── The last scans ────────────────────────────────────────────────────────────────────────────────────────────────


def note(request: HttpRequest, code: str, answer: Answer, *, step: str = "") -> None:
    """Keep what was answered for the list of last scans; `step` names what can be taken back for a minute."""
    now = timezone.now()
    entry = {
        "code": shown(code),
        "words": answer.words,
        "meaning": answer.meaning,
        "at": now.isoformat(),
        "step": step,
    }
    request.session["scans"] = [entry, *_log(request)][:LOG_LENGTH]


def forget_step(request: HttpRequest, step: str) -> None:
    """It is taken back: the list offers it no more."""
    for entry in (log := _log(request)):
        if entry.get("step") == step:
            entry["step"] = ""
    request.session["scans"] = log


def _log(request: HttpRequest) -> list[dict[str, str]]:
    """The last scans of this person, newest first."""
    return request.session.get("scans", [])


def _entry(entry: dict[str, str], now: datetime) -> dict[str, Any]:
    at = parse_datetime(entry["at"]) or now
    until = at + TAKE_BACK_WITHIN
    return entry | {"at": at, "until": until if entry.get("step") and until > now else None}


def shown(code: str, most: int = 30) -> str:
    """A scanned text as the page shows it."""
    plain = "".join(sign for sign in str(code)[:60] if sign.isprintable()).strip()
    return plain[:most] or "–"


def token_of(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("form_token", ""))
    except ValueError:
        return None


def _is_text(text: str) -> bool:
    return bool(text) and len(text) <= 24 and text.isprintable()
