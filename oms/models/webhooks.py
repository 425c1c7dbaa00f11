import hashlib

from django.db import models
from django.utils.translation import gettext_lazy as _

from oms.encryption import SYSTEM, PersonalBytesField, SystemOwner
from oms.identifiers import uuid7
from oms.models.events import StreamOwner

LONGEST_NUMBER = 72  # what is left of an event's `stream` beside the word "webhook/"


class InboundWebhook(StreamOwner):
    """What a vendor told us, verified and stored raw before anything is done with it (p48)."""

    stream_prefix = "webhook"

    ref = models.UUIDField(default=uuid7, editable=False)
    provider = models.CharField(max_length=16)
    external_id = models.CharField(max_length=100)
    kind = models.CharField(max_length=60)
    body = PersonalBytesField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=40, blank=True)  # why it was not taken: a person looks

    class Meta:
        verbose_name = _("inbound webhook")
        verbose_name_plural = _("inbound webhooks")
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="webhook_once")]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The vendor's own number; one that is too long for the name of a stream ends in its digest."""
        number = f"{self.provider}/{self.external_id}"
        if len(number) <= LONGEST_NUMBER:
            return number
        digest = hashlib.sha256(number.encode()).hexdigest()[:16]
        return f"{number[: LONGEST_NUMBER - 17]}~{digest}"

    def personal_owner(self) -> SystemOwner:
        return SYSTEM
