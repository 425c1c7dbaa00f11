"""What nobody expected any more is here after all. Paid as lost: the money stays where it is, and the goods are ours
(p45). Counted as missing: the count is corrected, and inspection pays what is still owed."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid5

from django.db.models import QuerySet

from inventory import ledger, trading
from inventory.models import Condition, Unit
from inventory.places import bins_of
from inventory.states import Disposition
from inventory.trading import Readmitted
from oms import outbox
from oms.verbs import verb
from returns.case_states import CaseDecision
from returns.found_states import FOUND_MACHINE, FoundKind, FoundStatus
from returns.lifecycle.finding import locked_goods
from returns.lifecycle.locking import lines_of, lock, move
from returns.lifecycle.receiving import Arrived, receive
from returns.lifecycle.taking_back import reverse
from returns.models import RMA, FoundGoods, ParcelCase, Receipt
from returns.refusals import NotExpectedThere, NotOffered
from returns.states import ReceiptResult, RMAStatus


def lost_of(rma: RMA) -> dict[int, int]:
    """Return line → units paid as lost that did not lie here since."""
    gone: dict[int, int] = {}
    paid = ParcelCase.objects.filter(rma=rma, decision=CaseDecision.REFUND).values("ref")
    lost = Receipt.objects.filter(line__rma=rma, result=ReceiptResult.LOST, is_reversed=False, form_token__in=paid)
    for line, quantity in lost.values_list("line", "quantity"):
        gone[line] = gone.get(line, 0) + quantity
    here = FoundGoods.objects.filter(line__in=gone, kind=FoundKind.LATE).exclude(status=FoundStatus.WITHDRAWN)
    for line, quantity in here.values_list("line", "quantity"):
        gone[line] -= quantity
    return {line: quantity for line, quantity in gone.items() if quantity > 0}


def short_of(rma: RMA) -> dict[int, int]:
    """Return line → units counted as missing that do not lie here."""
    missing = _short(rma.lines.values_list("pk", flat=True)).values_list("line", "quantity")
    gone: dict[int, int] = {}
    for line, quantity in missing:
        gone[line] = gone.get(line, 0) + quantity
    here = FoundGoods.objects.filter(line__in=gone, kind=FoundKind.MISSED, status__in=FoundStatus.open())
    for line, quantity in here.values_list("line", "quantity"):
        gone[line] -= quantity
    return {line: quantity for line, quantity in gone.items() if quantity > 0}


def _short(lines: Iterable[int]) -> QuerySet[Receipt]:
    return Receipt.objects.filter(line__in=lines, result=ReceiptResult.SHORT, is_reversed=False).order_by("pk")


@verb
def count_after_all(number: str, *, by: str, at: datetime) -> FoundGoods:
    """What was counted as missing is received now, also of a closed return: it waits for inspection, and what it pays
    is owed once. Again changes nothing. Raises NotOffered, NotExpectedThere."""
    known = FoundGoods.objects.select_related("rma").get(number=number)
    if known.kind != FoundKind.MISSED or known.rma is None or known.line_id is None:
        raise NotOffered
    rma = lock(known.rma.number)
    found = locked_goods(number)
    if found.status == FoundStatus.MATCHED:
        return found
    FOUND_MACHINE.check("correct", found.status, FoundStatus.MATCHED)
    taken, covered = [], 0
    for receipt in _short([known.line_id]):
        if covered < found.quantity:
            taken.append(receipt)
            covered += receipt.quantity
    if covered < found.quantity:
        raise NotExpectedThere(rma=rma.number, left=covered, asked=found.quantity)
    lines, token = {line.pk: line for line in lines_of(rma)}, uuid5(found.form_token, f"recount/{found.number}")
    move(rma, "recount", RMAStatus.RECEIVING)
    rma.inspected_at = rma.closed_at = None
    reverse(rma, taken, lines, form_token=token, reason="it turned up", by=by, at=at)
    outbox.record(
        rma, "rma.receipts_taken_back", by=by, at=at, changed=("status", "received_at", "inspected_at", "closed_at"),
        receipts=[one.pk for one in taken], status=rma.status, reason="it turned up",
    )  # fmt: skip
    sold_on = lines[known.line_id].order_line_id
    unit = Unit.objects.filter(serial=found.code, sold_on=sold_on).first() if found.code and covered == 1 else None
    pieces = [Arrived(known.line_id, found.quantity, unit=unit)]
    if covered > found.quantity:
        pieces.append(Arrived(known.line_id, covered - found.quantity, ReceiptResult.SHORT))
    receipts = receive(rma.number, pieces, form_token=token, by=by, at=at)
    found.status, found.decided_at = FoundStatus.MATCHED, at
    outbox.record(
        found, "goods.matched", by=by, at=at, changed=("status", "decided_at"),
        rma=rma.number, receipts=[one.pk for one in receipts],
    )  # fmt: skip
    return found


@verb
def take_goods_in(number: str, *, condition: str, by: str, at: datetime) -> FoundGoods:
    """What was paid as lost becomes stock where its condition says, at the cost it left with, under a number of its
    own. Nobody is paid. Again changes nothing. Raises NotOffered, Condition.DoesNotExist."""
    known = FoundGoods.objects.select_related("rma").get(number=number)
    if known.kind != FoundKind.LATE or known.rma is None:
        raise NotOffered
    rma = lock(known.rma.number)
    found = locked_goods(number)
    if found.status == FoundStatus.TAKEN_IN:
        return found
    FOUND_MACHINE.check("take_in", found.status, FoundStatus.TAKEN_IN)
    seen = Condition.objects.get(code=condition)
    assert found.line is not None
    line, disposition = found.line.order_line, Disposition(seen.disposition)
    if line.product is not None:
        cause, target = f"found/{found.number}", ledger.LANDS_IN[disposition]
        goods = ledger.Goods(line.product, found.quantity, line.unit_cost)
        ledger.take_in(found.warehouse, goods, target, cause=cause, by=by, at=at)
        trading.readmit([Readmitted(line, found.quantity, seen.grade, disposition, cause)], rma.order, at=at)
        place = bins_of(found.warehouse)[target]
        Unit.objects.create(product=line.product, quantity=found.quantity, sold_on=line, bin=place, created_at=at)
    found.status, found.decided_at = FoundStatus.TAKEN_IN, at
    outbox.record(
        found, "goods.taken_in", by=by, at=at, changed=("status", "decided_at"), rma=rma.number,
        quantity=found.quantity, condition=seen.code, disposition=disposition.value,
    )  # fmt: skip
    return found
