from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oms.models import StreamOwner, User
from oms.models.orders import MONEY
from oms.roles import allowed
from refunds.models.memos import CreditMemo
from refunds.models.refunds import Refund
from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.states import DiscrepancyStatus, Outcome, RunStatus

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class ReconciliationRun(StreamOwner):
    """One comparison of a period: our refunds with what the providers and the accounting have.

    Long work in chunks: `checkpoint` says what comes next, `done` of `total` steps are behind it. Whoever works on it
    holds a lease; when a worker dies, the next one goes on from the checkpoint.
    """

    stream_prefix = "reconciliation"

    number = models.CharField(_("number"), max_length=24, unique=True)
    status = models.CharField(_("status"), max_length=12, choices=RunStatus)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    providers = models.JSONField(default=list)  # asked over their interface
    files = models.JSONField(default=list)  # [{book, layout, name, digest, lines}]: read when they were handed in
    checkpoint = models.JSONField(default=dict)
    found = models.JSONField(default=list)  # differences not noted yet
    counts = models.JSONField(default=dict)  # {refunds, memos, lines, differences: {cause: n}, new, again, gone}
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=300, blank=True)
    requested_by = models.CharField(max_length=60)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        constraints = [models.CheckConstraint(condition=Q(since__lt=F("until")), name="reconciliation_period")]
        indexes = [
            # what is to be worked on, the oldest first
            models.Index(fields=["id"], name="reconciliation_live", condition=Q(status__in=RunStatus.live())),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("reconciliation:run", args=[self.number])

    @property
    def is_live(self) -> bool:
        return self.status in RunStatus.live()


class StatementLine(models.Model):
    """A row of somebody else's book while a run needs it; deleted when it ends. Amounts in the smallest unit."""

    run = models.ForeignKey(ReconciliationRun, models.CASCADE, related_name="lines", db_index=False)
    book = models.CharField(max_length=12, choices=Book)
    provider = models.CharField(max_length=16, blank=True)
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=80)
    about = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    fee = models.BigIntegerField(default=0)
    reference = models.CharField(max_length=200, blank=True)
    order = models.CharField(max_length=80, blank=True)
    payment = models.CharField(max_length=80, blank=True)
    payout = models.CharField(max_length=80, blank=True)
    standing = models.CharField(max_length=12, blank=True)
    available_at = models.DateTimeField(null=True)
    line = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "book", "provider", "key"], name="statement_line_once")]

    def __str__(self) -> str:
        return f"{self.book} {self.key}"


class DiscrepancyQuerySet(models.QuerySet["Discrepancy"]):
    def visible_to(self, user: "User | AnonymousUser") -> "DiscrepancyQuerySet":
        """What this person may see; all else is the same 404 as what is not there."""
        return self if allowed(user, "see reconciliation") else self.none()

    def to_do(self) -> "DiscrepancyQuerySet":
        return self.filter(status__in=DiscrepancyStatus.to_do())


class Discrepancy(StreamOwner):
    """Something two books disagree about, until a person has explained it (R88).

    `key` is the same in every run that finds it, so it is one row however often it is seen. `here` and `there` are the
    two sides as they were seen last: numbers, times and states as text, never a person.
    """

    stream_prefix = "discrepancy"

    number = models.CharField(_("number"), max_length=24, unique=True)
    key = models.CharField(max_length=200, unique=True)
    book = models.CharField(_("book"), max_length=12, choices=Book)
    provider = models.CharField(max_length=16, blank=True)
    cause = models.CharField(_("cause"), max_length=16, choices=Cause)
    status = models.CharField(_("status"), max_length=12, choices=DiscrepancyStatus)
    refund = models.ForeignKey(Refund, models.PROTECT, related_name="discrepancies", null=True)
    memo = models.ForeignKey(CreditMemo, models.PROTECT, related_name="discrepancies", null=True)
    amount_here = models.DecimalField(_("here"), **MONEY, null=True)
    currency_here = models.CharField(max_length=3, blank=True)
    amount_there = models.DecimalField(_("there"), **MONEY, null=True)
    currency_there = models.CharField(max_length=3, blank=True)
    here = models.JSONField(default=dict)
    there = models.JSONField(default=dict)
    happened_at = models.DateTimeField(_("happened"))
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    seen_in = models.ForeignKey(ReconciliationRun, models.PROTECT, related_name="discrepancies")
    assignee = models.ForeignKey(User, models.PROTECT, related_name="discrepancies", null=True)
    outcome = models.CharField(_("how"), max_length=16, choices=Outcome, blank=True)
    reason = models.CharField(_("why"), max_length=300, blank=True)
    resolved_at = models.DateTimeField(null=True)

    objects = DiscrepancyQuerySet.as_manager()

    class Meta:
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=DiscrepancyStatus.RESOLVED) | (~Q(outcome="") & ~Q(reason="")),
                name="discrepancy_resolved_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=DiscrepancyStatus.ASSIGNED) | Q(assignee__isnull=False),
                name="discrepancy_assigned_to_somebody",
            ),
        ]
        indexes = [
            # the worklist, the oldest first
            models.Index(
                fields=["happened_at", "id"],
                name="discrepancy_to_do",
                condition=Q(status__in=DiscrepancyStatus.to_do()),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("reconciliation:discrepancy", args=[self.number])


class DiscrepancyNote(models.Model):
    """What a colleague found out. Written once."""

    discrepancy = models.ForeignKey(Discrepancy, models.PROTECT, related_name="notes")
    text = models.CharField(max_length=500)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"note {self.pk}"
