"""The life of what an order sent out, verb by verb. Nothing else writes the status of a shipment."""

from oms.lifecycle.shipments import deliver, lose, note_asked, refuse_delivery, ship

__all__ = ["deliver", "lose", "note_asked", "refuse_delivery", "ship"]
