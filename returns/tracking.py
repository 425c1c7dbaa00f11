"""What the carrier says about parcels, by webhook or when asked, turned into the return's own verbs."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from returns import lifecycle, outbound, shipments, wrongs
from returns.carriers import easypost
from returns.carriers.base import Carrier, CarrierError, Tracking
from returns.lifecycle.parcels import IN_TROUBLE, ON_THE_WAY
from returns.models import Parcel
from returns.states import ParcelStatus

logger = logging.getLogger(__name__)

UNDER_WAY = (ParcelStatus.LABELED, ParcelStatus.IN_TRANSIT, ParcelStatus.OUT_FOR_DELIVERY, ParcelStatus.PROBLEM)


def take_webhook(body: Mapping[str, Any], *, at: datetime) -> None:
    """Take a tracker event; other kinds, parcels that are not ours, and what cannot be read change nothing.

    With a key of the carrier service's real world, what is signed but only a test moves no real parcel.
    """
    if not str(body.get("description", "")).startswith("tracker."):
        return
    if body.get("mode") == "test" and settings.EASYPOST_API_KEY.startswith("EZAK"):
        logger.warning("news of a test were sent to the real shop, and not taken")
        return
    result = body.get("result")
    if not isinstance(result, Mapping) or not result.get("tracking_code"):
        logger.warning("news of a parcel without a number")
        return
    news = easypost.read_tracker(result)
    known = take(news.tracking_number, news, at=at) or outbound.take_news(news, at=at)
    if not known and not shipments.take_news(news, at=at):
        logger.info("news of a parcel that is not ours, or that say nothing of its way")


def take(which: int | str, news: Tracking, *, at: datetime) -> Parcel | None:
    """Take one word about one parcel, named by its id or tracking number. Harmless when repeated or out of order."""
    occurred_at, kind = wrongs.happened_at(news, at), wrongs.kind_of(news)
    if news.news in IN_TROUBLE:
        return lifecycle.trouble(which, status=news.news, occurred_at=occurred_at, kind=kind, by="carrier", at=at)
    if news.news not in ON_THE_WAY:
        return None
    parcel = lifecycle.move_parcel(which, status=news.news, occurred_at=occurred_at, by="carrier", at=at)
    if parcel is not None and kind:
        word = wrongs.word_of(news)
        lifecycle.report(parcel.pk, kind=kind, word=word, occurred_at=occurred_at, by="carrier", at=at)
    return parcel


def poll(*, at: datetime, silent_since: datetime, limit: int, carrier: Carrier | None = None) -> int:
    """Ask the carrier about parcels it has been silent about; returns how many answered."""
    carrier = carrier or easypost.from_settings()
    silent = (
        Parcel.objects.filter(~Q(tracking_number=""), status__in=UNDER_WAY, wanted_at__lt=silent_since)
        .filter(Q(tracked_at=None) | Q(tracked_at__lt=silent_since))
        .order_by("wanted_at")[:limit]
    )
    answered = 0
    for parcel in silent:
        try:
            news = carrier.tracker(parcel.tracking_number, parcel.carrier)
        except CarrierError as problem:
            logger.warning("%s could not be asked for: %s", parcel.pk, problem.code or "no answer")
            if problem.retryable:
                break  # the carrier is down: the rest would only wait for it too
            continue
        take(parcel.pk, news, at=at)
        answered += 1
    return answered
