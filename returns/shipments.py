"""Hearing where the parcels of orders are: delivered, refused, coming back, lost. Called outside transactions only."""

import logging
from datetime import datetime

from django.db.models import F, Q

from oms import lifecycle as orders
from oms.models import Shipment
from oms.states import OrderKind, ShipmentStatus
from returns import lifecycle, wrongs
from returns.carriers import easypost
from returns.carriers.base import Carrier, CarrierError, ParcelNews, Tracking

logger = logging.getLogger(__name__)

OPEN = (ShipmentStatus.SHIPPED, ShipmentStatus.LOST)


def take(shipment: Shipment, news: Tracking, *, at: datetime) -> None:
    """Take one word of the carrier about a parcel to a customer. Harmless when repeated or out of order."""
    happened_at = wrongs.happened_at(news, at)
    if happened_at < shipment.shipped_at:
        return  # about another parcel with this number, long ago
    if news.news == ParcelNews.DELIVERED:
        lifecycle.deliver_shipment(shipment.pk, by="carrier", at=happened_at)
    elif kind := wrongs.kind_of(news):
        word = wrongs.word_of(news)
        lifecycle.open_for_shipment(shipment.pk, kind=kind, word=word, happened_at=happened_at, by="carrier", at=at)


def take_news(news: Tracking, *, at: datetime) -> bool:
    """Take what a webhook tells; False when it is about no parcel of ours."""
    known = Shipment.objects.filter(~Q(tracking_number=""), tracking_number=news.tracking_number)
    shipment = known.select_related("order").order_by("pk").last()
    if shipment is not None and shipment.status in OPEN:
        take(shipment, news, at=at)
    return shipment is not None


def poll(*, at: datetime, silent_since: datetime, limit: int, carrier: Carrier | None = None) -> int:
    """Ask the carrier about parcels on their way to customers; returns how many answered. What goes out because of a
    return is asked for with it."""
    carrier = carrier or easypost.from_settings()
    moving = Shipment.objects.filter(~Q(tracking_number=""), status=ShipmentStatus.SHIPPED, shipped_at__lt=silent_since)
    silent = moving.filter(order__kind=OrderKind.SALE).filter(Q(asked_at=None) | Q(asked_at__lt=silent_since))
    answered = 0
    for shipment in silent.order_by(F("asked_at").asc(nulls_first=True), "shipped_at")[:limit]:
        try:
            news = carrier.tracker(shipment.tracking_number, shipment.carrier)
        except CarrierError as problem:
            logger.warning("shipment %s could not be asked for: %s", shipment.pk, problem.code or "no answer")
            if problem.retryable:
                break  # the carrier is down: the rest would only wait for it too
            orders.note_asked(shipment.pk, at=at)
            continue
        orders.note_asked(shipment.pk, at=at)
        take(shipment, news, at=at)
        answered += 1
    return answered
