"""Where a return stands, in one sentence: the same on every list, page and mail (R2, R103–R105).

`situation` names what happened, what is next and by when, and whose turn it is. Lists call it on rows of
`with_facts(queryset)`, which reads what it needs at once.
"""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from oms import shops
from oms.models import Shop
from returns.models import RMA, Dispatch, LabelFile, Parcel
from returns.parcels import PLAN
from returns.situation import here, on_its_way
from returns.situation.here import ASKS_THE_CUSTOMER
from returns.situation.words import Situation, Story, Turn, open_holds
from returns.states import RMAStatus

__all__ = ["PARCELS", "PARCELS_TOLD", "TOLD_OF", "Situation", "Turn", "situation", "with_facts"]

# A label is large and told nowhere. Told are its other forms {kind, ready, refused} and, where several parcels share a
# return, what lies in each {line, quantity}.
_FORMS = LabelFile.objects.filter(parcel=OuterRef("pk")).order_by("pk")
_FORM = JSONObject(kind="kind", ready=Q(fetched_at__isnull=False), refused=Q(refused_at__isnull=False))
PARCELS = Prefetch(
    "parcels",
    Parcel.objects.defer("label").annotate(
        forms=ArraySubquery(_FORMS.values(told=_FORM)),
        plan=PLAN,
    ),
)

# For lists, which show no parcel: what the sentences ask of parcels and returns, and no more.
PARCELS_TOLD = Prefetch(
    "parcels",
    Parcel.objects.only(
        *("rma_id", "status", "tracking_number", "shipment_id", "labeled_at", "delivered_at"),
        *("expected_on", "held_for", "pickup_on"),
    ),
    to_attr="parcels_told",  # else Django filters anew for each return
)
TOLD_OF = (
    *("status", "settlement", "source", "resolution", "decision", "requested_at", "approved_at", "expires_at"),
    *("received_at", "inspected_at", "settled_at", "closed_at"),
    *("warehouse__time_zone", "warehouse__working_days", "warehouse__holidays"),
)


def with_facts(returns: "QuerySet[RMA]", *, parcels: Prefetch = PARCELS) -> "QuerySet[RMA]":
    """Read with each return what its situation is told from."""
    going_out = Dispatch.objects.filter(rma=OuterRef("pk"), status__in=ASKS_THE_CUSTOMER).values("status")[:1]
    told = returns.select_related("warehouse").prefetch_related(parcels)
    return told.annotate(open_hold=Subquery(open_holds(OuterRef("pk"))[:1]), goods_ask=Subquery(going_out))


def situation(rma: RMA, now: datetime, *, shop: Shop | None = None) -> Situation:
    """Tell where this return stands at `now`. `shop` spares a list reading the settings for each row."""
    return _BY_STATUS[RMAStatus(rma.status)](Story(rma, now, shop or shops.current()))


_BY_STATUS = {
    RMAStatus.NEEDS_REVIEW: on_its_way.needs_review,
    RMAStatus.NEEDS_INFO: on_its_way.needs_info,
    RMAStatus.APPROVED: on_its_way.approved,
    RMAStatus.IN_TRANSIT: on_its_way.in_transit,
    RMAStatus.RECEIVING: here.receiving,
    RMAStatus.RECEIVED: here.received,
    RMAStatus.INSPECTED: here.inspected,
    RMAStatus.CLOSED: here.closed,
    RMAStatus.REJECTED: here.rejected,
    RMAStatus.CANCELED: here.canceled,
    RMAStatus.EXPIRED: here.expired,
}
