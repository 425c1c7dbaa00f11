from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models.orders import Order, OrderLine
from oms.states import ShipmentStatus


class Shipment(models.Model):
    """A parcel to the customer."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    status = models.CharField(max_length=12, choices=ShipmentStatus, default=ShipmentStatus.SHIPPED)
    shipped_at = models.DateTimeField(_("shipped"))
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    asked_at = models.DateTimeField(null=True)  # when the carrier was last asked where it is

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        indexes = [
            # desk and scan station: a tracking number names a shipment
            models.Index(fields=["tracking_number"], name="shipment_tracking", condition=~Q(tracking_number="")),
            # staff list by status: refused deliveries are few
            models.Index(fields=["order"], name="shipment_refused", condition=Q(status=ShipmentStatus.REFUSED)),
            # polling: parcels on their way, longest not asked for first
            models.Index(
                fields=["asked_at", "shipped_at"], name="shipment_moving", condition=Q(status=ShipmentStatus.SHIPPED)
            ),
        ]

    def __str__(self) -> str:
        return self.tracking_number or f"shipment {self.pk}"


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "order_line"], name="shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shipment_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"shipment line {self.pk}"
