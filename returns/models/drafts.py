import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from oms.encryption import PersonalTextField
from oms.models import Customer, Order
from returns.models.gifts import GiftLink


class ReturnDraft(models.Model):
    """A return being put together in the portal. Its `ref` is in the address (122 random bits), so a dead session,
    a second tab or the back button lose nothing; it becomes the RMA's `form_token`, so one draft makes one RMA."""

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="drafts")
    # Somebody else sends it back: a gift, and this is who got it.
    recipient = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="gift_drafts")
    gift_link = models.ForeignKey(GiftLink, models.PROTECT, null=True, related_name="drafts")
    # {"lines": {"<order line id>": {"quantity": 1, "reason": "code", "condition": "code"}}, "resolution": "code"}
    answers = models.JSONField(default=dict)
    note = PersonalTextField(_("note"))
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def sender(self) -> Customer:
        """Who sends it back: the buyer, or who was given it."""
        return self.recipient or self.order.customer

    def personal_owner(self) -> Customer:
        return self.sender
