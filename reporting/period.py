"""What a question is asked about: a range of days in the shop's time zone, and which part of the trade."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oms import shops

# The first and last day a report may name: outside, neither PostgreSQL nor Python's calendars are at home.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 12, 31)


@dataclass(frozen=True)
class Period:
    """Days `start` to `end`, both included, on the wall clock of `zone`. None: without end on that side."""

    start: date | None = None
    end: date | None = None
    zone: str = "UTC"

    @property
    def begins_at(self) -> datetime | None:
        return None if self.start is None else self._midnight(self.start)

    @property
    def ends_at(self) -> datetime | None:
        """The first instant after the period."""
        return None if self.end is None else self._midnight(self.end + timedelta(days=1))

    @property
    def days(self) -> int | None:
        return None if self.start is None or self.end is None else (self.end - self.start).days + 1

    def previous(self) -> "Period | None":
        """As many days, ending the day before; None for a period without a beginning or an end."""
        if self.start is None or self.days is None:
            return None
        return Period(self.start - timedelta(days=self.days), self.start - timedelta(days=1), self.zone)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True)
class Filters:
    """Which part of the trade. Empty: all of it; an empty `currency` only where no money is added up."""

    currency: str = ""
    country: str = ""
    sku: str = ""
    reason: str = ""
    goods_only: bool = False

    def but(self, **changed: Any) -> "Filters":
        """The same part of the trade, narrowed or widened by what is named."""
        return replace(self, **changed)


def shop_period(start: date | None = None, end: date | None = None) -> Period:
    """Return these days in the time zone the shop reports in."""
    return Period(start, end, shops.current().time_zone)


@dataclass
class Conditions:
    """Conditions of a WHERE with their parameters, joined by AND; TRUE when there are none."""

    parts: list[str]
    values: dict[str, Any]

    def __init__(self, *parts: str, **values: Any) -> None:
        self.parts, self.values = list(parts), dict(values)

    def add(self, part: str, **values: Any) -> None:
        self.parts.append(part)
        self.values |= values

    def within(self, column: str, period: Period) -> None:
        """Only rows whose `column` (an instant) lies in the period."""
        if period.begins_at is not None:
            self.add(f"{column} >= %(begins_at)s::timestamptz", begins_at=period.begins_at)
        if period.ends_at is not None:
            self.add(f"{column} < %(ends_at)s::timestamptz", ends_at=period.ends_at)

    def equal(self, **columns: str) -> None:
        """`equal(country=x)`: only rows whose column of that name is x; an empty x asks nothing."""
        for name, value in columns.items():
            if value:
                self.add(f"{name} = %({name})s::text", **{name: value})

    def __str__(self) -> str:
        return " AND ".join(self.parts) or "TRUE"

    def renamed(self, prefix: str) -> "Conditions":
        """The same conditions with every parameter under another name, to stand beside others in one statement."""
        parts = [_PARAMETER.sub(rf"%({prefix}\1)s", part) for part in self.parts]
        return Conditions(*parts, **{prefix + name: value for name, value in self.values.items()})


_PARAMETER = re.compile(r"%\((\w+)\)s")
NEVER = Conditions("FALSE")
