"""States of orders, payments and shipments. An order's status is derived (`oms.orders.status_of`), never stored."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OrderKind(TextChoices):
    SALE = "sale", _("sale")
    EXCHANGE = "exchange", _("exchange")
    REPLACEMENT = "replacement", _("replacement")


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


class ShipmentStatus(TextChoices):
    SHIPPED = "shipped", _("on its way")
    DELIVERED = "delivered", _("delivered")
    REFUSED = "refused", _("refused")
    LOST = "lost", _("lost")
