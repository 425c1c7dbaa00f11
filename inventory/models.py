from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.states import BinKind, Disposition, Grade, MovementKind
from oms.models import OrderLine, Product

MONDAY_TO_FRIDAY = [1, 2, 3, 4, 5]  # ISO weekdays


def working_week() -> list[int]:
    return list(MONDAY_TO_FRIDAY)


class Warehouse(models.Model):
    """A place that takes returns: its address goes on labels, its calendar counts processing days (R8)."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=80)
    street = models.CharField(_("street"), max_length=120)
    city = models.CharField(_("city"), max_length=80)
    region = models.CharField(_("region"), max_length=60, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20)
    country = models.CharField(_("country code"), max_length=2, default="GB")
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/London")
    working_days = ArrayField(models.PositiveSmallIntegerField(), default=working_week)
    holidays = ArrayField(models.DateField(), default=list, blank=True)
    is_default = models.BooleanField(_("default for returns"), default=False)

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_warehouse")
        ]

    def __str__(self) -> str:
        return self.code


class Bin(models.Model):
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="bins")
    code = models.CharField(_("code"), max_length=20)
    kind = models.CharField(_("kind"), max_length=12, choices=BinKind)

    class Meta:
        verbose_name = _("bin")
        verbose_name_plural = _("bins")
        constraints = [models.UniqueConstraint(fields=["warehouse", "code"], name="bin_code_once")]

    def __str__(self) -> str:
        return self.code


class Condition(models.Model):
    """What an inspector may see (R69): a manager may add rows. "Wrong item" is a receipt result, never a condition.

    `payout_percent` of what was paid goes back unless the reason is the shop's fault, which always pays in full.
    """

    code = models.SlugField(_("code"), max_length=20, unique=True)
    label = models.CharField(_("label"), max_length=60)
    customer_label = models.CharField(_("how customers read it"), max_length=80)
    is_acceptable = models.BooleanField(_("acceptable"))
    grade = models.CharField(_("usual grade"), max_length=1, choices=Grade)
    payout_percent = models.DecimalField(_("pays (%)"), max_digits=5, decimal_places=2)
    disposition = models.CharField(_("suggested disposition"), max_length=20, choices=Disposition)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        constraints = [
            models.CheckConstraint(
                condition=Q(payout_percent__gte=0, payout_percent__lte=100), name="condition_payout"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class StockLevel(models.Model):
    """How many of a product stand in a bin: the sum of its movements. Written by `inventory.ledger` alone."""

    bin = models.ForeignKey(Bin, models.PROTECT, related_name="levels", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="levels")
    quantity = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        constraints = [
            models.UniqueConstraint(fields=["bin", "product"], name="stock_level_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, reserved__gte=0, reserved__lte=F("quantity")), name="stock_level_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"stock level {self.pk}"


class StockMovement(models.Model):
    """One effect on stock, citing its document. INSERT only; the same cause never moves the same bin twice (p33)."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="movements")
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="movements", db_index=False)
    kind = models.CharField(max_length=12, choices=MovementKind)
    quantity = models.IntegerField()
    cause = models.CharField(max_length=100)  # "receipt/17", "outcome/23"
    unit_cost = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    by = models.CharField(max_length=60)
    moved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        constraints = [
            models.UniqueConstraint(fields=["cause", "bin", "product", "kind"], name="stock_movement_once"),
            models.CheckConstraint(condition=~Q(quantity=0), name="stock_movement_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.cause}"


class Unit(models.Model):
    """One thing with its own number: a serial sold, or a piece that came back and was labeled (R64)."""

    number = models.CharField(_("number"), max_length=20, unique=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="units")
    serial = models.CharField(_("serial number"), max_length=60, blank=True)
    sold_on = models.ForeignKey(OrderLine, models.PROTECT, related_name="units", null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints = [
            models.UniqueConstraint(fields=["product", "serial"], condition=~Q(serial=""), name="serial_once"),
        ]
        indexes = [
            # scan station: a serial names a unit
            models.Index(fields=["serial"], name="unit_serial", condition=~Q(serial="")),
        ]

    def __str__(self) -> str:
        return self.number
