from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models import Order


class GiftLink(models.Model):
    """Lets who was given the goods of an order send them back. Its token is the whole right; it is kept as a hash."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="gift_links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("gift link")
        verbose_name_plural = _("gift links")
        constraints = [
            # A new link ends the one before.
            models.UniqueConstraint(fields=["order"], condition=Q(ended_at=None), name="one_gift_link_per_order"),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("made_at")), name="gift_link_expires_later"),
        ]

    def __str__(self) -> str:
        return f"gift link {self.pk}"
