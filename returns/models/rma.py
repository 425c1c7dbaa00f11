import base64
import hmac
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition, Warehouse
from oms.encryption import PersonalTextField
from oms.identifiers import uuid7
from oms.models import Customer, Order, OrderLine, StreamOwner, UnitClaim, User
from oms.roles import allowed
from returns.models.gifts import GiftLink
from returns.models.policy import PolicyVersion, ReturnReason
from returns.states import RefundAt, Resolution, RMASource, RMAStatus, Settlement

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class RMAQuerySet(models.QuerySet["RMA"]):
    def visible_to(self, user: "User | AnonymousUser") -> "RMAQuerySet":
        """What this person may see; all else is the same 404 as what is not there."""
        return self if allowed(user, "see returns") else self.none()

    def awaiting_review(self) -> "RMAQuerySet":
        return self.filter(status=RMAStatus.NEEDS_REVIEW)

    def awaiting_goods(self) -> "RMAQuerySet":
        return self.filter(status__in=RMAStatus.awaiting_goods())


class RMA(StreamOwner):
    """An authorization to return goods of one order. Status says where it stands, settlement what is owed."""

    stream_prefix = "rma"

    ref = models.UUIDField(default=uuid7, editable=False)
    number = models.CharField(_("RMA number"), max_length=24, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="rmas")
    # Who was given the goods and sends them back; nobody where the buyer does.
    recipient = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="gift_returns")
    gift_link = models.ForeignKey(GiftLink, models.PROTECT, null=True, related_name="rmas")
    status = models.CharField(_("status"), max_length=12, choices=RMAStatus)
    settlement = models.CharField(_("settlement"), max_length=12, choices=Settlement, default=Settlement.NONE)
    source = models.CharField(_("source"), max_length=12, choices=RMASource, default=RMASource.PORTAL)
    resolution = models.CharField(_("resolution"), max_length=16, choices=Resolution, default=Resolution.REFUND)
    refund_at = models.CharField(_("money moves"), max_length=12, choices=RefundAt, default=RefundAt.INSPECTION)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, null=True, related_name="rmas")
    currency = models.CharField(max_length=3)
    # What was confirmed: the quote with its inputs, and the policy's decision with its reasons. Never rewritten.
    quote = models.JSONField(default=dict)
    decision = models.JSONField(default=dict)
    policy = models.ForeignKey(PolicyVersion, models.PROTECT, null=True)
    # One form on one screen makes one RMA, however often it is sent (p2, p51).
    form_token = models.UUIDField(null=True, unique=True, editable=False)
    note = PersonalTextField(_("customer's note"))
    decision_note = PersonalTextField(_("what we wrote to the customer"))
    # Groups the RMAs of one imported credit note.
    source_document = models.CharField(max_length=40, blank=True)
    link_version = models.PositiveSmallIntegerField(default=1, editable=False)
    requested_at = models.DateTimeField(_("requested"))
    approved_at = models.DateTimeField(_("approved"), null=True)
    expires_at = models.DateTimeField(_("to be posted by"), null=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True)
    shipped_at = models.DateTimeField(_("shipped"), null=True)
    received_at = models.DateTimeField(_("arrived"), null=True)
    inspected_at = models.DateTimeField(_("inspected"), null=True)
    settled_at = models.DateTimeField(_("settled"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects = RMAQuerySet.as_manager()

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        constraints = [
            # What the buyer paid never becomes money, or goods, of somebody else's choosing.
            models.CheckConstraint(condition=Q(recipient=None) | Q(resolution="store_credit"), name="gift_pays_credit"),
        ]
        indexes = [
            # staff list, newest first
            models.Index(fields=["-requested_at", "-id"], name="rma_requested"),
            # queues: needs review, at the dock, not posted
            models.Index(
                fields=["status", "requested_at"], name="rma_open", condition=~Q(status__in=RMAStatus.terminal())
            ),
            # reports group by credit note
            models.Index(fields=["source_document"], name="rma_document", condition=~Q(source_document="")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def sender(self) -> Customer:
        """Who sends the goods back, is written to, and gets what they are worth: the buyer, or who was given them."""
        return self.recipient or self.order.customer

    def personal_owner(self) -> Customer:
        return self.sender

    @property
    def comes_back(self) -> bool:
        """Whether goods are to be sent to us: what the customer keeps, or never got, is not."""
        return self.resolution != Resolution.KEEP_ITEM and not self.decision.get("gone")

    @property
    def is_collected(self) -> bool:
        """Whether we collect the goods from the customer: no label is bought, and nothing is posted."""
        return self.comes_back and self.decision.get("label") == "pickup"

    @property
    def is_posted(self) -> bool:
        """Whether the customer brings the goods to a carrier."""
        return self.comes_back and not self.is_collected

    @property
    def signature(self) -> str:
        """What makes the customer's link unguessable: 128 bits that only this installation can compute."""
        message = f"rma-link/{self.ref}/{self.link_version}".encode()
        digest = hmac.digest(settings.SECRET_KEY.encode(), message, "sha256")[:16]
        return base64.b32encode(digest).decode().rstrip("=").lower()

    def get_portal_path(self) -> str:
        return reverse("portal:status", args=[self.number, self.signature])

    def get_portal_url(self) -> str:
        return settings.PUBLIC_URL + self.get_portal_path()

    def get_absolute_url(self) -> str:
        return reverse("returns:detail", args=[self.number])


class ReturnLine(models.Model):
    """One order line and quantity announced on an RMA. What happened to it is told by receipts and outcomes."""

    ref = models.UUIDField(default=uuid7, editable=False)
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="return_lines")
    claim = models.OneToOneField(UnitClaim, models.PROTECT, null=True, related_name="return_line")
    quantity = models.PositiveIntegerField(_("quantity"))
    reason = models.ForeignKey(ReturnReason, models.PROTECT, null=True)
    declared_condition = models.ForeignKey(Condition, models.PROTECT, null=True, related_name="+")
    note = PersonalTextField(_("note"))
    arrived = models.PositiveIntegerField(_("arrived"), default=0)  # kept by a trigger on Receipt
    inspected = models.PositiveIntegerField(_("inspected"), default=0)  # kept by a trigger on Outcome
    missing = models.PositiveIntegerField(_("missing"), default=0)  # kept by a trigger on Receipt

    class Meta:
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="return_line_quantity"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("arrived") + F("missing")), name="return_line_arrived_or_missing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rma_id}/{self.pk}"

    def personal_owner(self) -> Customer:
        return self.rma.sender

    @property
    def outstanding(self) -> int:
        """Units announced that have neither arrived nor been written off as missing."""
        return self.quantity - self.arrived - self.missing
