from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models import Order


class LookupAttempt(models.Model):
    """How often something was tried within an hour: kept here, since the cache may vanish at any moment (p42, S4).

    `key` is the blind index of an order number or of a client address: neither can be read from the table.
    """

    key = models.BinaryField()
    window = models.DateTimeField()  # start of the hour
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("lookup attempt")
        verbose_name_plural = _("lookup attempts")
        constraints = [models.UniqueConstraint(fields=["key", "window"], name="lookup_attempt_once")]

    def __str__(self) -> str:
        return f"lookup attempt {self.pk}"


class LinkRequest(models.Model):
    """Somebody asked for the mailed link. Written whether or not the details match, so that both cost the same."""

    # Without a constraint: checking it would take longer for an order that is there.
    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    asked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("link request")
        verbose_name_plural = _("link requests")
        indexes = [
            # the task that mails links looks for what matched
            models.Index(fields=["asked_at"], name="link_request_matched", condition=Q(order__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"link request {self.pk}"
