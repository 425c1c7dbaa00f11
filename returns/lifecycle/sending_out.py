"""What goes out because of a return leaves the dock: packed by scan, labeled, handed over, delivered, brought back."""

from datetime import datetime

from inventory import identities, reservations
from inventory.models import Unit
from oms import outbox
from oms.encryption import Plain
from oms.lifecycle import shipments
from oms.models import Shipment
from oms.states import ShipmentStatus
from oms.verbs import verb
from returns.lifecycle.case_opening import open_for_shipment
from returns.lifecycle.dispatching import D, lines_going_out, lock_dispatch
from returns.lifecycle.parcels import Bought
from returns.lifecycle.sending_back import let_return_again
from returns.models import RMA, Dispatch
from returns.refusals import NothingToPack
from returns.states import DISPATCH_MACHINE


@verb
def pack(
    dispatch_id: int,
    order_line_id: int,
    quantity: int,
    *,
    seen: int,
    by: str,
    at: datetime,
    unit: Unit | None = None,
    serial: str = "",
    lot: str = "",
) -> Dispatch:
    """So many units of a line are in the box; with the last one it is closed and a label is wanted.

    `seen` is how many units were in it when the page was drawn: the same page sent again packs once. A `unit`, a new
    `serial` or a `lot` is noted as what was sold. Raises NothingToPack, SerialIsElsewhere.
    """
    rma, dispatch = lock_dispatch(dispatch_id)
    inside = sum(dispatch.packed.values())
    if inside > seen or dispatch.status in (D.PACKED, D.LABELED, D.SHIPPED, D.DELIVERED):
        return dispatch
    DISPATCH_MACHINE.check("pack", dispatch.status, D.PACKED)
    lines = {line.pk: line for line in lines_going_out(dispatch.order)}
    line = lines.get(order_line_id)
    already = dispatch.packed.get(str(order_line_id), 0)
    if line is None or quantity <= 0 or already + quantity > line.quantity - line.canceled:
        raise NothingToPack(sku=line.sku if line else "?")
    if unit is not None or serial or lot:
        cause = f"dispatch/{dispatch.pk}/{at.isoformat()}"
        identities.send_out(line, unit=unit, serial=serial, lot=lot, cause=cause, by=by, at=at)
    dispatch.packed = dispatch.packed | {str(order_line_id): already + quantity}
    if inside + quantity < sum(one.quantity - one.canceled for one in lines.values()):
        dispatch.save(update_fields=["packed"])
        return dispatch
    dispatch.status, dispatch.packed_at = D.PACKED, at
    dispatch.save(update_fields=["packed", "status", "packed_at"])
    outbox.record(rma, "dispatch.packed", by=by, at=at, dispatch=dispatch.pk, order=dispatch.order.number)
    return dispatch


def note_outbound_shipment(dispatch_id: int, *, shipment_id: str, rate_id: str, choice: str) -> Dispatch:
    """Keep the carrier's shipment before its label is bought; whoever comes second uses the first one's (p18)."""
    fresh = Dispatch.objects.filter(pk=dispatch_id, shipment_id="")
    fresh.update(shipment_id=shipment_id, rate_id=rate_id, choice=choice[:200])
    return Dispatch.objects.get(pk=dispatch_id)


@verb
def label_dispatch(dispatch_id: int, bought: Bought, *, by: str, at: datetime) -> Dispatch:
    """The label is here. A second call changes nothing."""
    rma, dispatch = lock_dispatch(dispatch_id)
    if dispatch.status != D.PACKED:
        return dispatch
    DISPATCH_MACHINE.check("label", dispatch.status, D.LABELED)
    dispatch.status, dispatch.labeled_at = D.LABELED, at
    dispatch.carrier, dispatch.service = bought.carrier, bought.service
    dispatch.tracking_number, dispatch.tracking_url = bought.tracking_number, bought.tracking_url
    dispatch.price, dispatch.currency = bought.price, bought.currency
    dispatch.label, dispatch.label_type = Plain(bought.content), bought.content_type
    dispatch.save()
    outbox.record(
        rma,
        "dispatch.labeled",
        by=by,
        at=at,
        dispatch=dispatch.pk,
        carrier=bought.carrier,
        service=bought.service,
        price=str(bought.price),
        currency=bought.currency,
        tracking_number=bought.tracking_number,
    )
    return dispatch


@verb
def send(dispatch_id: int, *, by: str, at: datetime) -> Dispatch:
    """The carrier has it: the goods leave stock at their cost, the order is shipped. Again is harmless."""
    rma, dispatch = lock_dispatch(dispatch_id)
    return _send(rma, dispatch, by=by, at=at)


def _send(rma: RMA, dispatch: Dispatch, *, by: str, at: datetime) -> Dispatch:
    if dispatch.status in (D.SHIPPED, D.DELIVERED):
        return dispatch
    DISPATCH_MACHINE.check("ship", dispatch.status, D.SHIPPED)
    lines = lines_going_out(dispatch.order)
    reservations.issue(lines, cause=f"dispatch/{dispatch.pk}", by=by, at=at)
    shipments.ship(dispatch.order.number, None, dispatch.carrier, dispatch.tracking_number, by=by, at=at)
    dispatch.status, dispatch.shipped_at = D.SHIPPED, at
    dispatch.save(update_fields=["status", "shipped_at"])
    let_return_again(rma, dispatch)
    outbox.record(rma, "dispatch.shipped", by=by, at=at, dispatch=dispatch.pk, order=dispatch.order.number)
    return dispatch


@verb
def arrive(dispatch_id: int, *, by: str, at: datetime) -> Dispatch:
    """The customer has it. Never scanned on its way, it was sent all the same; again is harmless."""
    rma, dispatch = lock_dispatch(dispatch_id)
    if dispatch.status in (D.DELIVERED, D.UNDELIVERED):
        return dispatch
    _send(rma, dispatch, by=by, at=at)
    DISPATCH_MACHINE.check("deliver", dispatch.status, D.DELIVERED)
    shipments.deliver(dispatch.order.number, dispatch.tracking_number, by=by, at=at)
    dispatch.status, dispatch.delivered_at = D.DELIVERED, at
    dispatch.save(update_fields=["status", "delivered_at"])
    outbox.record(rma, "dispatch.delivered", by=by, at=at, dispatch=dispatch.pk, order=dispatch.order.number)
    return dispatch


@verb
def come_back(dispatch_id: int, *, status: str, kind: str, happened_at: datetime, by: str, at: datetime) -> Dispatch:
    """The carrier brings it back, or has lost it (`kind`, a `CaseKind`): a person looks. Said once."""
    rma, dispatch = lock_dispatch(dispatch_id)
    parcel = Shipment.objects.filter(order=dispatch.order, status=ShipmentStatus.SHIPPED).order_by("pk").first()
    if dispatch.status != D.SHIPPED or parcel is None:
        return dispatch
    open_for_shipment(parcel.pk, kind=kind, word=status, happened_at=happened_at, by=by, at=at)
    outbox.record(
        rma, "dispatch.in_trouble", by=by, at=at, dispatch=dispatch.pk, order=dispatch.order.number, status=status
    )
    return dispatch
