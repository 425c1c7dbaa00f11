"""Goods that no line of a return stands for: recorded as found, in a bin, until a person says what they are (R64).

Nothing of it is stock, and nothing is paid, before it belongs to a return. Where a return is known its order is locked
first, then the row of what was found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from inventory.models import Bin, Unit, Warehouse
from inventory.states import BinKind
from oms import outbox
from oms.identifiers import new_number
from oms.models import Product
from oms.verbs import verb
from returns.found_states import FOUND_MACHINE, FoundKind, FoundStatus
from returns.lifecycle.locking import lines_of, lock
from returns.lifecycle.receiving import Arrived, receive
from returns.lifecycle.taking_back import TAKE_BACK_WITHIN, reverse
from returns.models import RMA, FoundGoods, Receipt, ReturnLine
from returns.refusals import (
    NotExpectedThere,
    NothingArrived,
    NotOffered,
    OtherKindOfBin,
    OtherWarehouse,
    TooLateToTakeBack,
)
from returns.states import PARCEL_MACHINE, RECEPTION_MACHINE, ParcelStatus, ReceiptResult

WAITS_IN = (BinKind.QUARANTINE, BinKind.HOLD, BinKind.DOCK)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some units of one product, or of whatever carries this code."""

    quantity: int
    product: Product | None = None
    code: str = ""


@verb
def find_goods(
    pieces: Sequence[Piece],
    warehouse: Warehouse,
    place: Bin,
    *,
    form_token: UUID,
    by: str,
    at: datetime,
    kind: FoundKind = FoundKind.BLIND,
    rma_number: str = "",
    line_id: int | None = None,
    tracking_number: str = "",
    hints: str = "",
) -> list[FoundGoods]:
    """Record goods nobody announced: of a parcel without a return, or beside those of `rma_number`.

    The same `form_token` again gives what it recorded the first time. Raises NothingArrived, OtherWarehouse,
    OtherKindOfBin.
    """
    rma = lock(rma_number) if rma_number else None
    if earlier := list(FoundGoods.objects.filter(form_token=form_token).order_by("position")):
        return earlier
    if not pieces or any(one.quantity <= 0 for one in pieces):
        raise NothingArrived
    check_bin(place, warehouse)
    FOUND_MACHINE.check("find", "", FoundStatus.WAITING)
    made = []
    for position, one in enumerate(pieces):
        found = FoundGoods(
            number=new_number("F"),
            kind=kind,
            status=FoundStatus.WAITING,
            warehouse=warehouse,
            bin=place,
            product=one.product,
            code=one.code[:60],
            quantity=one.quantity,
            rma=rma,
            line_id=line_id,
            tracking_number=tracking_number[:60],
            hints=hints,
            form_token=form_token,
            position=position,
            by=by,
            found_at=at,
        )
        _record(found, rma, by=by, at=at)
        made.append(found)
    return made


def check_bin(place: Bin, warehouse: Warehouse) -> None:
    if place.warehouse_id != warehouse.pk:
        raise OtherWarehouse(bin=place.code)
    if place.kind not in WAITS_IN:
        waits = BinKind.QUARANTINE.label
        raise OtherKindOfBin(bin=place.code, is_for=place.get_kind_display(), goods=waits)


@verb
def receive_mismatch(
    number: str,
    line_id: int,
    place: Bin,
    *,
    code: str,
    form_token: UUID,
    by: str,
    at: datetime,
    unit: Unit | None = None,
    parcel_id: int | None = None,
) -> Receipt:
    """One unit came with a serial or lot that is not the one sold: counted as that, and put before a person (p40).

    Nothing of it becomes stock and nothing is paid until somebody has decided.
    """
    rma = lock(number)
    piece = Arrived(line_id, 1, ReceiptResult.MISMATCH, unit=unit, came_as=code)
    [receipt] = receive(number, [piece], form_token=form_token, by=by, at=at, parcel_id=parcel_id)
    if FoundGoods.objects.filter(form_token=form_token).exists():
        return receipt
    check_bin(place, rma.warehouse)
    FOUND_MACHINE.check("find", "", FoundStatus.WAITING)
    found = FoundGoods(
        number=new_number("F"),
        kind=FoundKind.MISMATCH,
        status=FoundStatus.WAITING,
        warehouse=rma.warehouse,
        bin=place,
        product=unit.product if unit else receipt.line.order_line.product,
        code=code[:60],
        quantity=1,
        rma=rma,
        line_id=line_id,
        receipt=receipt,
        form_token=form_token,
        by=by,
        found_at=at,
    )
    _record(found, rma, by=by, at=at)
    return receipt


def _record(found: FoundGoods, rma: RMA | None, *, by: str, at: datetime) -> None:
    if rma is not None:
        found.correlation = rma.correlation
    outbox.record(
        found,
        "goods.found",
        by=by,
        at=at,
        kind=found.kind,
        quantity=found.quantity,
        bin=found.bin_id,
        rma=rma.number if rma else None,
        receipt=found.receipt_id,
    )


# ── A person decides ──────────────────────────────────────────────────────────────────────────────────────────────


@verb
def match_goods(number: str, rma_number: str, *, by: str, at: datetime, line_id: int | None = None) -> FoundGoods:
    """These goods belong to this return: they are counted there as received. Of a mismatch: it is the one sold after
    all, our record was wrong. Asked again it stays as it was. Raises NotExpectedThere, RMA.DoesNotExist."""
    rma = lock(rma_number)
    found = locked_goods(number)
    if found.status == FoundStatus.MATCHED:
        return found
    FOUND_MACHINE.check("match", found.status, FoundStatus.MATCHED)
    lines = {line.pk: line for line in lines_of(rma)}
    token = uuid5(found.form_token, f"match/{found.number}")
    if found.receipt_id is None:
        pieces = _pieces(found, rma, lines, line_id)
    else:
        pieces = _counted_anew(found, rma, lines, token, by=by, at=at)
    receipts = receive(rma.number, pieces, form_token=token, by=by, at=at)
    _no_label_needed(rma, lines.values())
    found.rma, found.line_id = rma, pieces[0].line_id
    _decide(found, FoundStatus.MATCHED, at)
    outbox.record(
        found,
        "goods.matched",
        by=by,
        at=at,
        changed=("status", "decided_at", "rma", "line"),
        rma=rma.number,
        receipts=[one.pk for one in receipts],
    )
    return found


def _no_label_needed(rma: RMA, lines: Iterable[ReturnLine]) -> None:
    """Where all of it is here already, no label is bought any more."""
    PARCEL_MACHINE.check("void", ParcelStatus.WANTED, ParcelStatus.VOIDED)
    if sum(line.outstanding for line in lines) == 0:
        rma.parcels.filter(status=ParcelStatus.WANTED).update(status=ParcelStatus.VOIDED)


def _pieces(found: FoundGoods, rma: RMA, lines: dict[int, ReturnLine], line_id: int | None) -> list[Arrived]:
    """The lines that wait for these goods, the first asked first."""
    fitting = [line for line in lines.values() if line.outstanding and _fits(found, line, line_id)]
    left = sum(line.outstanding for line in fitting)
    if left < found.quantity:
        raise NotExpectedThere(rma=rma.number, left=left, asked=found.quantity)
    pieces, wanted = [], found.quantity
    for line in fitting:
        taken = min(wanted, line.outstanding)
        if taken:
            pieces.append(Arrived(line.pk, taken))
            line.arrived += taken
        wanted -= taken
    return pieces


def _fits(found: FoundGoods, line: ReturnLine, line_id: int | None) -> bool:
    if line_id is not None:
        return line.pk == line_id
    return found.product_id is not None and line.order_line.product_id == found.product_id


def _counted_anew(
    found: FoundGoods, rma: RMA, lines: dict[int, ReturnLine], token: UUID, *, by: str, at: datetime
) -> list[Arrived]:
    """The receipt as “not the one sold” is taken back; what it counted is received."""
    receipt = found.receipt
    if receipt is None or found.rma_id != rma.pk:
        raise NotOffered
    RECEPTION_MACHINE.check("match", receipt.result, ReceiptResult.RECEIVED)
    reverse(rma, [receipt], lines, form_token=token, reason="it is the one sold", by=by, at=at)
    outbox.record(
        rma,
        "rma.receipts_taken_back",
        by=by,
        at=at,
        changed=("status", "received_at"),
        receipts=[receipt.pk],
        status=rma.status,
        reason="it is the one sold",
    )
    return [Arrived(receipt.line_id, receipt.quantity)]


@verb
def keep_goods(number: str, *, by: str, at: datetime) -> FoundGoods:
    """Nobody knows whose these are: they stay in their bin, and can still be matched."""
    return _only_decide(locked_goods(number), "keep", FoundStatus.KEPT, "goods.kept", by=by, at=at)


@verb
def refuse_goods(number: str, *, by: str, at: datetime) -> FoundGoods:
    """It is not the one sold: inspection goes on, and can only refuse it."""
    found = locked_goods(number)
    if found.receipt_id is None:
        raise NotOffered
    return _only_decide(found, "refuse", FoundStatus.REFUSED, "goods.refused", by=by, at=at)


@verb
def send_goods_back(number: str, *, by: str, at: datetime) -> FoundGoods:
    """They go back to whoever sent them. Of a mismatch the customer decides, after inspection."""
    found = locked_goods(number)
    if found.receipt_id is not None:
        raise NotOffered
    return _only_decide(found, "send_back", FoundStatus.SENT_BACK, "goods.sent_back", by=by, at=at)


@verb
def withdraw_goods(number: str, *, form_token: UUID, by: str, at: datetime) -> FoundGoods:
    """It was recorded by mistake, within the minute; a mismatch is taken back with its receipt.

    Raises TooLateToTakeBack.
    """
    found = locked_goods(number)
    if found.receipt_id is not None:
        raise NotOffered
    if found.status != FoundStatus.WITHDRAWN and at > found.found_at + TAKE_BACK_WITHIN:
        raise TooLateToTakeBack
    found.withdrawn_token = form_token
    return _only_decide(found, "withdraw", FoundStatus.WITHDRAWN, "goods.withdrawn", by=by, at=at)


def _only_decide(found: FoundGoods, name: str, target: FoundStatus, event: str, *, by: str, at: datetime) -> FoundGoods:
    if found.status == target:
        return found
    FOUND_MACHINE.check(name, found.status, target)
    _decide(found, target, at)
    outbox.record(found, event, by=by, at=at, changed=("status", "decided_at", "withdrawn_token"))
    return found


def _decide(found: FoundGoods, target: FoundStatus, at: datetime) -> None:
    found.status = target
    found.decided_at = at


def locked_goods(number: str) -> FoundGoods:
    """Raises FoundGoods.DoesNotExist."""
    rows = FoundGoods.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("receipt__line", "line__order_line__product", "rma", "bin", "warehouse").get(
        number=number
    )
