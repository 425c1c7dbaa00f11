"""What every layout is: lines of text over a range of days, made as they are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Days:
    """Days `first` to `last`, both included, on the wall clock of `zone`."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.first, time(), tzinfo=self.zone)

    @property
    def ends_at(self) -> datetime:
        """The first instant after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(), tzinfo=self.zone)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


@dataclass(frozen=True)
class Layout:
    """One form of the books. `lines` makes the file's lines, each with its line break."""

    name: str
    label: Any
    about: Any
    suffix: str
    lines: Callable[[Days], Iterator[str]]

    def file_name(self, days: Days) -> str:
        return f"{self.name}-{days.first}-{days.last}.{self.suffix}"
