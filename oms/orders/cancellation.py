"""Canceling what was not shipped: the money follows from the event."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from oms import outbox
from oms.models import Order, OrderLine, UnitClaim
from oms.orders.refusals import OrderMovedOn
from oms.orders.shipping import check_quantities, unshipped
from oms.units import claim_last


def cancel_lines(
    order_number: str, quantities: Mapping[int, int], reason: str, *, by: str, at: datetime, seen: int | None = None
) -> list[UnitClaim]:
    """Cancel `quantities` (order line id → units) of what was not shipped; return the claims that are owed back.

    The last free units of a line are claimed, so a refund of them is the same function as for returned units, and what
    was shipped keeps its numbers. `seen`: how many units of the order were neither shipped nor canceled on the page
    this was decided on. Raises OrderMovedOn when that is no longer so, NoLines, LineNotOfOrder, QuantityNotPossible,
    Order.DoesNotExist.
    """
    with transaction.atomic():
        order = Order.objects.for_update().get(number=order_number)
        lines = {line.pk: line for line in order.lines.all()}
        if seen is not None and seen != sum(map(unshipped, lines.values())):
            raise OrderMovedOn(number=order.number)
        check_quantities(order, lines, quantities)
        claims = []
        for pk, quantity in sorted(quantities.items()):
            claims.append(claim_last(lines[pk], quantity))
            OrderLine.objects.filter(pk=pk).update(canceled=F("canceled") + quantity)
        outbox.record(
            order, "order.lines_canceled", by=by, at=at,
            lines=[{"line": pk, "quantity": quantity} for pk, quantity in sorted(quantities.items())],
            reason=reason, claims=[claim.pk for claim in claims],
        )  # fmt: skip
        return claims
