"""An order's status: never stored, always derived from quantities, money and parcels by one table.

`status_of` is the table for one order; `with_status` is the same table in SQL, for lists. A test holds them equal.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.models import QuerySet

from oms.models import Order, OrderLine, Payment, Shipment
from oms.states import OrderStatus, ShipmentStatus


@dataclass(frozen=True)
class OrderFacts:
    """What the status depends on: sums over the lines, whether all of it is paid, and parcels by where they are."""

    units: int
    shipped: int = 0
    canceled: int = 0
    returned: int = 0
    is_paid: bool = False
    moving: int = 0
    delivered: int = 0
    refused: int = 0


def status_of(order: OrderFacts) -> OrderStatus:
    """Return the first status whose row fits; what came back outranks where parcels are.

    1 canceled: no unit is left. 2 returned: every unit that was not canceled came back. 3 part returned: some did.
    4 placed and 5 paid: nothing shipped yet. 6 refused: no parcel was taken, and none is on its way. 7 part shipped:
    some units are still here. 8 delivered: a parcel arrived, and none is on its way. 9 shipped: all else.
    """
    kept = order.units - order.canceled
    rows = (
        (kept <= 0, OrderStatus.CANCELED),
        (order.returned >= kept, OrderStatus.RETURNED),
        (order.returned > 0, OrderStatus.PART_RETURNED),
        (order.shipped == 0 and not order.is_paid, OrderStatus.PLACED),
        (order.shipped == 0, OrderStatus.PAID),
        (order.refused > 0 and order.delivered == 0 and order.moving == 0, OrderStatus.REFUSED),
        (order.shipped < kept, OrderStatus.PART_SHIPPED),
        (order.delivered > 0 and order.moving == 0, OrderStatus.DELIVERED),
        (True, OrderStatus.SHIPPED),
    )
    return next(status for fits, status in rows if fits)


def facts_of(
    order: Order, lines: Iterable[OrderLine], payments: Iterable[Payment], shipments: Iterable[Shipment]
) -> OrderFacts:
    """Sum up rows that are loaded already: no statement."""
    lines, parcels = list(lines), [shipment.status for shipment in shipments]
    return OrderFacts(
        units=sum(line.quantity for line in lines),
        shipped=sum(line.shipped for line in lines),
        canceled=sum(line.canceled for line in lines),
        returned=sum(line.returned for line in lines),
        is_paid=sum(payment.captured for payment in payments) >= order.total,
        moving=parcels.count(ShipmentStatus.SHIPPED),
        delivered=parcels.count(ShipmentStatus.DELIVERED),
        refused=parcels.count(ShipmentStatus.REFUSED),
    )


class StatusInSQL(models.Func):
    """The table of `status_of` as one expression over the order's id and total."""

    arity = 2
    output_field = models.CharField()
    template = f"""(
        SELECT CASE
            WHEN l.kept <= 0 THEN '{OrderStatus.CANCELED}'
            WHEN l.returned >= l.kept THEN '{OrderStatus.RETURNED}'
            WHEN l.returned > 0 THEN '{OrderStatus.PART_RETURNED}'
            WHEN l.shipped = 0 AND NOT p.is_paid THEN '{OrderStatus.PLACED}'
            WHEN l.shipped = 0 THEN '{OrderStatus.PAID}'
            WHEN s.refused > 0 AND s.delivered = 0 AND s.moving = 0 THEN '{OrderStatus.REFUSED}'
            WHEN l.shipped < l.kept THEN '{OrderStatus.PART_SHIPPED}'
            WHEN s.delivered > 0 AND s.moving = 0 THEN '{OrderStatus.DELIVERED}'
            ELSE '{OrderStatus.SHIPPED}' END
        FROM (VALUES (%(expressions)s)) AS o (id, total)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(quantity - canceled), 0) AS kept, coalesce(sum(shipped), 0) AS shipped,
                   coalesce(sum(returned), 0) AS returned
              FROM oms_orderline WHERE order_id = o.id) AS l
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(captured), 0) >= o.total AS is_paid
              FROM oms_payment WHERE order_id = o.id) AS p
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE status = '{ShipmentStatus.SHIPPED}') AS moving,
                   count(*) FILTER (WHERE status = '{ShipmentStatus.DELIVERED}') AS delivered,
                   count(*) FILTER (WHERE status = '{ShipmentStatus.REFUSED}') AS refused
              FROM oms_shipment WHERE order_id = o.id) AS s
    )"""  # noqa: S608 - nothing in it but states


def with_status(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Annotate each order with `status`; filter on it like on a column."""
    return orders.annotate(status=StatusInSQL("pk", "total"))


# How a status looks on a badge (templates/components/status_badge.html).
MEANINGS = {
    OrderStatus.PLACED: "waiting",
    OrderStatus.PAID: "waiting",
    OrderStatus.PART_SHIPPED: "moving",
    OrderStatus.SHIPPED: "moving",
    OrderStatus.DELIVERED: "good",
    OrderStatus.REFUSED: "bad",
    OrderStatus.PART_RETURNED: "careful",
    OrderStatus.RETURNED: "careful",
    OrderStatus.CANCELED: "",
}
