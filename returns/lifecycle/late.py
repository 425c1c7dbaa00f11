"""A parcel that was paid as lost arrives after all: the money stays where it is, and the goods are ours (p45)."""

from datetime import datetime

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
from returns.lifecycle.locking import lock
from returns.models import RMA, FoundGoods, ParcelCase, Receipt
from returns.refusals import NotOffered
from returns.states import ReceiptResult


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
