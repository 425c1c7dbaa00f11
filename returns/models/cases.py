import base64
import hmac

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oms.encryption import PersonalTextField
from oms.identifiers import uuid7
from oms.models import Customer, Order, Shipment, StreamOwner
from oms.models.orders import MONEY
from oms.states import OrderKind
from returns.case_states import CaseCause, CaseDecision, CaseKind, CaseStatus
from returns.models.parcels import Parcel
from returns.models.rma import RMA


class ParcelCase(StreamOwner):
    """A parcel that went wrong: to the customer (`shipment`) or back to us (`parcel`). One per parcel and kind.

    `rma` is the return the goods come back by, or the one a lost parcel belongs to. The claim is what the carrier owes
    us for it: asked for, and what came of it.
    """

    stream_prefix = "case"

    ref = models.UUIDField(default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="parcel_cases")
    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="cases", null=True)
    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="cases", null=True)
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="cases", null=True)
    kind = models.CharField(_("what happened"), max_length=16, choices=CaseKind)
    status = models.CharField(_("status"), max_length=12, choices=CaseStatus)
    cause = models.CharField(_("why, says the customer"), max_length=16, choices=CaseCause, blank=True)
    note = PersonalTextField(_("customer's note"))
    decision = models.CharField(_("decision"), max_length=12, choices=CaseDecision, blank=True)
    word = models.CharField(_("the carrier's word"), max_length=40, blank=True)
    link_version = models.PositiveSmallIntegerField(default=1, editable=False)
    happened_at = models.DateTimeField(_("happened"))
    opened_at = models.DateTimeField(_("opened"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    claim_reference = models.CharField(_("the carrier's number of the claim"), max_length=60, blank=True)
    claimed = models.DecimalField(_("claimed"), **MONEY, null=True)
    recovered = models.DecimalField(_("recovered"), **MONEY, null=True)

    class Meta:
        verbose_name = _("parcel case")
        verbose_name_plural = _("parcel cases")
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "kind"], condition=Q(shipment__isnull=False), name="case_once_per_shipment"
            ),
            models.UniqueConstraint(
                fields=["parcel", "kind"], condition=Q(parcel__isnull=False), name="case_once_per_parcel"
            ),
            models.CheckConstraint(
                condition=Q(shipment__isnull=False) ^ Q(parcel__isnull=False), name="case_of_one_parcel"
            ),
            models.CheckConstraint(condition=Q(claimed__isnull=True) | Q(claimed__gt=0), name="case_claimed"),
            models.CheckConstraint(condition=Q(recovered__isnull=True) | Q(recovered__gte=0), name="case_recovered"),
        ]
        indexes = [
            # worklist: what is not closed, oldest first
            models.Index(fields=["opened_at"], name="case_open", condition=~Q(status=CaseStatus.CLOSED)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def person(self) -> Customer:
        """Who is asked and told: the buyer; of a gift that comes back, whoever sends it."""
        return (self.rma.recipient if self.rma else None) or self.order.customer

    def personal_owner(self) -> Customer:
        return self.person

    @property
    def comes_back(self) -> bool:
        """Whether the carrier brings goods of ours back that were on their way to the customer."""
        return self.shipment_id is not None and self.kind in CaseKind.coming_back()

    @property
    def is_replacement(self) -> bool:
        """Whether what went wrong was sent instead of something else, at no charge: of it no money follows."""
        return self.shipment_id is not None and self.order.kind == OrderKind.REPLACEMENT

    @property
    def is_paid_back(self) -> bool:
        """Whether the goods of a parcel that comes back were paid for: neither a replacement nor the customer's own."""
        return self.order.kind in (OrderKind.SALE, OrderKind.EXCHANGE) or self.decision == CaseDecision.REFUND

    @property
    def is_decided_by_people(self) -> bool:
        """Whether somebody says what the customer gets; all else follows by itself."""
        return self.kind in CaseKind.decided_by_people() or (self.comes_back and self.is_replacement)

    @property
    def tracking_number(self) -> str:
        moved = self.shipment or self.parcel
        return moved.tracking_number if moved else ""

    @property
    def carrier(self) -> str:
        moved = self.shipment or self.parcel
        return moved.carrier if moved else ""

    @property
    def signature(self) -> str:
        """What makes the customer's link unguessable: 128 bits that only this installation can compute."""
        message = f"case-link/{self.ref}/{self.link_version}".encode()
        digest = hmac.digest(settings.SECRET_KEY.encode(), message, "sha256")[:16]
        return base64.b32encode(digest).decode().rstrip("=").lower()

    def get_portal_path(self) -> str:
        return reverse("portal:case", args=[self.number, self.signature])

    def get_portal_url(self) -> str:
        return settings.PUBLIC_URL + self.get_portal_path()

    def get_absolute_url(self) -> str:
        return reverse("returns:case", args=[self.number])
