"""Sending an order out, and what the carrier says of it."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from oms import outbox
from oms.models import Order, OrderLine, Shipment, ShipmentLine
from oms.orders.refusals import LineNotOfOrder, NoLines, NothingToDeliver, NothingToShip, QuantityNotPossible
from oms.states import ShipmentStatus


def ship(
    order_number: str,
    lines: Mapping[int, int] | None = None,
    carrier: str = "",
    tracking: str = "",
    *,
    by: str,
    at: datetime,
) -> Shipment:
    """Send `lines` (order line id → quantity) on their way; None is everything not yet shipped or canceled.

    Raises NothingToShip, LineNotOfOrder, QuantityNotPossible, Order.DoesNotExist.
    """
    with transaction.atomic():
        order = Order.objects.for_update().get(number=order_number)
        open_lines = {line.pk: line for line in order.lines.all()}
        if lines is None:
            lines = {pk: left for pk, line in open_lines.items() if (left := unshipped(line))}
            if not lines:
                raise NothingToShip(number=order.number)
        check_quantities(order, open_lines, lines)
        shipment = Shipment.objects.create(order=order, carrier=carrier, tracking_number=tracking, shipped_at=at)
        ShipmentLine.objects.bulk_create(
            ShipmentLine(shipment=shipment, order_line_id=pk, quantity=quantity) for pk, quantity in lines.items()
        )
        for pk, quantity in sorted(lines.items()):
            OrderLine.objects.filter(pk=pk).update(shipped=F("shipped") + quantity)
        outbox.record(
            order, "order.shipped", by=by, at=at,
            shipment=shipment.pk, lines=[{"line": pk, "quantity": quantity} for pk, quantity in lines.items()],
        )  # fmt: skip
        return shipment


def deliver(order_number: str, tracking: str | None = None, *, by: str, at: datetime) -> Shipment:
    """Note that a parcel arrived; without a tracking number the oldest on its way. Again is harmless.

    Raises NothingToDeliver, Order.DoesNotExist.
    """
    return _arrive(order_number, tracking, ShipmentStatus.DELIVERED, by=by, at=at)


def refuse_delivery(order_number: str, tracking: str | None = None, *, by: str, at: datetime) -> Shipment:
    """Note that the customer did not take a parcel, so that it comes back. Again is harmless.

    Raises NothingToDeliver, Order.DoesNotExist.
    """
    return _arrive(order_number, tracking, ShipmentStatus.REFUSED, by=by, at=at)


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


def _arrive(order_number: str, tracking: str | None, status: ShipmentStatus, *, by: str, at: datetime) -> Shipment:
    with transaction.atomic():
        order = Order.objects.for_update().get(number=order_number)
        parcels = order.shipments.filter(status__in=(ShipmentStatus.SHIPPED, status)).order_by("pk")
        if tracking is not None:
            parcels = parcels.filter(tracking_number=tracking)
        waiting = [parcel for parcel in parcels if parcel.status == ShipmentStatus.SHIPPED]
        if not waiting:
            if parcels:
                return parcels[0]  # said before
            raise NothingToDeliver(number=order.number, tracking=tracking or "")
        shipment = waiting[0]
        shipment.status = status
        name = "order.refused"
        if status == ShipmentStatus.DELIVERED:
            name, shipment.delivered_at = "order.delivered", at
        shipment.save(update_fields=["status", "delivered_at"])
        outbox.record(order, name, by=by, at=at, shipment=shipment.pk)
        return shipment
