import base64
import hmac
import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oms.models import Order


class GiftLink(models.Model):
    """Lets who was given something send it back: these lines of this order. Its address is the whole right."""

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="gift_links")
    lines = ArrayField(models.BigIntegerField())  # of the order, ascending: one choice has one spelling
    # What whoever opens it is told holds, whatever the shop decides later.
    tells_buyer = models.BooleanField(default=False)
    made_by = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("gift link")
        verbose_name_plural = _("gift links")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "lines"], condition=Q(ended_at=None), name="one_gift_link_per_choice"
            ),
            models.CheckConstraint(condition=Q(lines__len__gt=0), name="gift_link_of_something"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="gift_link_expires_later"),
        ]

    def __str__(self) -> str:
        return f"gift link {self.pk}"

    @property
    def signature(self) -> str:
        """What makes the link unguessable even to who reads the database: only this installation can compute it."""
        digest = hmac.digest(settings.SECRET_KEY.encode(), f"gift-link/{self.ref}".encode(), "sha256")[:16]
        return base64.b32encode(digest).decode().rstrip("=").lower()

    def get_portal_url(self) -> str:
        return settings.PUBLIC_URL + reverse("portal:gift", args=[self.ref, self.signature])
