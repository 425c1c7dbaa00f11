"""Sending an order out, and what becomes of the parcel: delivered, refused, lost and perhaps found again."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F

from oms import outbox
from oms.models import Order, OrderLine, Shipment, ShipmentLine
from oms.orders.refusals import NothingToDeliver, NothingToShip
from oms.orders.shipping import check_quantities, unshipped
from oms.states import SHIPMENT_MACHINE, ShipmentStatus
from oms.verbs import verb

EVENT_OF = {
    ShipmentStatus.DELIVERED: "order.delivered",
    ShipmentStatus.REFUSED: "order.refused",
    ShipmentStatus.LOST: "order.lost",
}


@verb
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
    order = Order.objects.for_update().get(number=order_number)
    open_lines = {line.pk: line for line in order.lines.all()}
    if lines is None:
        lines = {pk: left for pk, line in open_lines.items() if (left := unshipped(line))}
        if not lines:
            raise NothingToShip(number=order.number)
    check_quantities(order, open_lines, lines)
    SHIPMENT_MACHINE.check("ship", "", ShipmentStatus.SHIPPED)
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


@verb
def deliver(order_number: str, tracking: str | None = None, *, by: str, at: datetime) -> Shipment:
    """Note that a parcel arrived; without a tracking number the oldest on its way. Again is harmless.

    Raises NothingToDeliver, Order.DoesNotExist.
    """
    return _arrive("deliver", order_number, tracking, ShipmentStatus.DELIVERED, by=by, at=at)


@verb
def refuse_delivery(order_number: str, tracking: str | None = None, *, by: str, at: datetime) -> Shipment:
    """Note that the customer did not take a parcel, or could not be found, so that it comes back. Again is harmless.

    Raises NothingToDeliver, Order.DoesNotExist.
    """
    return _arrive("refuse", order_number, tracking, ShipmentStatus.REFUSED, by=by, at=at)


@verb
def lose(order_number: str, tracking: str | None = None, *, by: str, at: datetime) -> Shipment:
    """Note that the carrier cannot find a parcel; it may still turn up. Again is harmless.

    Raises NothingToDeliver, Order.DoesNotExist.
    """
    return _arrive("lose", order_number, tracking, ShipmentStatus.LOST, by=by, at=at)


def note_asked(shipment_id: int, *, at: datetime) -> None:
    """The carrier was asked where this parcel is: others come first the next time."""
    Shipment.objects.filter(pk=shipment_id).update(asked_at=at)


def _arrive(
    verb: str, order_number: str, tracking: str | None, status: ShipmentStatus, *, by: str, at: datetime
) -> Shipment:
    order = Order.objects.for_update().get(number=order_number)
    parcels = order.shipments.order_by("pk")
    if tracking is not None:
        parcels = parcels.filter(tracking_number=tracking)
    known = list(parcels)
    waiting = [parcel for parcel in known if SHIPMENT_MACHINE.allows(verb, parcel.status)]
    if not waiting:
        if before := [parcel for parcel in known if parcel.status == status]:
            return before[0]  # said before
        raise NothingToDeliver(number=order.number, tracking=tracking or "")
    shipment = waiting[0]
    SHIPMENT_MACHINE.check(verb, shipment.status, status)
    shipment.status = status
    if status == ShipmentStatus.DELIVERED:
        shipment.delivered_at = at
    shipment.save(update_fields=["status", "delivered_at"])
    outbox.record(order, EVENT_OF[status], by=by, at=at, shipment=shipment.pk)
    return shipment
