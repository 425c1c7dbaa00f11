from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models.orders import MONEY


class JournalEntry(models.Model):
    """One balanced movement of value, written in the transaction of the movement itself. INSERT only."""

    # What it belongs to ("capture/536365", "refund/F-…/settled"): the same cause is never booked twice.
    cause = models.CharField(max_length=100, unique=True)
    order = models.ForeignKey("oms.Order", models.PROTECT, related_name="journal_entries", null=True)
    booked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")

    def __str__(self) -> str:
        return self.cause


class Posting(models.Model):
    """Debit positive, credit negative. A trigger refuses an entry that is not zero per currency."""

    entry = models.ForeignKey(JournalEntry, models.PROTECT, related_name="postings")
    account = models.CharField(max_length=24)
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(account=""), name="posting_account")]

    def __str__(self) -> str:
        return f"posting {self.pk}"
