from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from oms.identifiers import uuid7
from oms.models.customers import Customer
from oms.models.events import StreamOwner
from oms.models.products import Product
from oms.states import OrderKind, OrderSource

MONEY: dict[str, Any] = {"max_digits": 16, "decimal_places": 3}


class OrderQuerySet(models.QuerySet["Order"]):
    def for_update(self) -> "OrderQuerySet":
        """Lock the order's row: the first lock of every verb. Not FOR UPDATE, which would block foreign keys."""
        return self.select_for_update(no_key=True, of=("self",))


class Order(StreamOwner):
    """A sale (or an exchange, or a replacement sent out). Its status is derived: `oms.orders.status_of`."""

    stream_prefix = "order"

    ref = models.UUIDField(default=uuid7, editable=False)
    number = models.CharField(_("order number"), max_length=40, unique=True)
    kind = models.CharField(max_length=12, choices=OrderKind, default=OrderKind.SALE)
    source = models.CharField(max_length=12, choices=OrderSource, default=OrderSource.NATIVE)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", null=True)
    placed_at = models.DateTimeField(_("placed"))
    market = models.CharField(_("market"), max_length=8, default="default")
    country = models.CharField(_("country"), max_length=60, blank=True)
    region = models.CharField(_("region"), max_length=60, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    prices_include_tax = models.BooleanField(default=True)
    items_total = models.DecimalField(_("items"), **MONEY)
    shipping_total = models.DecimalField(_("shipping"), **MONEY, default=0)
    shipping_tax = models.DecimalField(_("tax on shipping"), **MONEY, default=0)
    total = models.DecimalField(_("total"), **MONEY)
    # Discounts on the whole that asked for a minimum of goods: [{"label", "minimum", "shares": [[gross, tax], …]}],
    # amounts as text, one share per line by position. Inside the lines already; null: none.
    promotions = models.JSONField(null=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.CheckConstraint(condition=Q(total=F("items_total") + F("shipping_total")), name="order_total"),
            models.CheckConstraint(condition=Q(items_total__gte=0, shipping_total__gte=0), name="order_amounts"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="order_currency"),
        ]
        indexes = [
            # staff list, newest first; reports by period
            models.Index(fields=["-placed_at", "-id"], name="order_placed"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One product of an order, with its terms as they were on the day: later price or policy changes do not reach it.

    `gross` is what the customer pays for the whole line after its frozen share of all discounts, tax included; `tax` is
    the part of it that is tax. Both in the order's currency.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_lines", db_index=False, null=True)
    sku = models.CharField(_("SKU"), max_length=40)
    description = models.CharField(_("description"), max_length=200)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6)
    gross = models.DecimalField(_("paid"), **MONEY)
    tax = models.DecimalField(_("tax"), **MONEY, default=0)
    tax_rate = models.DecimalField(_("tax rate in percent"), max_digits=7, decimal_places=4, default=0)
    unit_cost = models.DecimalField(_("unit cost"), max_digits=18, decimal_places=6, null=True)
    is_final_sale = models.BooleanField(_("final sale"), default=False)
    kit = models.CharField(_("part of the kit"), max_length=40, blank=True, default="", db_default="")
    shipped = models.PositiveIntegerField(_("shipped"), default=0)
    canceled = models.PositiveIntegerField(_("canceled"), default=0)
    returned = models.PositiveIntegerField(_("returned"), default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity"),
            models.CheckConstraint(
                condition=Q(gross__gte=0, tax__gte=0, tax__lte=F("gross")), name="order_line_amounts"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("shipped") + F("canceled")), name="order_line_shipped_or_canceled"
            ),
            models.CheckConstraint(condition=Q(returned__lte=F("quantity")), name="order_line_returned"),
        ]
        indexes = [
            # staff list by status: orders of a rare status are found by the lines that make it
            models.Index(
                fields=["order"],
                name="order_line_open",
                condition=Q(quantity__gt=F("shipped") + F("canceled")),
            ),
            models.Index(fields=["order"], name="order_line_came_back", condition=Q(returned__gt=0)),
            models.Index(fields=["order"], name="order_line_given_up", condition=Q(canceled__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.sku} × {self.quantity}"
