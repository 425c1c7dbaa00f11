"""The label leak finder: labels that were paid for and never scanned go back to the carrier, within its time.

Called outside transactions only. Nothing that has a scan is ever given back: not one that we heard of, and not one that
the carrier tells when it is asked just before.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from returns import lifecycle, tracking
from returns.carriers import easypost
from returns.carriers.base import Carrier, CarrierError, ParcelNews
from returns.leak_states import LabelRefundStatus
from returns.lifecycle.parcels import ON_THE_WAY
from returns.models import LabelRefund, Parcel
from returns.states import ParcelStatus, RMAStatus

logger = logging.getLogger(__name__)

# Days after the label within which a carrier takes it back; of others the shortest is assumed.
# https://docs.easypost.com/docs/shipments/shipping-refund
WINDOWS = {"usps": 30, "ups": 90, "upsdap": 90, "fedex": 90, "fedexdefault": 90}
SHORTEST = 30
UNUSED_AFTER = timedelta(days=14)  # a label still valid for an open return is not touched
ASK_EVERY = timedelta(hours=20)
ASK_AGAIN, MOST_TIMES = timedelta(days=7), 3  # a refusal is not always the last word
NOT_SCANNED = (ParcelNews.UNKNOWN, ParcelNews.PRE_TRANSIT, ParcelNews.CANCELLED, ParcelNews.ERROR)
OPEN = tuple(status for status in RMAStatus.open() if status != RMAStatus.INSPECTED)


@dataclass(slots=True)
class Night:
    """What one look found: how many labels were given back, had a scan after all, could not be asked for."""

    given_back: int = 0
    scanned: int = 0
    unanswered: int = 0
    answers: int = 0


def last_day(parcel: Parcel) -> datetime | None:
    """Until when the carrier takes this label back."""
    if parcel.labeled_at is None:
        return None
    return parcel.labeled_at + timedelta(days=WINDOWS.get(parcel.carrier.lower(), SHORTEST))


def unused(*, at: datetime) -> QuerySet[Parcel]:
    """Labels bought, nowhere scanned, needed by nobody: voided ones, and those of returns that are over."""
    bought = Parcel.objects.filter(labeled_at__isnull=False, price__gt=0).exclude(shipment_id="")
    over = Q(status=ParcelStatus.LABELED, labeled_at__lt=at - UNUSED_AFTER) & ~Q(rma__status__in=OPEN)
    idle = bought.filter(Q(status=ParcelStatus.VOIDED) | over, shipped_at=None, delivered_at=None, arrived_at=None)
    idle = idle.exclude(tracking_events__status__in=ON_THE_WAY).exclude(receipts__isnull=False)
    return idle.select_related("rma__order").defer("label").order_by("labeled_at", "pk")


def to_give_back(*, at: datetime) -> list[Parcel]:
    """What can still be given back and was not yet, or was refused a while ago; oldest first."""
    refused = Q(label_refund__status=LabelRefundStatus.REJECTED, label_refund__times__lt=MOST_TIMES)
    again = refused & Q(label_refund__asked_at__lt=at - ASK_AGAIN)
    found = unused(at=at).filter(Q(label_refund=None) | again)
    return [parcel for parcel in found if (last := last_day(parcel)) is not None and last >= at]


def too_late(*, at: datetime) -> list[Parcel]:
    """What nobody gave back in time: money that is gone."""
    found = unused(at=at).filter(label_refund=None)
    return [parcel for parcel in found if (last := last_day(parcel)) is not None and last < at]


def give_back(parcels: Iterable[Parcel], *, by: str, at: datetime, carrier: Carrier | None = None) -> Night:
    """Give these labels back, one by one. Asking the carrier twice for one label changes nothing there."""
    carrier, night = carrier or easypost.from_settings(), Night()
    for parcel in parcels:
        try:
            news = carrier.tracker(parcel.tracking_number, parcel.carrier)
            if news.news not in NOT_SCANNED:
                tracking.take(parcel.pk, news, at=at)  # it is on its way after all, or was
                night.scanned += 1
                continue
            status = carrier.refund_label(parcel.shipment_id)
        except CarrierError as problem:
            logger.warning("label %s could not be given back: %s", parcel.pk, problem.code or "no answer")
            night.unanswered += 1
            if problem.retryable:
                break  # the carrier is down: the rest comes the next night
            continue
        lifecycle.give_label_back(parcel.pk, status=_known(status), by=by, at=at)
        night.given_back += 1
    return night


def ask(*, by: str, at: datetime, limit: int, carrier: Carrier | None = None) -> int:
    """Ask what became of labels given back; returns how many were answered. It takes the carrier up to 30 days."""
    carrier, answers = carrier or easypost.from_settings(), 0
    waiting = LabelRefund.objects.filter(status=LabelRefundStatus.SUBMITTED)
    waiting = waiting.filter(Q(looked_up_at=None) | Q(looked_up_at__lt=at - ASK_EVERY), asked_at__lt=at - ASK_EVERY)
    for refund in waiting.select_related("parcel").defer("parcel__label").order_by("looked_up_at", "pk")[:limit]:
        try:
            status = _known(carrier.label_refund(refund.parcel.shipment_id))
        except CarrierError as problem:
            logger.warning("label %s could not be asked for: %s", refund.parcel_id, problem.code or "no answer")
            if problem.retryable:
                break
            continue
        finally:
            lifecycle.note_label_asked(refund, at=at)
        if status != LabelRefundStatus.SUBMITTED:
            lifecycle.answer_label(refund.parcel_id, status=status, by=by, at=at)
            answers += 1
    return answers


def _known(status: str) -> LabelRefundStatus:
    """The carrier's word; one we do not know is asked for again."""
    return LabelRefundStatus(status) if status in LabelRefundStatus.values else LabelRefundStatus.SUBMITTED


def look(*, at: datetime, limit: int, carrier: Carrier | None = None) -> Night:
    """What happens every night."""
    night = give_back(to_give_back(at=at)[:limit], by="system", at=at, carrier=carrier)
    night.answers = ask(by="system", at=at, limit=limit, carrier=carrier)
    return night


def recovered() -> list[dict[str, Any]]:
    """Money that came back, newest month first: {month, carrier, currency, labels, amount}."""
    paid = LabelRefund.objects.filter(status=LabelRefundStatus.REFUNDED).annotate(month=TruncMonth("answered_at"))
    rows = paid.values("month", "carrier", "currency").annotate(labels=Count("pk"), amount=Sum("amount"))
    return list(rows.order_by("-month", "carrier", "currency"))


def totals(rows: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Amounts by currency."""
    summed: dict[str, Decimal] = {}
    for currency, amount in rows:
        summed[currency] = summed.get(currency, Decimal(0)) + amount
    return dict(sorted(summed.items()))
