from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.encryption import SYSTEM, KeyOwner, PersonalBytesField
from oms.identifiers import uuid7
from oms.models import OrderLine
from returns.models.drafts import ReturnDraft
from returns.models.evidence import PairedPhone
from returns.models.found import FoundGoods
from returns.models.inspections import Outcome
from returns.models.rma import RMA, ReturnLine
from returns.models.verdicts import Verdict


class ReturnPhoto(models.Model):
    """A picture of returned goods, re-encoded by us, kept encrypted. From the customer or from the dock (R74)."""

    ref = models.UUIDField(default=uuid7, editable=False, unique=True)
    # While the return is being put together a photo belongs to the draft and says which order line it shows.
    draft = models.ForeignKey(ReturnDraft, models.CASCADE, related_name="photos", null=True)
    order_line = models.ForeignKey(OrderLine, models.PROTECT, null=True, related_name="+", db_index=False)
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="photos", null=True)
    line = models.ForeignKey(ReturnLine, models.PROTECT, related_name="photos", null=True)
    outcome = models.ForeignKey(Outcome, models.PROTECT, related_name="photos", null=True)
    # Taken with a verdict that still waits to be booked; then it belongs to the outcome.
    verdict = models.ForeignKey(Verdict, models.PROTECT, related_name="photos", null=True)
    found = models.ForeignKey(FoundGoods, models.PROTECT, related_name="photos", null=True)
    phone = models.ForeignKey(PairedPhone, models.PROTECT, related_name="photos", null=True)
    content = PersonalBytesField()
    sha256 = models.CharField(max_length=64)  # of what is stored, before encryption
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # What it looks like, whole and cropped: the same picture is found in another claim (returns.photo_matching).
    across = ArrayField(models.BigIntegerField(), default=list)
    down = ArrayField(models.BigIntegerField(), default=list)
    taken_by = models.CharField(max_length=60)  # actor
    taken_at = models.DateTimeField()
    compared_at = models.DateTimeField(null=True)  # with the photos of all other returns

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints = [
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="photo_size"),
            models.CheckConstraint(
                condition=Q(draft__isnull=False) | Q(rma__isnull=False) | Q(found__isnull=False), name="photo_belongs"
            ),
        ]

        indexes = [
            # those still to be compared
            models.Index(fields=["id"], name="photo_to_compare", condition=Q(compared_at=None, rma__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"photo {self.pk}"

    def personal_owner(self) -> KeyOwner:
        if self.found_id is not None:
            return SYSTEM
        owner = self.rma or self.draft
        return owner.sender


class PhotoMatch(models.Model):
    """The same picture in a return of another order: somebody should look (R148, R149)."""

    photo = models.ForeignKey(ReturnPhoto, models.CASCADE, related_name="matches")
    other = models.ForeignKey(ReturnPhoto, models.CASCADE, related_name="+")
    found_at = models.DateTimeField()

    class Meta:
        verbose_name = _("photo match")
        verbose_name_plural = _("photo matches")
        constraints = [models.UniqueConstraint(fields=["photo", "other"], name="photo_match_once")]

    def __str__(self) -> str:
        return f"match {self.pk}"
