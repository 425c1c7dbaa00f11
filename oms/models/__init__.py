from oms.models.claims import UnitClaim, UnitsField
from oms.models.customers import Customer, NameWord
from oms.models.events import Delivery, Event, Heartbeat, Seal, Stream, StreamOwner
from oms.models.journal import JournalEntry, Posting
from oms.models.log_ins import KnownAddress, LogInAttempt
from oms.models.orders import Order, OrderLine
from oms.models.payments import Payment
from oms.models.periods import Period
from oms.models.products import Product
from oms.models.shipments import Shipment, ShipmentLine
from oms.models.shop import Shop
from oms.models.users import User
from oms.models.webhooks import InboundWebhook

__all__ = [
    "Customer",
    "Delivery",
    "Event",
    "Heartbeat",
    "InboundWebhook",
    "JournalEntry",
    "KnownAddress",
    "LogInAttempt",
    "NameWord",
    "Order",
    "OrderLine",
    "Payment",
    "Period",
    "Posting",
    "Product",
    "Seal",
    "Shipment",
    "ShipmentLine",
    "Shop",
    "Stream",
    "StreamOwner",
    "UnitClaim",
    "UnitsField",
    "User",
]
