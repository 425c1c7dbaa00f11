from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.encryption import PersonalBytesField
from oms.identifiers import uuid7
from oms.models import Customer
from returns.models.parcels import Parcel
from returns.states import LabelKind


class LabelFile(models.Model):
    """A bought label in another form, or a paper that goes with it: one row per parcel and kind, once somebody asked.

    It waits until a worker has fetched it, or the carrier has said that it makes none.
    """

    ref = models.UUIDField(default=uuid7, editable=False)
    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="files", db_index=False)
    kind = models.CharField(_("kind"), max_length=8, choices=LabelKind)
    content = PersonalBytesField(_("file"))
    content_type = models.CharField(max_length=40, blank=True)
    asked_at = models.DateTimeField(_("asked for"))
    fetched_at = models.DateTimeField(_("fetched"), null=True)
    refused_at = models.DateTimeField(_("refused by the carrier"), null=True)

    class Meta:
        verbose_name = _("form of a label")
        verbose_name_plural = _("forms of labels")
        constraints = [
            models.UniqueConstraint(fields=["parcel", "kind"], name="label_file_once"),
            models.CheckConstraint(
                condition=Q(fetched_at__isnull=True) | Q(refused_at__isnull=True), name="label_file_fetched_or_refused"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parcel_id}/{self.kind}"

    def personal_owner(self) -> Customer:
        return self.parcel.rma.sender

    @property
    def waits(self) -> bool:
        return self.fetched_at is None and self.refused_at is None
