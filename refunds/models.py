import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oms.identifiers import uuid7
from oms.models import Order, OrderLine, Payment, StreamOwner, UnitClaim, User
from oms.models.orders import MONEY
from oms.roles import allowed
from refunds.states import AttemptResult, RefundSource, RefundStatus
from returns.models import RMA, Outcome, ReturnLine

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class CreditMemo(models.Model):
    """What is owed and why, to the last unit of the currency: the document over one or several refunds.

    One memo, one refund per payment it goes back to; so "is it owed" (memo lines) and "is it paid" (refunds) stay two
    facts. Never changed once written.
    """

    ref = models.UUIDField(default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="credit_memos")
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="credit_memos", null=True)
    source = models.CharField(max_length=16, choices=RefundSource)
    currency = models.CharField(max_length=3)
    net = models.DecimalField(**MONEY)
    tax = models.DecimalField(**MONEY)
    total = models.DecimalField(**MONEY)
    fees = models.DecimalField(**MONEY, default=0)
    quote = models.JSONField(default=dict)  # the working, as shown
    form_token = models.UUIDField(null=True, unique=True, editable=False)  # one form on one screen makes one memo
    issued_at = models.DateTimeField()

    class Meta:
        verbose_name = _("credit memo")
        verbose_name_plural = _("credit memos")
        constraints = [models.CheckConstraint(condition=Q(total__gte=0), name="memo_total")]

    def __str__(self) -> str:
        return self.number


class CreditMemoLine(models.Model):
    """One thing owed. An outcome, an advance on a return line, a canceled claim: each is owed at most once."""

    memo = models.ForeignKey(CreditMemo, models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="credit_memo_lines", null=True)
    outcome = models.OneToOneField(Outcome, models.PROTECT, null=True, related_name="credit_memo_line")
    advance_for = models.OneToOneField(ReturnLine, models.PROTECT, null=True, related_name="advance")
    claim = models.OneToOneField(UnitClaim, models.PROTECT, null=True, related_name="credit_memo_line")
    quantity = models.PositiveIntegerField()
    gross = models.DecimalField(**MONEY)
    tax = models.DecimalField(**MONEY, default=0)

    class Meta:
        verbose_name = _("credit memo line")
        verbose_name_plural = _("credit memo lines")

    def __str__(self) -> str:
        return f"credit memo line {self.pk}"


class RefundQuerySet(models.QuerySet["Refund"]):
    def visible_to(self, user: "User | AnonymousUser") -> "RefundQuerySet":
        """What this person may see; all else is the same 404 as what is not there."""
        return self if allowed(user, "see refunds") else self.none()

    def awaiting_approval(self) -> "RefundQuerySet":
        return self.filter(status=RefundStatus.AWAITING_APPROVAL)

    def unanswered(self) -> "RefundQuerySet":
        return self.filter(status__in=RefundStatus.unanswered())

    def failed(self) -> "RefundQuerySet":
        return self.filter(status=RefundStatus.FAILED)


class Refund(StreamOwner):
    """Money back to one payment. Its amount is set aside on the payment from the first moment (p3)."""

    stream_prefix = "refund"

    number = models.CharField(_("number"), max_length=24, unique=True)
    memo = models.ForeignKey(CreditMemo, models.PROTECT, related_name="refunds")
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="refunds", null=True)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    amount = models.DecimalField(_("amount"), **MONEY)
    currency = models.CharField(max_length=3)
    status = models.CharField(_("status"), max_length=20, choices=RefundStatus)
    source = models.CharField(_("source"), max_length=16, choices=RefundSource)
    provider_id = models.CharField(_("provider's number"), max_length=80, null=True, unique=True)
    provider_reason = models.CharField(_("provider's words"), max_length=120, blank=True)
    requested_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    looked_up_at = models.DateTimeField(null=True)  # when the poll last asked the provider

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount"),
            models.UniqueConstraint(fields=["memo", "payment"], name="refund_once_per_payment"),
        ]
        indexes = [
            # the poll: what the provider has not answered
            models.Index(
                fields=["submitted_at"], name="refund_unanswered", condition=Q(status__in=RefundStatus.unanswered())
            ),
            # staff list, newest first
            models.Index(fields=["-requested_at", "-id"], name="refund_requested"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("refunds:detail", args=[self.number])


class RefundAttempt(models.Model):
    """One call to the provider, stored with its key before it is made. No answer is not a no."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="attempts")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider_id = models.CharField(max_length=80, blank=True)
    result = models.CharField(max_length=12, choices=AttemptResult, default=AttemptResult.SENT)
    code = models.CharField(max_length=60, blank=True)
    calls = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("refund attempt")
        verbose_name_plural = _("refund attempts")
        constraints = [
            # A second charge to the provider cannot open while one is unanswered (p50).
            models.UniqueConstraint(
                fields=["refund"],
                condition=Q(result__in=(AttemptResult.SENT, AttemptResult.UNKNOWN)),
                name="one_open_attempt",
            )
        ]

    def __str__(self) -> str:
        return f"attempt {self.key}"


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
