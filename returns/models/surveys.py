from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.encryption import PersonalTextField
from oms.identifiers import uuid7
from oms.models import Customer
from returns.models.rma import RMA


class Survey(models.Model):
    """How it went, asked once after settlement: ease, clarity, speed, 1 to 5 (R11)."""

    ref = models.UUIDField(default=uuid7, editable=False)
    rma = models.OneToOneField(RMA, models.PROTECT, related_name="survey")
    ease = models.PositiveSmallIntegerField(_("ease"))
    clarity = models.PositiveSmallIntegerField(_("clarity"))
    speed = models.PositiveSmallIntegerField(_("speed"))
    comment = PersonalTextField(_("comment"))
    answered_at = models.DateTimeField()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        constraints = [
            models.CheckConstraint(
                condition=Q(ease__range=(1, 5), clarity__range=(1, 5), speed__range=(1, 5)), name="survey_scores"
            )
        ]

    def __str__(self) -> str:
        return f"survey {self.pk}"

    def personal_owner(self) -> Customer:
        return self.rma.sender
