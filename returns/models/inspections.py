from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition, Unit
from inventory.states import Disposition, Grade
from oms.encryption import PersonalTextField
from oms.identifiers import uuid7
from oms.models import Customer
from returns.models.parcels import Parcel
from returns.models.rma import ReturnLine
from returns.states import Acceptance, HoldStatus, ReceiptResult


class Receipt(models.Model):
    """What arrived of a line, or did not. INSERT only, but for what triggers keep: `inspected` and `is_reversed`."""

    line = models.ForeignKey(ReturnLine, models.PROTECT, related_name="receipts")
    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="receipts", null=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="receipts", null=True)
    quantity = models.PositiveIntegerField()
    result = models.CharField(max_length=12, choices=ReceiptResult)
    came_as = models.CharField(max_length=60, blank=True)  # the code on what came instead of the one sold
    inspected = models.PositiveIntegerField(default=0)  # kept by a trigger on Outcome
    is_reversed = models.BooleanField(default=False)  # kept by a trigger on Reversal
    form_token = models.UUIDField(null=True)  # minted with the page: sent twice, received once
    by = models.CharField(max_length=60)
    received_at = models.DateTimeField()
    decided: int  # units of verdicts still to be booked, where it was read `with_decided`

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="receipt_quantity"),
            models.CheckConstraint(condition=Q(inspected__lte=F("quantity")), name="receipt_inspected"),
            models.CheckConstraint(condition=Q(inspected=0) | Q(is_reversed=False), name="receipt_stands_or_not"),
            # One form may count several things of a line, each of them once.
            models.UniqueConstraint(
                fields=["form_token", "line", "result", "unit"],
                condition=Q(form_token__isnull=False),
                nulls_distinct=False,
                name="receipt_form_once",
            ),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}"

    @property
    def uninspected(self) -> int:
        """Units that lie at the dock and have no outcome."""
        return 0 if self.is_reversed else self.quantity - self.inspected

    @property
    def undecided(self) -> int:
        """Those of them that nobody has looked at; of receipts read `with_decided` alone."""
        return self.uninspected - self.decided


class Reversal(models.Model):
    """A receipt that was a mistake: its units are awaited again. INSERT only; after `until` it needs a reason."""

    receipt = models.OneToOneField(Receipt, models.PROTECT, related_name="reversal")
    until = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    form_token = models.UUIDField()
    by = models.CharField(max_length=60)
    reversed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reversal")
        verbose_name_plural = _("reversals")
        constraints = [
            models.CheckConstraint(condition=Q(reversed_at__lte=F("until")) | ~Q(reason=""), name="reversal_in_time"),
        ]

    def __str__(self) -> str:
        return f"reversal of receipt {self.receipt_id}"


class Outcome(models.Model):
    """What inspection found for some units of a receipt. Money is owed per outcome, stock moves per outcome."""

    ref = models.UUIDField(default=uuid7, editable=False)
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="outcomes")
    quantity = models.PositiveIntegerField()
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="+")
    grade = models.CharField(max_length=1, choices=Grade)
    suggested_disposition = models.CharField(max_length=20, choices=Disposition)
    disposition = models.CharField(max_length=20, choices=Disposition)
    override_reason = models.CharField(max_length=200, blank=True)
    acceptance = models.CharField(max_length=10, choices=Acceptance)
    payout_percent = models.DecimalField(max_digits=5, decimal_places=2)
    note = PersonalTextField(_("note"))
    form_token = models.UUIDField(null=True)
    by = models.CharField(max_length=60)
    inspected_at = models.DateTimeField()

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="outcome_quantity"),
            models.CheckConstraint(condition=Q(payout_percent__gte=0, payout_percent__lte=100), name="outcome_payout"),
            # One form may find several things about a receipt, each of them once.
            models.UniqueConstraint(
                fields=["form_token", "receipt", "condition", "disposition", "acceptance"], name="outcome_form_once"
            ),
        ]

    def __str__(self) -> str:
        return f"outcome {self.pk}"

    def personal_owner(self) -> Customer:
        return self.receipt.line.rma.sender


class Hold(models.Model):
    """Goods refused at inspection, waiting in a hold bin for the customer's answer. Nothing is paid meanwhile."""

    outcome = models.OneToOneField(Outcome, models.PROTECT, related_name="hold")
    status = models.CharField(max_length=12, choices=HoldStatus)
    respond_by = models.DateTimeField()
    # What a dispute decided for the customer pays, in percent; null while nobody has decided so.
    payout_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    answer = PersonalTextField(_("customer's answer"))
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")

    def __str__(self) -> str:
        return f"hold {self.pk}"

    @property
    def ref(self) -> object:
        return self.outcome.ref

    def personal_owner(self) -> Customer:
        return self.outcome.personal_owner()
