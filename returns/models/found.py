from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Bin, Warehouse
from oms.encryption import SYSTEM, PersonalTextField, SystemOwner
from oms.identifiers import uuid7
from oms.models import Product, StreamOwner
from returns.found_states import FoundKind, FoundStatus
from returns.models.inspections import Receipt
from returns.models.rma import RMA, ReturnLine


class FoundGoods(StreamOwner):
    """Goods at the dock that no line of a return stands for, in a bin, until a person says what they are.

    Not stock: nothing is booked before they belong to a return. What came in one parcel shares its `form_token`.
    """

    stream_prefix = "found"

    ref = models.UUIDField(default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=FoundKind)
    status = models.CharField(_("status"), max_length=12, choices=FoundStatus)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    bin = models.ForeignKey(Bin, models.PROTECT, null=True, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    code = models.CharField(_("code on it"), max_length=60, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    rma = models.ForeignKey(RMA, models.PROTECT, null=True, related_name="found")  # it lay in, or belongs to
    line = models.ForeignKey(ReturnLine, models.PROTECT, null=True, related_name="found")
    receipt = models.OneToOneField(Receipt, models.PROTECT, null=True, related_name="found")  # of a mismatch
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    hints = PersonalTextField(_("what is known of the sender"))
    form_token = models.UUIDField()
    withdrawn_token = models.UUIDField(null=True)  # of the page that took it back
    position = models.PositiveSmallIntegerField(default=0)  # in its form
    by = models.CharField(max_length=60)
    found_at = models.DateTimeField(_("found"))
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("found goods")
        verbose_name_plural = _("found goods")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="found_quantity"),
            models.UniqueConstraint(fields=["form_token", "position"], name="found_form_once"),
        ]
        indexes = [
            # the worklist, the oldest first
            models.Index(fields=["found_at"], name="found_open", condition=Q(status__in=FoundStatus.open())),
        ]

    def __str__(self) -> str:
        return self.number

    def personal_owner(self) -> SystemOwner:
        """Nobody knows whose they are; what is written of the sender is ours to keep and to delete."""
        return SYSTEM
