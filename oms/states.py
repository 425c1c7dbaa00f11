"""States of orders, payments and shipments. An order's status is derived (`oms.orders.status_of`), never stored."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.statemachine import CREATED, Machine, Transition


class OrderKind(TextChoices):
    SALE = "sale", _("sale")
    EXCHANGE = "exchange", _("exchange")
    REPLACEMENT = "replacement", _("replacement")
    SENT_BACK = "sent_back", _("the customer's own goods")  # never ours, or not accepted: no sale, no cost


class OrderSource(TextChoices):
    NATIVE = "native", _("shop")
    IMPORTED = "imported", _("imported")


class OrderStatus(TextChoices):
    PLACED = "placed", _("placed")  # nothing captured yet
    PAID = "paid", _("paid")  # money captured, nothing shipped
    PART_SHIPPED = "part_shipped", _("part shipped")
    SHIPPED = "shipped", _("shipped")
    DELIVERED = "delivered", _("delivered")
    REFUSED = "refused", _("refused")  # the carrier brings it back, the customer did not take it
    PART_RETURNED = "part_returned", _("part returned")
    RETURNED = "returned", _("returned")
    CANCELED = "canceled", _("canceled")


class PaymentMethod(TextChoices):
    CARD = "card", _("card")
    PAYPAL = "paypal", _("PayPal")
    MANUAL = "manual", _("by hand")
    STORE_CREDIT = "store_credit", _("store credit")
    GIFT_CARD = "gift_card", _("gift card")
    IMPORTED = "imported", _("before Homeward")

    @classmethod
    def with_provider(cls) -> tuple["PaymentMethod", ...]:
        """Paid at somebody who pays back over an interface."""
        return cls.CARD, cls.PAYPAL

    @classmethod
    def store_credit(cls) -> tuple["PaymentMethod", ...]:
        """Paid with what we owed the customer already: it goes back to what we owe."""
        return cls.STORE_CREDIT, cls.GIFT_CARD


class TenderRule(TextChoices):
    """Which of an order's payments gets money back first (R83)."""

    OLDEST_FIRST = "oldest_first", _("the oldest first")
    NEWEST_FIRST = "newest_first", _("the newest first")
    PROPORTIONAL = "proportional", _("each by what is left on it")
    STORE_CREDIT_FIRST = "store_credit_first", _("store credit first")


class ShipmentStatus(TextChoices):
    SHIPPED = "shipped", _("on its way")
    DELIVERED = "delivered", _("delivered")
    REFUSED = "refused", _("refused")
    LOST = "lost", _("lost")


SHIPMENT_MACHINE = Machine(
    "shipment",
    ShipmentStatus,
    [
        Transition("ship", (CREATED,), ShipmentStatus.SHIPPED),
        Transition("deliver", (ShipmentStatus.SHIPPED, ShipmentStatus.LOST), ShipmentStatus.DELIVERED),
        Transition("refuse", (ShipmentStatus.SHIPPED, ShipmentStatus.LOST), ShipmentStatus.REFUSED),
        Transition("lose", (ShipmentStatus.SHIPPED,), ShipmentStatus.LOST),
    ],
    terminal=(ShipmentStatus.DELIVERED, ShipmentStatus.REFUSED),
)
