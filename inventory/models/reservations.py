from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models.stock import StockLevel
from oms.models import OrderLine


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def held(self) -> "ReservationQuerySet":
        """Goods set aside that have neither left nor been let go."""
        return self.filter(issued_at=None, freed_at=None)


class Reservation(models.Model):
    """Goods of one bin set aside for one order line, so that nobody else gets them (R85).

    What is held counts in `StockLevel.reserved`, which PostgreSQL keeps within what is there. Written by
    `inventory.reservations` alone.
    """

    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="reservations")
    level = models.ForeignKey(StockLevel, models.PROTECT, related_name="reservations")
    quantity = models.PositiveIntegerField(_("quantity"))
    reserved_at = models.DateTimeField(_("reserved"))
    expires_at = models.DateTimeField(_("held until"), null=True)  # null: until it leaves
    issued_at = models.DateTimeField(_("left"), null=True)
    freed_at = models.DateTimeField(_("let go"), null=True)

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_quantity"),
            models.CheckConstraint(
                condition=Q(issued_at__isnull=True) | Q(freed_at__isnull=True), name="reservation_ends_once"
            ),
        ]
        indexes = [
            # by the clock: what was held for too long
            models.Index(
                fields=["expires_at"],
                name="reservation_held",
                condition=Q(issued_at__isnull=True, freed_at__isnull=True, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"reservation {self.pk}"
