"""A customer sends the goods with a carrier of their own (R23): which numbers we take, and following the parcel."""

import logging
import re
from datetime import datetime

from returns import lifecycle, tracking, wrongs
from returns.carriers import easypost
from returns.carriers.base import Carrier, CarrierError, ParcelNews
from returns.models import Parcel

logger = logging.getLogger(__name__)

# The carrier service's names, as people know them.
CARRIERS = {
    "USPS": "USPS",
    "UPS": "UPS",
    "FedEx": "FedEx",
    "RoyalMail": "Royal Mail",
    "DHLExpress": "DHL Express",
    "DHLParcel": "DHL Parcel",
    "DPD": "DPD",
    "Evri": "Evri",
    "ParcelForce": "Parcelforce",
    "CanadaPost": "Canada Post",
    "AustraliaPost": "Australia Post",
}
# What each carrier's numbers look like; of others only what every number has.
SHAPES = {
    "USPS": r"\d{20,34}|[A-Z]{2}\d{9}US",
    "UPS": r"1Z[0-9A-Z]{16}|\d{9}|\d{12}|T\d{10}",
    "FedEx": r"\d{12}|\d{15}|\d{20}|\d{22}",
    "RoyalMail": r"[A-Z]{2}\d{9}GB|[0-9A-Z]{11,21}",
    "DHLExpress": r"\d{10,11}|JJD\d{10,20}",
}
ANY_SHAPE = r"(?=.*\d)[0-9A-Z]{8,34}"


def plain(text: str) -> str:
    """A number as carriers write it: no spaces or dashes, capitals."""
    return re.sub(r"[\s\-.]", "", text).upper()


def fits(carrier: str, number: str) -> bool:
    """Whether this can be a number of this carrier; test numbers of the carrier service always can."""
    return bool(re.fullmatch(SHAPES.get(carrier, ANY_SHAPE), number) or re.fullmatch(r"EZ\d{10}", number))


def follow(parcel_id: int, *, at: datetime, carrier: Carrier | None = None) -> None:
    """Have the carrier service follow this parcel, and take what it knows already. Again is harmless.

    What was delivered before the return was approved is another parcel: the number is refused.
    """
    carrier = carrier or easypost.from_settings()
    parcel = Parcel.objects.select_related("rma").defer("label").get(pk=parcel_id)
    try:
        news = carrier.tracker(parcel.tracking_number, parcel.carrier)
    except CarrierError as problem:
        if problem.retryable:
            raise
        logger.info("parcel %s is unknown to its carrier: %s", parcel.pk, problem.code or "no answer")
        return  # it may be scanned tomorrow; polling asks again
    happened_at = wrongs.instant(news.occurred_at)
    approved_at = parcel.rma.approved_at
    is_older = happened_at is not None and approved_at is not None and happened_at < approved_at
    if news.news == ParcelNews.DELIVERED and is_older:
        lifecycle.refuse_own_parcel(parcel.pk, by="carrier", at=at)
    else:
        tracking.take(parcel.pk, news, at=at)
