from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models.orders import MONEY


class HandlingRate(models.Model):
    """What the work on one return costs us (unpacking, inspecting, restocking), from a day on (R15, N6).

    Nobody measures it per return, so it is a rate somebody has set: reports say since when, and call an assumption one.
    """

    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("cost per return"), **MONEY)
    valid_from = models.DateField(_("from"))
    is_assumption = models.BooleanField(_("an assumption"), default=False)

    class Meta:
        verbose_name = _("handling rate")
        verbose_name_plural = _("handling rates")
        constraints = [
            models.UniqueConstraint(fields=["currency", "valid_from"], name="handling_rate_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="handling_rate_amount"),
        ]

    def __str__(self) -> str:
        return f"handling rate {self.pk}"
