from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models import OrderLine, Product


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
