from django.db import models
from django.utils.translation import gettext_lazy as _

from refunds.states import Reading


class ConservationRun(models.Model):
    """One look at whether money is conserved: what each currency came to, and everything that drifted."""

    asked_by = models.CharField(max_length=60)
    ran_at = models.DateTimeField()
    orders = models.PositiveIntegerField(_("orders"))
    # One object a currency: currency, captured, refunded, credited, charged_back, kept, drift; amounts as text in major
    # units.
    totals = models.JSONField(default=list)
    drifting = models.PositiveIntegerField(_("drifting"))

    class Meta:
        verbose_name = _("conservation run")
        verbose_name_plural = _("conservation runs")
        indexes = [models.Index(fields=["-ran_at", "-id"], name="conservation_newest")]

    def __str__(self) -> str:
        return f"conservation {self.pk}"


class ConservationFinding(models.Model):
    """Something that drifted: an order, an order line or a tax line, with the amounts that disagree."""

    run = models.ForeignKey(ConservationRun, models.CASCADE, related_name="findings")
    reading = models.CharField(max_length=8, choices=Reading)
    order_number = models.CharField(max_length=40)
    subject = models.CharField(max_length=60, blank=True)  # the SKU of a line, the rate of a tax
    currency = models.CharField(max_length=3)
    drift = models.DecimalField(max_digits=20, decimal_places=6)
    amounts = models.JSONField(default=dict)  # name → text in major units

    class Meta:
        verbose_name = _("conservation finding")
        verbose_name_plural = _("conservation findings")

    def __str__(self) -> str:
        return f"{self.reading} {self.order_number}"
