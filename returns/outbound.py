"""Getting a label for goods that go out, and hearing where they are. Called outside transactions only."""

import logging
from datetime import datetime

from django.db.models import Q

from returns import labels, lifecycle, wrongs
from returns.carriers import easypost
from returns.carriers.base import Carrier, CarrierError, ParcelNews, ParcelSpec, Tracking
from returns.carriers.choice import choose
from returns.models import Dispatch
from returns.states import DispatchStatus

logger = logging.getLogger(__name__)

MOVING = (ParcelNews.IN_TRANSIT, ParcelNews.OUT_FOR_DELIVERY, ParcelNews.AVAILABLE_FOR_PICKUP)
UNDER_WAY = (DispatchStatus.LABELED, DispatchStatus.SHIPPED)


def buy_label(dispatch_id: int, *, at: datetime, carrier: Carrier | None = None) -> Dispatch:
    """Ask for rates, keep the shipment, buy its label, keep the label: safe to repeat at every step (p18).

    Raises CarrierError; what was reached is kept and the next call goes on from there.
    """
    carrier = carrier or easypost.from_settings()
    dispatch = Dispatch.objects.select_related("order__customer", "warehouse", "rma__order").get(pk=dispatch_id)
    if dispatch.status != DispatchStatus.PACKED:
        return dispatch
    if not dispatch.shipment_id:
        quotes = carrier.rates_out(
            labels.shop_at(dispatch.warehouse),
            labels.address_of(dispatch.order.customer, dispatch.order),
            _spec(dispatch),
            reference=f"dispatch-{dispatch.pk}",
        )
        rate, choice = choose(quotes.rates)
        dispatch = lifecycle.note_outbound_shipment(
            dispatch_id, shipment_id=quotes.shipment_id, rate_id=rate.id, choice=choice
        )
    label = carrier.buy(dispatch.shipment_id, dispatch.rate_id)
    return lifecycle.label_dispatch(dispatch_id, labels.bought_of(label, dispatch.choice), by="carrier", at=at)


def _spec(dispatch: Dispatch) -> ParcelSpec:
    lines = dispatch.order.lines.select_related("product")
    return labels.weighing(
        sum((line.quantity - line.canceled) * (line.product.weight_grams if line.product else 500) for line in lines)
    )


def named(tracking_number: str) -> Dispatch | None:
    """What goes out under this tracking number."""
    known = Dispatch.objects.filter(~Q(tracking_number=""), tracking_number=tracking_number).defer("label")
    return known.order_by("pk").last()


def take(dispatch: Dispatch, news: Tracking, *, at: datetime) -> None:
    """Take one word of the carrier about one dispatch. Harmless when repeated or out of order."""
    if news.news == ParcelNews.DELIVERED:
        lifecycle.arrive(dispatch.pk, by="carrier", at=at)
    elif news.news in MOVING and dispatch.status == DispatchStatus.LABELED:
        lifecycle.send(dispatch.pk, by="carrier", at=at)
    elif kind := wrongs.kind_of(news):
        happened = wrongs.happened_at(news, at)
        lifecycle.come_back(
            dispatch.pk, status=wrongs.word_of(news), kind=kind, happened_at=happened, by="carrier", at=at
        )


def take_news(news: Tracking, *, at: datetime) -> bool:
    """Take what a webhook tells; False when it is about nothing that goes out."""
    dispatch = named(news.tracking_number)
    if dispatch is not None and dispatch.status in UNDER_WAY:
        take(dispatch, news, at=at)
    return dispatch is not None


def poll(*, at: datetime, silent_since: datetime, limit: int, carrier: Carrier | None = None) -> int:
    """Ask the carrier about what was sent and not heard of since; returns how many answered."""
    carrier = carrier or easypost.from_settings()
    silent = Dispatch.objects.filter(~Q(tracking_number=""), status__in=UNDER_WAY, labeled_at__lt=silent_since)
    answered = 0
    for dispatch in silent.defer("label").order_by("labeled_at")[:limit]:
        try:
            news = carrier.tracker(dispatch.tracking_number, dispatch.carrier)
        except CarrierError as problem:
            logger.warning("dispatch %s could not be asked for: %s", dispatch.pk, problem.code or "no answer")
            if problem.retryable:
                break  # the carrier is down: the rest would only wait for it too
            continue
        take(dispatch, news, at=at)
        answered += 1
    return answered
