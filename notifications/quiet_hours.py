"""When a message that can wait may be sent: not at night, where the shop's people and most customers are."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING, EVENING = time(8), time(21)


def next_polite(at: datetime, zone: ZoneInfo) -> datetime:
    """Return `at`, or the next morning at 8 when it lies between 21 and 8 on the wall clock of `zone`."""
    local = at.astimezone(zone)
    if MORNING <= local.time() < EVENING:
        return at
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, zone).astimezone(at.tzinfo)
