from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inventory.models.warehouses import Bin
from inventory.states import CountStatus
from oms.models import Product, StreamOwner


class StockCount(StreamOwner):
    """One bin counted by hand. What differs is booked once a second person agrees."""

    stream_prefix = "count"

    number = models.CharField(_("number"), max_length=24, unique=True)
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="counts")
    status = models.CharField(_("status"), max_length=20, choices=CountStatus)
    started_by = models.CharField(max_length=60)
    counted_by = models.CharField(max_length=60, blank=True)
    decided_by = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField()
    counted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("stock count")
        verbose_name_plural = _("stock counts")
        constraints = [
            models.UniqueConstraint(
                fields=["bin"], condition=Q(status__in=CountStatus.open()), name="one_open_count_of_a_bin"
            ),
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("counted_by")), name="count_two_pairs_of_eyes"
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="count_started")]  # staff list, newest first

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("inventory:count", args=[self.number])


class CountedLine(models.Model):
    """What was found of one product, and what should have been there at that moment."""

    count = models.ForeignKey(StockCount, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    counted = models.PositiveIntegerField()
    booked = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("counted line")
        verbose_name_plural = _("counted lines")
        constraints = [models.UniqueConstraint(fields=["count", "product"], name="counted_once")]

    def __str__(self) -> str:
        return f"counted line {self.pk}"

    @property
    def variance(self) -> int:
        return self.counted - self.booked
