from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from oms.encryption import PersonalBytesField
from oms.identifiers import uuid7
from oms.models import Customer, Order
from oms.models.orders import MONEY
from returns.models.rma import RMA
from returns.states import DispatchStatus, ReleaseAt


class Dispatch(models.Model):
    """An order going out because of a return, an exchange or a replacement, from the shelf to the customer's door.

    Its goods, price and payments stand on the order; what happens to it is told in the story of the return. The
    carrier's shipment id is stored before the label is bought: none is bought twice (p18).
    """

    ref = models.UUIDField(default=uuid7, editable=False)
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="dispatches")
    order = models.OneToOneField(Order, models.PROTECT, related_name="dispatch")
    status = models.CharField(_("status"), max_length=12, choices=DispatchStatus)
    # The customer's own goods on their way back, beside whatever else goes out for the return.
    sends_back = models.BooleanField(_("the customer's own goods"), default=False, db_default=False)
    release_at = models.CharField(_("leaves"), max_length=12, choices=ReleaseAt)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="dispatches")
    # Units in the box so far, by order line: {"17": 2}.
    packed = models.JSONField(default=dict)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    service = models.CharField(_("service"), max_length=60, blank=True)
    choice = models.CharField(_("why this one"), max_length=200, blank=True)
    shipment_id = models.CharField(max_length=60, blank=True)
    rate_id = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    tracking_url = models.CharField(max_length=300, blank=True)
    price = models.DecimalField(_("price"), **MONEY, null=True)
    currency = models.CharField(max_length=3, blank=True)
    label = PersonalBytesField(_("label as fetched"))
    label_type = models.CharField(max_length=40, blank=True)
    planned_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    packed_at = models.DateTimeField(null=True)
    labeled_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("dispatch")
        verbose_name_plural = _("dispatches")
        constraints = [
            # What is exchanged or replaced is so once (p52).
            models.UniqueConstraint(
                fields=["rma"],
                condition=~Q(status__in=DispatchStatus.void()) & Q(sends_back=False),
                name="one_dispatch_per_return",
            ),
        ]
        indexes = [
            # webhooks, the packing bench: a tracking number names a dispatch
            models.Index(fields=["tracking_number"], name="dispatch_tracking", condition=~Q(tracking_number="")),
            # the dock's list
            models.Index(
                fields=["status", "planned_at"],
                name="dispatch_open",
                condition=~Q(status__in=(DispatchStatus.DELIVERED, *DispatchStatus.void())),
            ),
        ]

    def __str__(self) -> str:
        return self.order.number

    def personal_owner(self) -> Customer:
        return self.rma.sender
