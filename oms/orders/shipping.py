"""What of an order can still be sent."""

from collections.abc import Mapping

from oms.models import Order, OrderLine
from oms.orders.refusals import LineNotOfOrder, NoLines, QuantityNotPossible


def unshipped(line: OrderLine) -> int:
    """Return how many units of a line are neither shipped nor canceled."""
    return line.quantity - line.shipped - line.canceled


def check_quantities(order: Order, known: Mapping[int, OrderLine], wanted: Mapping[int, int]) -> None:
    """Refuse what is not of this order, not positive, or more than is still here."""
    if not wanted:
        raise NoLines
    for pk, quantity in wanted.items():
        if pk not in known:
            raise LineNotOfOrder(line=pk, number=order.number)
        if not 0 < quantity <= unshipped(known[pk]):
            raise QuantityNotPossible(sku=known[pk].sku, asked=quantity, left=unshipped(known[pk]))
