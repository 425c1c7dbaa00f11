"""Parcels arrive at the dock: what is there is counted, what will not come is written off (p21)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from inventory import identities, ledger
from inventory.models import Unit
from oms import outbox
from oms.prepared import prepared
from oms.statemachine import CREATED
from oms.verbs import verb
from returns.lifecycle.dispatching import reach
from returns.lifecycle.locking import lines_of, lock, move, owe, owe_nothing
from returns.models import RMA, Receipt, ReturnLine
from returns.refusals import MoreThanAnnounced, NothingArrived, NothingExpected
from returns.states import (
    PARCEL_MACHINE,
    RECEPTION_MACHINE,
    ParcelStatus,
    ReceiptResult,
    RefundAt,
    ReleaseAt,
    RMAStatus,
)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Units of a return line that arrived, or surely will not (`short`, `lost`); `came_as` is the code on what came
    instead of the one sold, `lot` the one printed on what is."""

    line_id: int
    quantity: int
    result: ReceiptResult = ReceiptResult.RECEIVED
    unit: Unit | None = None
    came_as: str = ""
    lot: str = ""


@prepared
def _counted_with(form_token: UUID, rma: int) -> QuerySet[Receipt]:
    return Receipt.objects.filter(form_token=form_token, line__rma=rma)


@verb
def receive(
    number: str,
    pieces: Sequence[Arrived],
    *,
    form_token: UUID,
    by: str,
    at: datetime,
    parcel_id: int | None = None,
) -> list[Receipt]:
    """Count what arrived, also partly (p21: receiving pays nothing and accepts nothing).

    The same `form_token` again returns the receipts it made the first time. Raises NothingArrived, MoreThanAnnounced,
    NothingExpected, LotNotSold.
    """
    rma = lock(number)
    if earlier := _counted_with(form_token, rma.pk):
        return earlier
    if not rma.comes_back:
        raise NothingExpected
    lines = {line.pk: line for line in lines_of(rma)}
    _refuse_wrong_counts(lines, pieces)
    pieces = _together(pieces)
    receipts = Receipt.objects.bulk_create(
        Receipt(
            line=lines[one.line_id],
            parcel_id=parcel_id,
            unit=one.unit,
            quantity=one.quantity,
            result=one.result,
            came_as=one.came_as[:60],
            form_token=form_token,
            by=by,
            received_at=at,
        )
        for one in pieces
    )
    _count(lines, pieces)
    for one, receipt in zip(pieces, receipts, strict=True):
        if one.lot:
            sold = lines[one.line_id].order_line
            identities.take_lot_back(sold, one.lot, one.quantity, cause=f"receipt/{receipt.pk}", by=by, at=at)
    arrived = [one for one in pieces if one.result in ReceiptResult.arrived()]
    goods = [one for one in pieces if one.result == ReceiptResult.RECEIVED]
    gone = [one for one in pieces if one.result != ReceiptResult.RECEIVED]
    cause = f"receipt/{receipts[0].pk}"
    ledger.receive(rma.warehouse, _goods(lines, goods), _goods(lines, gone), cause=cause, by=by, at=at)
    complete = all(line.outstanding == 0 for line in lines.values())
    due = _after_receipt(rma, lines.values(), complete=complete, anything=bool(arrived), at=at)
    if parcel_id is not None:
        _arrive(rma, parcel_id, at)
    outbox.record(
        rma,
        "rma.received",
        by=by,
        at=at,
        changed=("status", "settlement", "received_at", "inspected_at"),
        parcel=parcel_id,
        receipts=[
            {"receipt": one.pk, "line": one.line_id, "quantity": one.quantity, "result": one.result} for one in receipts
        ],
        complete=complete,
        due=due,
    )
    if complete and goods:
        reach(rma, ReleaseAt.RECEIPT, by=by, at=at)
    return receipts


def _refuse_wrong_counts(lines: dict[int, ReturnLine], pieces: Sequence[Arrived]) -> None:
    if not pieces or any(one.quantity <= 0 for one in pieces) or any(one.line_id not in lines for one in pieces):
        raise NothingArrived
    for one in pieces:
        RECEPTION_MACHINE.check("receive", CREATED, one.result)
    for line in lines.values():
        asked = sum(one.quantity for one in pieces if one.line_id == line.pk)
        if asked > line.outstanding:
            raise MoreThanAnnounced(sku=line.order_line.sku, outstanding=line.outstanding, asked=asked)


def _together(pieces: Sequence[Arrived]) -> list[Arrived]:
    """The same thing named twice in one form is one receipt of both."""
    summed: dict[tuple[int, str, int | None, str], Arrived] = {}
    for one in pieces:
        key = (one.line_id, one.result, one.unit.pk if one.unit else None, one.lot)
        earlier = summed[key].quantity if key in summed else 0
        summed[key] = replace(one, quantity=one.quantity + earlier)
    return list(summed.values())


def _goods(lines: dict[int, ReturnLine], pieces: Sequence[Arrived]) -> list[ledger.Goods]:
    found = [(lines[one.line_id].order_line, one.quantity) for one in pieces]
    return [ledger.Goods(sold.product, quantity, sold.unit_cost) for sold, quantity in found if sold.product_id]


def _count(lines: dict[int, ReturnLine], pieces: Sequence[Arrived]) -> None:
    """In memory what the trigger does in the table."""
    for one in pieces:
        line = lines[one.line_id]
        if one.result in ReceiptResult.arrived():
            line.arrived += one.quantity
        else:
            line.missing += one.quantity


def _after_receipt(rma: RMA, lines: Iterable[ReturnLine], *, complete: bool, anything: bool, at: datetime) -> bool:
    """Return whether the money side has something to do: pay, or conclude."""
    due = False
    move(rma, "receive", RMAStatus.RECEIVED if complete else RMAStatus.RECEIVING)
    rma.received_at = rma.received_at or at
    if anything and rma.refund_at == RefundAt.RECEIPT:
        due = owe(rma)
    if complete and all(line.inspected == line.arrived for line in lines):
        move(rma, "inspect", RMAStatus.INSPECTED)  # nothing of it came, or all that came was looked at before
        rma.inspected_at = rma.inspected_at or at
        if not any(line.arrived for line in lines):
            owe_nothing(rma)
        due = True
    return due


def _arrive(rma: RMA, parcel_id: int, at: datetime) -> None:
    open_states = [status for status in ParcelStatus if PARCEL_MACHINE.allows("arrive", status)]
    rma.parcels.filter(pk=parcel_id, status__in=open_states).update(status=ParcelStatus.ARRIVED, arrived_at=at)
