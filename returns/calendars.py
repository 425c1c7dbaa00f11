"""Business days of a warehouse: how every estimate shown to a customer is counted (R8, R100, R105)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from inventory.models import Warehouse

MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})
NEAR = timedelta(days=7)  # dates this near are said with the weekday alone
MOST_DAYS_OFF = 366  # a calendar without a working day must not run forever


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days are ISO weekdays (Monday is 1); dates are those of the warehouse's wall clock."""

    zone: ZoneInfo
    working_days: frozenset[int] = MONDAY_TO_FRIDAY
    holidays: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        return day.isoweekday() in self.working_days and day not in self.holidays

    def local(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def after(self, at: datetime, days: int) -> date:
        """The last of `days` working days after the day of `at`: 3 after a Friday is the Wednesday."""
        return _after(self, self.local(at), days)

    def between(self, start: datetime, end: datetime) -> int:
        """Working days after the day of `start`, up to and including the day of `end`; 0 within one day."""
        day, last, count = self.local(start), self.local(end), 0
        while day < last:
            day += timedelta(days=1)
            count += self.is_working(day)
        return count

    def _next(self, day: date) -> date:
        for _day in range(MOST_DAYS_OFF):
            day += timedelta(days=1)
            if self.is_working(day):
                break
        return day


@lru_cache(maxsize=1024)  # the rows of a list begin on few days
def _after(calendar: Calendar, day: date, days: int) -> date:
    for _day in range(days):
        day = calendar._next(day)
    return day


def of(warehouse: Warehouse | None) -> Calendar:
    """The calendar of this warehouse; Monday to Friday in UTC while no warehouse is known."""
    if warehouse is None:
        return Calendar(ZoneInfo("UTC"))
    return _calendar(warehouse.time_zone, tuple(warehouse.working_days), tuple(warehouse.holidays))


@lru_cache(maxsize=64)
def _calendar(time_zone: str, working_days: tuple[int, ...], holidays: tuple[date, ...]) -> Calendar:
    return Calendar(ZoneInfo(time_zone), frozenset(working_days), frozenset(holidays))


def day_words(day: date, today: date) -> str:
    """A date as people say it: today, tomorrow, on Friday, on Friday 4 December, on 4 March 2027."""
    return _day_words(day, today, get_language())


@lru_cache(maxsize=1024)  # a list says few dates many times
def _day_words(day: date, today: date, language: str | None) -> str:
    if day == today:
        return gettext("today")
    if day == today + timedelta(days=1):
        return gettext("tomorrow")
    if day == today - timedelta(days=1):
        return gettext("yesterday")
    if today < day < today + NEAR:
        return gettext("on %(day)s") % {"day": date_format(day, "l")}
    if abs((day - today).days) < 150:
        return gettext("on %(day)s") % {"day": date_format(day, "l j F")}
    return gettext("on %(day)s") % {"day": date_format(day, "j F Y")}
