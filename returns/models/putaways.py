from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Bin, Unit
from returns.models.inspections import Outcome


class Putaway(models.Model):
    """An inspected unit carried into a bin. INSERT only: taking one back is another one, the other way round."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="putaways")
    outcome = models.ForeignKey(Outcome, models.PROTECT, related_name="putaways")
    quantity = models.PositiveIntegerField()
    source = models.ForeignKey(Bin, models.PROTECT, related_name="+")
    target = models.ForeignKey(Bin, models.PROTECT, related_name="+")
    undoes = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")
    form_token = models.UUIDField()
    by = models.CharField(max_length=60)
    put_at = models.DateTimeField()

    class Meta:
        verbose_name = _("putaway")
        verbose_name_plural = _("putaways")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="putaway_quantity"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="putaway_moves"),
            models.UniqueConstraint(fields=["form_token", "unit"], name="putaway_form_once"),
        ]

    def __str__(self) -> str:
        return f"putaway {self.pk}"
