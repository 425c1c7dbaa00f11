"""What the carrier's words mean for a parcel that goes wrong, and which parcels nothing is heard of."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from returns import lifecycle
from returns.carriers.base import ParcelNews, Tracking
from returns.case_states import CaseKind, CaseStatus
from returns.lifecycle.parcels import UNDER_WAY
from returns.models import Parcel, ParcelCase

# The word for why outranks the word for where: EasyPost's `status_detail` beside its `status`.
BY_CAUSE: Mapping[str, CaseKind] = {
    "refused": CaseKind.REFUSED,
    "lost": CaseKind.LOST,
    "damaged": CaseKind.DAMAGED,
    "delayed": CaseKind.DELAYED,
    "weather_delay": CaseKind.DELAYED,
    "address_correction": CaseKind.DELAYED,
    "held": CaseKind.DELAYED,
}
BY_NEWS: Mapping[ParcelNews, CaseKind] = {
    ParcelNews.RETURN_TO_SENDER: CaseKind.UNDELIVERABLE,
    ParcelNews.FAILURE: CaseKind.LOST,  # not delivered, and nobody says where it is: a person finds out
}
ON_THE_WAY = (ParcelNews.IN_TRANSIT, ParcelNews.OUT_FOR_DELIVERY, ParcelNews.AVAILABLE_FOR_PICKUP)
SILENT_FOR = timedelta(days=10)


def kind_of(news: Tracking) -> CaseKind | None:
    """What went wrong, if anything did. What was delivered, or was never sent, did not go wrong on its way.

    A parcel that comes back is refused or undeliverable, whatever else is said of it; one that moves is late at most,
    or damaged.
    """
    cause = BY_CAUSE.get(news.cause)
    if news.news == ParcelNews.RETURN_TO_SENDER:
        return cause if cause is CaseKind.REFUSED else CaseKind.UNDELIVERABLE
    if news.news in ON_THE_WAY:
        return cause if cause in (CaseKind.DELAYED, CaseKind.DAMAGED) else None
    return BY_NEWS.get(news.news) and (cause if cause in (CaseKind.DAMAGED, CaseKind.LOST) else BY_NEWS[news.news])


def word_of(news: Tracking) -> str:
    """The carrier's own words, as the case keeps them."""
    return f"{news.news.value}/{news.cause}" if news.cause in BY_CAUSE else news.news.value


def instant(text: str) -> datetime | None:
    """A carrier's time; None for what is no time."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def happened_at(news: Tracking, at: datetime) -> datetime:
    """When it happened: as the carrier says, but never later than now, so that nothing true is late afterwards."""
    return min(instant(news.occurred_at) or at, at)


def find_delays(*, at: datetime, limit: int) -> int:
    """Open a case for each return parcel that nothing was heard of for long, and close those that moved since."""
    silent = Parcel.objects.filter(status__in=UNDER_WAY, tracked_at__lt=at - SILENT_FOR, cases=None)
    found = 0
    for pk in silent.order_by("tracked_at").values_list("pk", flat=True)[:limit]:
        lifecycle.report(pk, kind=CaseKind.DELAYED, word="silent", occurred_at=at, by="system", at=at)
        found += 1
    over = ParcelCase.objects.filter(kind=CaseKind.DELAYED).exclude(status=CaseStatus.CLOSED)
    arrived = over.filter(parcel__isnull=False).exclude(parcel__status__in=UNDER_WAY)
    for number in arrived.values_list("number", flat=True)[:limit]:
        lifecycle.close_case(number, by="system", at=at)
    return found
