"""Filters of the list of orders, written so that a page stays quick with a million of them."""

from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet

from oms.models import Customer, Order, OrderLine, Shipment
from oms.orders import with_status
from oms.states import OrderStatus, ShipmentStatus
from oms.views.words import Clock

COUNTED = 2_000  # beyond that a count is no longer worth its time: counting so many takes 10 ms in any shop

# What an order of such a status must have, mostly found by a small partial index; the status itself tells the rest.
_OPEN = OrderLine.objects.filter(quantity__gt=F("shipped") + F("canceled"))
_CAME_BACK = OrderLine.objects.filter(returned__gt=0)
_HINTS = {
    OrderStatus.PLACED: _OPEN,
    OrderStatus.PAID: _OPEN,
    OrderStatus.PART_SHIPPED: _OPEN,
    OrderStatus.DELIVERED: Shipment.objects.filter(status=ShipmentStatus.DELIVERED),
    OrderStatus.REFUSED: Shipment.objects.filter(status=ShipmentStatus.REFUSED),
    OrderStatus.PART_RETURNED: _CAME_BACK,
    OrderStatus.RETURNED: _CAME_BACK,
    OrderStatus.CANCELED: OrderLine.objects.filter(canceled__gt=0),
}


class BoundedPaginator(Paginator):
    """Counts to COUNTED and no further; `is_cut` says that there are more.

    With `whole`, rows are read by it, and for the page alone: pages passed over cost a number each, not a row.
    """

    def __init__(
        self, listed: QuerySet[Any], per_page: int, *, counted: QuerySet[Any], whole: QuerySet[Any] | None = None
    ) -> None:
        super().__init__(listed, per_page)
        self.counted, self.whole = counted, whole

    def _get_page(self, rows: QuerySet[Any], *page: Any) -> Page:
        if self.whole is not None:
            rows = self.whole.filter(pk__in=rows.values("pk"))
        return super()._get_page(rows, *page)

    @cached_property
    def _found(self) -> int:
        return self.counted.order_by()[: COUNTED + 1].count()

    @property
    def count(self) -> int:
        return min(self._found, COUNTED)

    @property
    def is_cut(self) -> bool:
        return self._found > COUNTED


def filtered(wanted: dict[str, Any], clock: Clock, *, sees_people: bool) -> QuerySet[Order]:
    """Return the orders the filters name; what they are sorted by is the caller's."""
    orders = Order.objects.all()
    if wanted["country"]:
        orders = orders.filter(country=wanted["country"])
    if wanted["since"]:
        orders = orders.filter(placed_at__gte=clock.start_of(wanted["since"]))
    if wanted["until"]:
        orders = orders.filter(placed_at__lt=clock.start_of(wanted["until"] + timedelta(days=1)))
    if words := wanted["q"].strip():
        orders = orders.filter(named(words, sees_people=sees_people))
    if status := wanted["status"]:
        hint = _HINTS.get(OrderStatus(status))
        if hint is not None:
            orders = orders.filter(pk__in=hint.values("order"))
        orders = with_status(orders).filter(status=status)
    return orders


def named(words: str, *, sees_people: bool) -> Q:
    """Orders with this number, tracking number or customer number; by e-mail and name only for who may see them."""
    words = words.replace("\0", "")
    parcels = Shipment.objects.filter(tracking_number=words).exclude(tracking_number="").values("order")
    people = Customer.objects.filter(external_id=words).exclude(external_id="")
    found = Q(number=words) | Q(number=words.upper()) | Q(pk__in=parcels) | Q(customer__in=people.values("pk"))
    if sees_people and "@" in words:
        found |= Q(customer__in=Customer.objects.with_email(words).values("pk"))
    elif sees_people:
        found |= Q(customer__in=Customer.objects.named(words).values("pk")) if any(map(str.isalpha, words)) else Q()
    return found
