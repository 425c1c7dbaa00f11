from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.encryption import PersonalBytesField
from oms.identifiers import uuid7
from oms.models import Customer
from oms.models.orders import MONEY
from returns.models.rma import RMA, ReturnLine
from returns.states import LabelHold, ParcelStatus


class Parcel(models.Model):
    """A shipment back. The carrier's shipment id is stored before the label is bought: none is bought twice (p18)."""

    ref = models.UUIDField(default=uuid7, editable=False)
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="parcels")
    status = models.CharField(_("status"), max_length=16, choices=ParcelStatus)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    service = models.CharField(_("service"), max_length=60, blank=True)
    choice = models.TextField(_("why this one"), blank=True)
    # What each carrier asked for it, cheapest first: {carrier, service, price, currency, days}; price is text.
    offers = models.JSONField(default=list)
    shipment_id = models.CharField(max_length=60, blank=True)
    rate_id = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    tracking_url = models.CharField(max_length=300, blank=True)
    price = models.DecimalField(_("price"), **MONEY, null=True)
    currency = models.CharField(max_length=3, blank=True)
    label = PersonalBytesField(_("label as fetched"))
    label_type = models.CharField(max_length=40, blank=True)
    wanted_at = models.DateTimeField()
    labeled_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    tracked_at = models.DateTimeField(null=True)  # time of the newest carrier event taken
    expected_on = models.DateField(null=True)
    # Why no label is bought before a person has done something; empty: nothing is in the way.
    held_for = models.CharField(_("waits for a person"), max_length=16, choices=LabelHold, blank=True)

    # The day on which it is collected from the customer, on the warehouse's clock; nobody buys a label for it.
    pickup_on = models.DateField(_("collected on"), null=True)

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        indexes = [
            # scan station, webhooks: a tracking number names a parcel
            models.Index(fields=["tracking_number"], name="parcel_tracking", condition=~Q(tracking_number="")),
            # polling: labels bought, not arrived
            models.Index(
                fields=["status", "wanted_at"],
                name="parcel_open",
                condition=~Q(status__in=(ParcelStatus.ARRIVED, ParcelStatus.VOIDED)),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["shipment_id"], condition=~Q(shipment_id=""), name="parcel_shipment_once")
        ]

    def __str__(self) -> str:
        return self.tracking_number or f"parcel {self.pk}"

    @property
    def is_own(self) -> bool:
        """Sent with a label that is not ours: we know its number only."""
        return self.tracking_number != "" and self.shipment_id == "" and self.labeled_at is None

    def personal_owner(self) -> Customer:
        return self.rma.sender


class ParcelLine(models.Model):
    """Units of a line that travel in this parcel. A parcel without any holds all of its return."""

    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="goods", db_index=False)
    line = models.ForeignKey(ReturnLine, models.PROTECT, related_name="parcels")
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("goods in a parcel")
        verbose_name_plural = _("goods in parcels")
        constraints = [
            models.UniqueConstraint(fields=["parcel", "line"], name="parcel_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="parcel_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.parcel_id}/{self.line_id}"


class TrackingEvent(models.Model):
    """What the carrier said, each word once, in whatever order it came."""

    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="tracking_events")
    status = models.CharField(max_length=24)
    message = models.CharField(max_length=200, blank=True)
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["parcel", "status", "occurred_at"], name="tracking_event_once")]

    def __str__(self) -> str:
        return f"tracking event {self.pk}"
