"""Which numbered units of a return were taken back, and which stay with the customer after all.

Outcomes take the units of a return line in the order they were found, refused ones too: so an outcome stands for the
same units whenever it is asked.
"""

from collections.abc import Iterable, Iterator

from oms.models import Order
from oms.models.claims import Units
from oms.units import lowest, without
from returns.models import RMA, Outcome
from returns.states import Acceptance, HoldStatus, ReceiptResult, RefundAt, RMAStatus

LOOKED_AT = (RMAStatus.INSPECTED, RMAStatus.CLOSED)


def in_turn(units: Units, outcomes: Iterable[Outcome], skipped: int = 0) -> Iterator[tuple[Outcome, Units]]:
    """Each outcome with its units: the next ones of `units` after the first `skipped`."""
    for outcome in outcomes:
        yield outcome, after(units, skipped, outcome.quantity)
        skipped += outcome.quantity


def after(units: Units, skipped: int, quantity: int) -> Units:
    """The next `quantity` unit numbers after the first `skipped`."""
    upto, before = lowest(units, skipped + quantity), lowest(units, skipped)
    start = before[-1][1] if before else 0
    return tuple((max(first, start), last) for first, last in upto if last > start)


def is_taken(outcome: Outcome) -> bool:
    """Whether the goods are ours now: found as agreed, or the customer is content with less, or a dispute says so."""
    hold = getattr(outcome, "hold", None)
    if hold is None:
        return outcome.acceptance == Acceptance.ACCEPTED
    return hold.status in (HoldStatus.ACCEPTED, HoldStatus.OVERTURNED)


def not_taken(order: Order) -> dict[int, dict[int, Units]]:
    """Return → order line → announced units that were looked at, or never came, and were not taken back.

    Only of returns that are paid for what was found, once everything of them was looked at.
    """
    found: dict[int, dict[int, Units]] = {}
    looked_at = RMA.objects.filter(order=order, status__in=LOOKED_AT, refund_at=RefundAt.INSPECTION)
    for rma in looked_at.defer("quote", "decision"):
        outcomes: dict[int, list[Outcome]] = {}
        for outcome in Outcome.objects.filter(receipt__line__rma=rma).select_related("receipt", "hold").order_by("pk"):
            outcomes.setdefault(outcome.receipt.line_id, []).append(outcome)
        for line in rma.lines.select_related("claim").prefetch_related("receipts"):
            if line.claim is None:
                continue
            lost = sum(one.quantity for one in line.receipts.all() if one.result == ReceiptResult.LOST)
            left = lowest(line.claim.units, line.quantity - lost)  # what is lost took the last ones, and stays nowhere
            for outcome, units in in_turn(line.claim.units, outcomes.get(line.pk, ())):
                left = without(left, units) if is_taken(outcome) else left
            if left:
                found.setdefault(rma.pk, {})[line.order_line_id] = left
    return found
