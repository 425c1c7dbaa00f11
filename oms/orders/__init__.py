"""Orders: how their status follows from what happened, and the verbs that make it happen."""

from oms.orders.cancellation import cancel_lines
from oms.orders.creation import NewLine, NewPayment, capture, create
from oms.orders.payment import book_fee, charge_back, left_to_pay, pay
from oms.orders.refusals import (
    GoesOutForReturn,
    LineNotOfOrder,
    MoreThanOwed,
    NoLines,
    NothingToDeliver,
    NothingToShip,
    OrderMovedOn,
    OrderNumberTaken,
    QuantityNotPossible,
)
from oms.orders.status import OrderFacts, facts_of, status_of, with_status

__all__ = [
    "GoesOutForReturn",
    "LineNotOfOrder",
    "MoreThanOwed",
    "NewLine",
    "NewPayment",
    "NoLines",
    "NothingToDeliver",
    "NothingToShip",
    "OrderFacts",
    "OrderMovedOn",
    "OrderNumberTaken",
    "QuantityNotPossible",
    "book_fee",
    "cancel_lines",
    "capture",
    "charge_back",
    "create",
    "facts_of",
    "left_to_pay",
    "pay",
    "status_of",
    "with_status",
]
