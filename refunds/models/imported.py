from django.db import models
from django.utils.translation import gettext_lazy as _

from oms.models.orders import MONEY


class ImportedCredit(models.Model):
    """What an imported credit note gave back for goods we cannot match to a sale: kept, flagged, never dropped."""

    document = models.CharField(_("credit note"), max_length=40)
    position = models.PositiveIntegerField()
    customer = models.ForeignKey("oms.Customer", models.PROTECT, null=True, related_name="imported_credits")
    sku = models.CharField(max_length=40)
    description = models.CharField(max_length=200, blank=True)
    quantity = models.PositiveIntegerField()
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=24)  # why unmatched: no_customer, no_earlier_sale, no_goods …
    credited_at = models.DateTimeField()

    class Meta:
        verbose_name = _("unmatched credit")
        verbose_name_plural = _("unmatched credits")
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="imported_credit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.document}/{self.position}"
