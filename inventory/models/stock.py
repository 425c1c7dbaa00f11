from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models.warehouses import Bin
from inventory.states import MovementKind
from oms.models import Product


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
