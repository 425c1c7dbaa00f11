"""What the printed action codes and the buttons do: both send the same, so whoever has no script has the same keys."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID, uuid5

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import places
from inventory.models import Bin, Unit
from inventory.states import BinKind
from oms import outbox
from oms.identifiers import row_id
from oms.models import User
from oms.refusals import Refused
from oms.verbs import inside_a_verb
from returns import codes, lifecycle
from returns.action_codes import Action
from returns.found_states import FoundKind, FoundStatus
from returns.lifecycle import Arrived, Piece
from returns.lifecycle.late import lost_of, short_of
from returns.lifecycle.taking_back import TAKE_BACK_WITHIN
from returns.models import FoundGoods, Putaway, Receipt, ReturnLine, Reversal
from returns.refusals import NothingToTakeBack
from returns.states import ReceiptResult
from returns.views.dock import answers, counting, putting, station
from returns.views.dock.answers import Answer
from returns.views.dock.station import ECHO, Station, by_serial, say


def act(request: HttpRequest, table: Station, action: Action, token: UUID) -> HttpResponse:
    """Do what the code says about what lies on the table. Raises Refused."""
    if action is Action.UNDO:
        return _take_back(request, table, token)
    if action is Action.FOUND:
        about = request.POST.get("about", "")[:60]
        return redirect(reverse("admin:dock_found_new") + (f"?{urlencode({'code': about})}" if about else ""))
    if action is Action.NEXT:
        return redirect(reverse("admin:dock_scan"))
    if table.rma is None:
        words = Answer(_("Scan the parcel first"), _("This code says what to do with the return in hand."), "careful")
        return say(request, table, words, action.label, status=409)
    return _WITH_A_RETURN[action](request, table, uuid5(token, f"{table.rma.number}/{action.value}"))


def _accept(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    return counting.count_rest(request, table, ReceiptResult.RECEIVED, token, Action.ACCEPT.label)


def _missing(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    return counting.count_rest(request, table, ReceiptResult.SHORT, token, Action.MISSING.label)


def _inspect(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    return redirect(reverse("admin:dock_inspection_of", args=[table.rma.number]))


def _damaged(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    return redirect(reverse("admin:dock_inspection_of", args=[table.rma.number]) + "?condition=damaged")


def _another(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    code = _about(request)
    token = uuid5(token, code.casefold())
    if earlier := _earlier(table, token):
        return earlier
    line = _line(request, table)
    if line is None:
        return _which(request, table)
    pieces = [Arrived(line.pk, 1, ReceiptResult.WRONG_ITEM, came_as=code)]
    return counting.count_if_open(request, table, pieces, token, code or Action.ANOTHER.label)


def _mismatch(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    code = _about(request)
    token = uuid5(token, code.casefold())
    if earlier := _earlier(table, token):
        return earlier
    line = _line(request, table)
    if line is None:
        return _which(request, table)
    unit = _unit(code, table)
    by, now = request.user.actor, timezone.now()
    try:
        receipt = lifecycle.receive_mismatch(
            table.rma.number,
            line.pk,
            _aside(table),
            code=code,
            unit=unit,
            form_token=token,
            by=by,
            at=now,
            parcel_id=table.parcel.pk if table.parcel else None,
        )
    except Refused as why:
        outbox.record_refusal(why, verb="receive", subject=table.rma.stream, by=by, at=now)
        return say(request, table, answers.refused(why, _("Nothing was counted.")), code, status=422)
    return counting.counted(request, table, [receipt], code)


def _extra(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    line = _line(request, table)
    if line is None:
        return _which(request, table)
    about, sold = _about(request), line.order_line
    if line.outstanding == 0 and (late := lost_of(table.rma).get(line.pk)):
        return _put_aside(request, table, Piece(late, sold.product, sold.sku), FoundKind.LATE, token, line)
    kind = FoundKind.MISSED if line.outstanding == 0 and line.pk in short_of(table.rma) else FoundKind.EXTRA
    serial = about if by_serial(line) and about else sold.sku
    return _put_aside(request, table, Piece(1, sold.product, serial), kind, token, line)


def _beside(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    code = _about(request)
    if not code:
        return _which(request, table)
    found = codes.find(code)
    piece = Piece(1, found.products[0] if found.products else None, code)
    return _put_aside(request, table, piece, FoundKind.ANOTHER, token, None)


def _put_aside(
    request: HttpRequest, table: Station, piece: Piece, kind: FoundKind, token: UUID, line: ReturnLine | None
) -> HttpResponse:
    """Record it as found beside what was announced; read twice in a blink it is one piece."""
    by, now = request.user.actor, timezone.now()
    own = uuid5(token, f"{piece.code}/{line.pk if line else ''}")
    recent = FoundGoods.objects.filter(by=by, rma=table.rma, found_at__gt=now - ECHO).exclude(form_token=own)
    if recent.exists():
        words = Answer(_("Read twice, put aside once"), _("Is it another piece? Scan it again."), "careful")
        return say(request, table, words, piece.code, status=409)
    [found] = lifecycle.find_goods(
        [piece],
        table.rma.warehouse,
        _aside(table),
        kind=kind,
        rma_number=table.rma.number,
        line_id=line.pk if line else None,
        form_token=own,
        by=by,
        at=now,
    )
    station.note(request, piece.code, answers.recorded(found), step=f"found/{found.number}")
    return redirect(table.address(found=found.number))


# ── What it is about ──────────────────────────────────────────────────────────────────────────────────────────────


def _about(request: HttpRequest) -> str:
    """The code the station asked about last."""
    try:
        return codes.plain(request.POST.get("about", ""))[:60]
    except Refused:
        return ""


def _line(request: HttpRequest, table: Station) -> ReturnLine | None:
    """The line the button names, or the only one it can be."""
    named = request.POST.get("line", "")
    fitting = [line for line in table.lines if str(line.pk) == named]
    if fitting or not _about(request):
        return fitting[0] if fitting else None
    known = [line for line in table.lines if line.order_line.sku.casefold() == _about(request).casefold()]
    waiting = known or [line for line in table.lines if line.outstanding]
    return waiting[0] if len(waiting) == 1 else None


def _which(request: HttpRequest, table: Station) -> HttpResponse:
    words = Answer(_("Scan the piece first"), _("Then this code says what it is. Nothing was counted."), "careful")
    return say(request, table, words, _("action"), status=409)


def _unit(code: str, table: Station) -> Unit | None:
    try:
        return codes.find(code, table.lines).unit
    except Refused:
        return None


def _aside(table: Station) -> Bin:
    return places.bins_of(table.rma.warehouse)[BinKind.QUARANTINE]


def _earlier(table: Station, token: UUID) -> HttpResponse | None:
    """What this very page counted before."""
    receipt = Receipt.objects.filter(form_token=token, line__rma=table.rma).first()
    return redirect(table.address(receipt=receipt.pk)) if receipt else None


# ── Taking back ───────────────────────────────────────────────────────────────────────────────────────────────────


def _take_back(request: HttpRequest, table: Station, token: UUID) -> HttpResponse:
    """Take back the step that is named, or one's own last one. The same page sent again takes back no other."""
    by, now = request.user.actor, timezone.now()
    try:
        with transaction.atomic(), inside_a_verb():
            # One person's takings back wait for each other: each sees what the one before it took.
            User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
            done = _done(token, by, now)
            step = done or request.POST.get("step", "") or _last_step(by, now)
            if not done and _just_taken_back(by, now):
                words = Answer(_("Read twice, taken back once"), _("One more? Scan it again."), "careful")
                return say(request, table, words, Action.UNDO.label, status=409)
            address = _undo(step, table, token, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="take_back", subject=f"dock/{by}", by=by, at=now)
        told = answers.refused(why, _("Nothing was changed."))
        return say(request, table, told, Action.UNDO.label, status=409)
    station.forget_step(request, step)
    station.note(request, Action.UNDO.label, Answer(_("Taken back"), "", "careful"))
    return redirect(address)


def _just_taken_back(by: str, now: datetime) -> bool:
    if Reversal.objects.filter(by=by, reversed_at__gt=now - ECHO).exists():
        return True
    return Putaway.objects.filter(by=by, put_at__gt=now - ECHO).exclude(undoes=None).exists()


def _done(token: UUID, by: str, now: datetime) -> str:
    """The step this very page took back before."""
    if putaway := putting.taken_back(token, by, now):
        return f"putaway/{putaway}"
    if reversal := Reversal.objects.filter(form_token=token).first():
        return f"receipt/{reversal.receipt_id}"
    goods = FoundGoods.objects.filter(withdrawn_token=token).first()
    return f"found/{goods.number}" if goods else ""


def _last_step(by: str, now: datetime) -> str:
    """What this person did last, within the minute. Raises NothingToTakeBack."""
    since = now - TAKE_BACK_WITHIN
    receipt = Receipt.objects.filter(by=by, received_at__gte=since, is_reversed=False).order_by("-pk").first()
    found = FoundGoods.objects.filter(by=by, found_at__gte=since, status=FoundStatus.WAITING, receipt=None)
    goods, put = found.order_by("-pk").first(), putting.last_of(by, now)
    steps = [(one.received_at, f"receipt/{one.pk}") for one in [receipt] if one]
    steps += [(one.found_at, f"found/{one.number}") for one in [goods] if one]
    steps += [(one.put_at, f"putaway/{one.pk}") for one in [put] if one]
    if not steps:
        raise NothingToTakeBack
    return max(steps)[1]


def _undo(step: str, table: Station, token: UUID, *, by: str, at: datetime) -> str:
    """Take one step back; returns where to go on."""
    kind, _slash, which = step.partition("/")
    if kind == "found":
        goods = FoundGoods.objects.filter(number=which[:24]).first()
        if goods is None:
            raise NothingToTakeBack
        lifecycle.withdraw_goods(goods.number, form_token=token, by=by, at=at)
        return table.address(withdrawn=goods.number)
    row = row_id(which)
    if kind == "putaway":
        first = Putaway.objects.filter(pk=row, undoes=None).first()
        [put, *_more] = putting.take_back(first, token=token, by=by, at=at)
        return table.address(put=Putaway.objects.get(undoes=put).pk)
    receipt = Receipt.objects.filter(pk=row if kind == "receipt" else None).select_related("line__rma").first()
    if receipt is None:
        raise NothingToTakeBack
    rma = receipt.line.rma
    lifecycle.take_back(rma.number, receipt.pk, form_token=token, by=by, at=at)
    return Station(rma=rma, parcel=table.parcel if table.rma == rma else None).address(receipt=receipt.pk)


_WITH_A_RETURN: dict[Action, Callable[[HttpRequest, Station, UUID], HttpResponse]] = {
    Action.ACCEPT: _accept,
    Action.MISSING: _missing,
    Action.INSPECT: _inspect,
    Action.DAMAGED: _damaged,
    Action.ANOTHER: _another,
    Action.MISMATCH: _mismatch,
    Action.EXTRA: _extra,
    Action.BESIDE: _beside,
}
