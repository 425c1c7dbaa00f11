from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.encryption import PersonalBytesField, PersonalTextField
from oms.identifiers import uuid7
from oms.models import User
from oms.models.orders import MONEY
from refunds.models.refunds import Refund
from refunds.states import ManualMethod, RefundDestination

if TYPE_CHECKING:
    from oms.models import Customer


class RefundApproval(models.Model):
    """A second person let exactly this out: the amount and where it goes. What changes voids it (R84).

    PostgreSQL refuses an approver who asked, inspected or may not approve, and a refund that needs one and has none
    (migration `two_pairs_of_eyes`).
    """

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="approvals")
    amount = models.DecimalField(**MONEY)
    destination = models.CharField(max_length=16, choices=RefundDestination)
    approver = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.UniqueConstraint(
                fields=["refund"], condition=Q(voided_at__isnull=True), name="one_valid_approval_per_refund"
            )
        ]

    def __str__(self) -> str:
        return f"approval {self.pk}"


class RefundEvidence(models.Model):
    """What shows that a refund was paid by hand: how, under which reference, and a picture or PDF, kept encrypted."""

    ref = models.UUIDField(default=uuid7, editable=False, unique=True)
    refund = models.ForeignKey(Refund, models.PROTECT, related_name="evidence")
    method = models.CharField(_("how"), max_length=12, choices=ManualMethod)
    reference = PersonalTextField(_("reference"))
    content = PersonalBytesField(null=True)
    content_type = models.CharField(max_length=20, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    given_by = models.CharField(max_length=60)  # actor
    given_at = models.DateTimeField()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")

    def __str__(self) -> str:
        return f"evidence {self.pk}"

    def personal_owner(self) -> "Customer":
        return self.refund.order.customer
