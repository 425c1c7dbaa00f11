"""Messages that can wait keep quiet from 21 to 8 on the warehouse's wall clock (U15)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from notifications.quiet_hours import next_polite

LONDON, TOKYO = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("at", "zone", "then"),
    [
        ("2026-11-23T12:00Z", LONDON, "2026-11-23T12:00Z"),
        ("2026-11-23T08:00Z", LONDON, "2026-11-23T08:00Z"),
        ("2026-11-23T07:59:59Z", LONDON, "2026-11-23T08:00Z"),
        ("2026-11-23T20:59:59Z", LONDON, "2026-11-23T20:59:59Z"),
        ("2026-11-23T21:00Z", LONDON, "2026-11-24T08:00Z"),
        ("2026-11-23T12:00Z", TOKYO, "2026-11-23T23:00Z"),  # 21:00 there
        ("2026-10-24T23:00Z", LONDON, "2026-10-25T08:00Z"),  # midnight before the clocks go back
        ("2026-03-28T22:00Z", LONDON, "2026-03-29T07:00Z"),  # the night they go forward
    ],
)
def test_night_waits_for_the_morning(at: str, zone: ZoneInfo, then: str) -> None:
    assert next_polite(datetime.fromisoformat(at), zone) == datetime.fromisoformat(then)
