import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oms.models import Order, Payment, StreamOwner, User
from oms.models.orders import MONEY
from oms.roles import allowed
from oms.states import PaymentMethod
from refunds.models.memos import CreditMemo
from refunds.states import AttemptResult, RefundDestination, RefundSource, RefundStatus
from returns.models import RMA

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


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

    def standing(self) -> "RefundQuerySet":
        """Those that are part of what their memo pays, called off or not."""
        return self.filter(replaced_at=None)


class Refund(StreamOwner):
    """Value back from one payment: to it, or to where the customer chose.

    Its amount is set aside on the payment from the first moment (p3).
    """

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
    # Whatever it becomes, its amount is taken from what was captured on `payment`: credited counts like refunded.
    destination = models.CharField(
        _("goes to"),
        max_length=16,
        choices=RefundDestination,
        default=RefundDestination.ORIGINAL,
        db_default=RefundDestination.ORIGINAL,
    )
    # Why a second person has to let it out; none: nobody has to. Reasons are added, never taken away.
    approval_reasons = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    provider_id = models.CharField(_("provider's number"), max_length=80, null=True, unique=True)
    provider_reason = models.CharField(_("provider's words"), max_length=120, blank=True)
    requested_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    looked_up_at = models.DateTimeField(null=True)  # when the poll last asked the provider
    # When others of its memo took its place: from then on it is no part of what the memo pays.
    replaced_at = models.DateTimeField(null=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount"),
            # Behind it a trigger: what stands on a memo is paid once, and a refund never changes its payment.
            models.CheckConstraint(
                condition=Q(replaced_at=None) | Q(status=RefundStatus.CANCELED), name="refund_replaced_is_canceled"
            ),
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

    @property
    def way(self) -> RefundDestination:
        """Where the value really goes: back to store credit is store credit."""
        if self.destination == RefundDestination.ORIGINAL and self.payment.method in PaymentMethod.store_credit():
            return RefundDestination.STORE_CREDIT
        return RefundDestination(self.destination)

    @property
    def is_sent(self) -> bool:
        """Whether it leaves the house: through a provider, or by a person's hand."""
        return self.way in (RefundDestination.ORIGINAL, RefundDestination.MANUAL)

    @property
    def is_by_hand(self) -> bool:
        """Whether a person pays it: told so, or no provider has the payment it came from."""
        if self.way != RefundDestination.ORIGINAL:
            return self.way == RefundDestination.MANUAL
        return self.payment.method not in PaymentMethod.with_provider() or not self.payment.provider_id


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
