from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from returns.calendars import Calendar, of

LONDON = Calendar(ZoneInfo("Europe/London"), holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
FRIDAY = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        (FRIDAY, 0, date(2026, 11, 27)),
        (FRIDAY, 1, date(2026, 11, 30)),
        (FRIDAY, 3, date(2026, 12, 2)),
        (datetime(2026, 11, 28, 9, 0, tzinfo=UTC), 1, date(2026, 11, 30)),
        (datetime(2026, 12, 24, 9, 0, tzinfo=UTC), 1, date(2026, 12, 29)),
        # late in the evening in UTC is the next day in Auckland
        (datetime(2026, 11, 26, 23, 0, tzinfo=UTC), 1, date(2026, 11, 27)),
    ],
)
def test_business_days_skip_weekends_and_holidays(start: datetime, days: int, expected: date) -> None:
    assert LONDON.after(start, days) == expected


def test_the_day_is_the_warehouse_s_own() -> None:
    auckland = Calendar(ZoneInfo("Pacific/Auckland"))
    assert auckland.local(datetime(2026, 11, 26, 23, 0, tzinfo=UTC)) == date(2026, 11, 27)


def test_a_week_may_start_on_sunday() -> None:
    cairo = Calendar(ZoneInfo("Africa/Cairo"), working_days=frozenset({7, 1, 2, 3, 4}))
    assert cairo.after(datetime(2026, 11, 26, 9, 0, tzinfo=UTC), 1) == date(2026, 11, 29)


def test_days_between() -> None:
    assert LONDON.between(FRIDAY, FRIDAY) == 0
    assert LONDON.between(FRIDAY, datetime(2026, 11, 30, 8, 0, tzinfo=UTC)) == 1
    assert LONDON.between(FRIDAY, datetime(2026, 12, 4, 8, 0, tzinfo=UTC)) == 5
    assert LONDON.between(FRIDAY, datetime(2026, 11, 1, 8, 0, tzinfo=UTC)) == 0


def test_a_calendar_without_working_days_ends() -> None:
    assert Calendar(ZoneInfo("UTC"), working_days=frozenset()).after(FRIDAY, 2) > date(2026, 11, 27)


def test_without_a_warehouse_it_is_monday_to_friday() -> None:
    assert of(None).after(FRIDAY, 1) == date(2026, 11, 30)
