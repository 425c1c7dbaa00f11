from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from notifications.states import Audience, MessageStatus
from oms.encryption import SYSTEM, KeyOwner, PersonalTextField
from oms.identifiers import uuid7
from oms.models import Customer, Event, Order, User
from oms.roles import allowed
from returns.models import RMA

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: "User | AnonymousUser") -> "MessageQuerySet":
        """What this person may read; all else is the same 404 as what is not there."""
        return self if allowed(user, "see messages") else self.none()


class Message(models.Model):
    """One mail because of one event, kept as rendered. The constraint is what makes it one."""

    ref = models.UUIDField(default=uuid7, editable=False, unique=True)
    event = models.ForeignKey(Event, models.PROTECT, related_name="messages", db_index=False)
    template = models.CharField(_("kind"), max_length=32)
    audience = models.CharField(_("for"), max_length=12, choices=Audience)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="messages")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="messages", db_index=False)
    rma = models.ForeignKey(RMA, models.PROTECT, null=True, related_name="messages")
    recipient = PersonalTextField(_("to"))
    subject = PersonalTextField(_("subject"))
    html = PersonalTextField(_("as HTML"))
    text = PersonalTextField(_("as text"))
    status = models.CharField(_("status"), max_length=10, choices=MessageStatus)
    attempts = models.PositiveSmallIntegerField(default=0)
    send_after = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    composed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [models.UniqueConstraint(fields=["event", "template", "audience"], name="message_once_per_event")]
        indexes = [
            # the sender: what is due
            models.Index(
                fields=["send_after"],
                name="message_due",
                condition=Q(status__in=(MessageStatus.QUEUED, MessageStatus.SENDING)),
            )
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"

    def personal_owner(self) -> KeyOwner:
        return self.customer if self.customer is not None else SYSTEM

    def get_absolute_url(self) -> str:
        return reverse("notifications:detail", args=[self.pk])
