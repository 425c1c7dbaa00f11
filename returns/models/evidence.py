"""What stands beside an inspection: its questions, a phone for photos, a second look, a pack of evidence."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition
from inventory.states import Grade
from oms.encryption import PersonalBytesField
from oms.identifiers import uuid7
from oms.models import Customer
from returns.models.inspections import Outcome, Receipt
from returns.models.rma import RMA


class Checklist(models.Model):
    """The questions an inspection of this category is asked, from one day until the next version. INSERT only.

    The rows of category "" are for every category without one of its own. No questions: nothing is asked any more.
    """

    category = models.CharField(_("category"), max_length=60, blank=True)
    version = models.PositiveIntegerField(_("version"))
    questions = models.JSONField(_("questions"), default=list)  # ["All parts are there", …], each answered yes or no
    by = models.CharField(max_length=60)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("checklist")
        verbose_name_plural = _("checklists")
        constraints = [models.UniqueConstraint(fields=["category", "version"], name="checklist_version_once")]

    def __str__(self) -> str:
        return f"{self.category or 'every other category'}, version {self.version}"


class ChecklistAnswers(models.Model):
    """What an inspection answered to the version of its day: yes, no, or "" where nothing was said."""

    outcome = models.OneToOneField(Outcome, models.PROTECT, related_name="checklist_answers")
    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="+")
    answers = models.JSONField(default=list)

    class Meta:
        verbose_name = _("checklist answers")
        verbose_name_plural = _("checklist answers")

    def __str__(self) -> str:
        return f"answers {self.pk}"


class PairedPhone(models.Model):
    """A phone beside a station that may add photos to one inspection for some minutes. Its token is kept as a hash."""

    ref = models.UUIDField(default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="phones")
    by = models.CharField(max_length=60)  # at whose station; the photos are theirs
    paired_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("paired phone")
        verbose_name_plural = _("paired phones")
        constraints = [
            # One phone per station at a time.
            models.UniqueConstraint(fields=["by"], condition=Q(ended_at=None), name="one_phone_per_station"),
        ]

    def __str__(self) -> str:
        return f"phone {self.pk}"


class Regrade(models.Model):
    """A piece that another person grades again without seeing the first result (first 13)."""

    outcome = models.OneToOneField(Outcome, models.PROTECT, related_name="regrade")
    first_by = models.CharField(max_length=60)
    chosen_at = models.DateTimeField()
    condition = models.ForeignKey(Condition, models.PROTECT, null=True, related_name="+")
    grade = models.CharField(_("grade"), max_length=1, choices=Grade, blank=True)
    by = models.CharField(max_length=60, blank=True)
    graded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("second grading")
        verbose_name_plural = _("second gradings")
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("first_by")), name="regrade_by_another"),
            models.CheckConstraint(
                condition=Q(graded_at__isnull=True, by="") | (Q(graded_at__isnull=False) & ~Q(by="")),
                name="regrade_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["chosen_at"], name="regrade_open", condition=Q(graded_at=None))]

    def __str__(self) -> str:
        return f"second grading {self.pk}"


class EvidencePack(models.Model):
    """One file about a return for a dispute: photos side by side, who took them when, their hashes, what happened."""

    ref = models.UUIDField(default=uuid7, editable=False, unique=True)
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="evidence_packs")
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    content = PersonalBytesField()
    sha256 = models.CharField(max_length=64, blank=True)  # of the file as it is downloaded
    photos = models.PositiveIntegerField(default=0)
    built_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("evidence pack")
        verbose_name_plural = _("evidence packs")
        constraints = [
            models.UniqueConstraint(fields=["rma"], condition=Q(built_at=None), name="one_evidence_pack_under_way"),
        ]

    def __str__(self) -> str:
        return f"evidence pack {self.pk}"

    def personal_owner(self) -> Customer:
        return self.rma.sender
