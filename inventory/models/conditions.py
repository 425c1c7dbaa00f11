from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.states import Disposition, Grade


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
