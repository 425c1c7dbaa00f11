from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from oms.models.orders import MONEY


class JournalEntry(models.Model):
    """One balanced movement of value, written in the transaction of the movement itself. INSERT only."""

    # What it belongs to ("capture/536365", "refund/F-…/settled"): the same cause is never booked twice.
    cause = models.CharField(_("cause"), max_length=100, unique=True)
    order = models.ForeignKey("oms.Order", models.PROTECT, related_name="journal_entries", null=True)
    occurred_at = models.DateTimeField(_("happened"))
    # Left to PostgreSQL: when it happened, or the first instant of the first open period. Named, it must be open.
    booked_at = models.DateTimeField(_("booked"), db_default=Value(None))
    # Of an entry made by hand: who made it, and why, without personal data.
    by = models.CharField(max_length=60, blank=True, db_default="")
    note = models.CharField(_("note"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        indexes = [
            # the ledger, newest first, and every balance at an instant
            models.Index(fields=["-booked_at", "-id"], name="entry_booked"),
        ]

    def __str__(self) -> str:
        return self.cause


class Posting(models.Model):
    """Debit positive, credit negative. A trigger refuses an entry that is not zero per currency."""

    entry = models.ForeignKey(JournalEntry, models.PROTECT, related_name="postings")
    account = models.CharField(max_length=24)
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    tax_rate = models.DecimalField(max_digits=7, decimal_places=4, null=True)  # of a posting to sales tax, in percent

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(account=""), name="posting_account")]
        indexes = [
            # one account's postings
            models.Index(fields=["account", "entry"], name="posting_of_account"),
        ]

    def __str__(self) -> str:
        return f"posting {self.pk}"
