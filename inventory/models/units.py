from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inventory.models.reservations import Reservation
from inventory.models.warehouses import Bin
from oms.models import OrderLine, Product


class Unit(models.Model):
    """One thing with its own number: a serial sold, or a piece that came back and was labeled (R64).

    PostgreSQL makes one for every piece a receipt counts, numbers it, and ties it to what inspection found about it.
    Many identical pieces of one receipt share one number with a quantity (`CategoryTerms.labels_each_up_to`).
    """

    number = models.CharField(_("number"), max_length=20, unique=True, blank=True)  # filled in by the database
    product = models.ForeignKey(Product, models.PROTECT, related_name="units")
    quantity = models.PositiveIntegerField(_("pieces"), default=1)
    serial = models.CharField(_("serial number"), max_length=60, blank=True)
    sold_on = models.ForeignKey(OrderLine, models.PROTECT, related_name="units", null=True)
    is_other = models.BooleanField(_("something else than was sold"), default=False)
    received_as = models.CharField(_("received"), max_length=40, blank=True)  # "receipt/17"
    found_as = models.CharField(_("inspected"), max_length=40, blank=True)  # "outcome/23"
    placed_as = models.CharField(_("decided anew"), max_length=40, blank=True, db_default="")  # "placement/24"
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="units", null=True)  # where somebody scanned it last
    reservation = models.ForeignKey(Reservation, models.PROTECT, related_name="units", null=True)
    left_as = models.CharField(_("left"), max_length=100, blank=True)
    left_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints = [
            models.UniqueConstraint(fields=["product", "serial"], condition=~Q(serial=""), name="serial_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="unit_quantity"),
            models.CheckConstraint(condition=Q(serial="") | Q(quantity=1), name="serial_is_one_piece"),
            models.CheckConstraint(
                condition=Q(left_as="", left_at__isnull=True) | (~Q(left_as="") & Q(left_at__isnull=False)),
                name="unit_left_for_a_reason",
            ),
        ]
        indexes = [
            # scan station: a serial names a unit
            models.Index(fields=["serial"], name="unit_serial", condition=~Q(serial="")),
            # labels of a receipt, goods of an outcome
            models.Index(fields=["received_as"], name="unit_received_as", condition=~Q(received_as="")),
            models.Index(fields=["found_as"], name="unit_found_as", condition=~Q(found_as="")),
            # staff list, newest first; ages
            models.Index(fields=["-created_at", "-id"], name="unit_created"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("inventory:unit", args=[self.number])


class Lot(models.Model):
    """Units made together, with the code the maker printed on them; `best_before` where it has one."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="lots")
    code = models.CharField(_("lot"), max_length=40)
    best_before = models.DateField(_("best before"), null=True, blank=True)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="lot_once"),
            models.CheckConstraint(condition=~Q(code=""), name="lot_code"),
        ]

    def __str__(self) -> str:
        return self.code


class LotMovement(models.Model):
    """Units of a lot came to us (positive) or went to an order line (negative). INSERT only; one cause counts once."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="movements", db_index=False)
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="lot_movements", null=True)
    quantity = models.IntegerField(_("pieces"))
    cause = models.CharField(max_length=100)
    by = models.CharField(max_length=60)
    moved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("lot movement")
        verbose_name_plural = _("lot movements")
        constraints = [
            models.UniqueConstraint(fields=["lot", "cause"], name="lot_movement_once"),
            models.CheckConstraint(condition=~Q(quantity=0), name="lot_movement_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.cause}"
