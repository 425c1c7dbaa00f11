from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition
from inventory.states import Disposition, Grade
from oms.encryption import PersonalTextField
from oms.identifiers import uuid7
from oms.models import Customer
from returns.models.evidence import Checklist
from returns.models.inspections import Receipt
from returns.states import Acceptance


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def waiting(self) -> "VerdictQuerySet":
        """Neither booked nor taken back nor refused."""
        return self.filter(booked_at=None, taken_back_at=None, refused="")


class Verdict(models.Model):
    """What inspection decided a moment ago and books when its time is up: until then it can be taken back, because no
    stock has moved, no money is owed and nobody was told."""

    ref = models.UUIDField(default=uuid7, editable=False)
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="verdicts")
    quantity = models.PositiveIntegerField()
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="+")
    grade = models.CharField(max_length=1, choices=Grade)
    disposition = models.CharField(max_length=20, choices=Disposition)
    acceptance = models.CharField(max_length=10, choices=Acceptance)
    override_reason = models.CharField(max_length=200, blank=True)
    note = PersonalTextField(_("note"))
    checklist = models.ForeignKey(Checklist, models.PROTECT, null=True, related_name="+")
    answers = models.JSONField(default=list)
    form_token = models.UUIDField()
    by = models.CharField(max_length=60)
    given_at = models.DateTimeField()
    book_at = models.DateTimeField()
    booked_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)
    refused = models.CharField(max_length=40, blank=True)  # why it could not be booked: its goods wait again

    objects = VerdictQuerySet.as_manager()

    class Meta:
        verbose_name = _("verdict")
        verbose_name_plural = _("verdicts")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="verdict_quantity"),
            models.CheckConstraint(
                condition=Q(booked_at=None) | Q(taken_back_at=None), name="verdict_booked_or_taken_back"
            ),
            models.UniqueConstraint(
                fields=["form_token", "receipt", "condition", "disposition", "acceptance"], name="verdict_form_once"
            ),
        ]
        indexes = [
            # those still to be booked
            models.Index(
                fields=["receipt"],
                name="verdict_waiting",
                condition=Q(booked_at=None, taken_back_at=None, refused=""),
            ),
        ]

    def __str__(self) -> str:
        return f"verdict {self.pk}"

    @property
    def is_waiting(self) -> bool:
        return not (self.booked_at or self.taken_back_at or self.refused)

    def personal_owner(self) -> Customer:
        return self.receipt.line.rma.sender
