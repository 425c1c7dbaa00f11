"""Closing the books by month, and entries made by hand.

A closed month stays as it is: PostgreSQL refuses entries in it and refuses to open it again. What the system books
afterwards for a day of that month goes to the first open one and keeps the instant it happened; what a person wants to
book there is refused with a sentence.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Min
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from oms import outbox, shops
from oms.identifiers import new_number
from oms.journal import Account, post_by_hand
from oms.models import JournalEntry, Period
from oms.money import amount_text, check_amount
from oms.refusals import Refused
from oms.verbs import verb

BOOKS = "books"


class PeriodNotOver(Refused):
    code = "period_not_over"
    sentence = _("%(month)s is not over yet. It can be closed from %(day)s.")


class EarlierPeriodOpen(Refused):
    code = "earlier_period_open"
    sentence = _("%(month)s is still open. Months are closed one after the other.")


class PeriodClosedAlready(Refused):
    code = "period_closed_already"
    sentence = _("%(month)s is closed.")


class ClosingNotAsked(Refused):
    code = "closing_not_asked"
    sentence = _("Nobody has asked to close %(month)s.")


class OwnClosing(Refused):
    code = "own_closing"
    sentence = _("You asked to close %(month)s yourself. Another person closes it.")


class PeriodClosed(Refused):
    code = "period_closed"
    sentence = _("The books are closed up to %(day)s. Choose a later day.")


class DayToCome(Refused):
    code = "day_to_come"
    sentence = _("%(day)s is still to come. Choose a day up to today.")


class EntryNotBalanced(Refused):
    code = "entry_not_balanced"
    sentence = _("Name two different accounts and an amount above zero.")


@dataclass(frozen=True)
class Month:
    """A month of the books as the page lists it; `period` is None as long as nobody asked to close it."""

    first: date
    ends_at: datetime
    entries: int
    period: Period | None

    @property
    def closed(self) -> bool:
        return self.period is not None and self.period.closed_at is not None


def months(*, at: datetime) -> list[Month]:
    """Every month from the first entry to now, newest first, with the number of entries booked in it."""
    earliest = JournalEntry.objects.aggregate(earliest=Min("booked_at"))["earliest"]
    known = {one.month: one for one in Period.objects.all()}
    if earliest is None:
        return []
    counts, zone = _entries_by_month(), _zone()
    first, found = earliest.astimezone(zone).date().replace(day=1), []
    while first <= at.astimezone(zone).date():
        found.append(Month(first, end_of(first), counts.get(first, 0), known.get(first)))
        first = _next(first)
    return found[::-1]


def closed_until() -> datetime | None:
    """The first instant that is still open; None when nothing was ever closed."""
    newest = Period.objects.exclude(closed_at=None).order_by("-ends_at").first()
    return newest.ends_at if newest else None


def end_of(month: date) -> datetime:
    """The first instant after a month, in the shop's time zone."""
    return datetime.combine(_next(month), time(), tzinfo=_zone())


@verb
def ask_to_close(month: date, *, by: str, at: datetime) -> Period:
    """Ask that a month be closed; where one person is enough, it is closed at once.

    Asked already, nothing changes. Raises PeriodClosedAlready, PeriodNotOver, EarlierPeriodOpen.
    """
    _alone()
    month = month.replace(day=1)
    known = Period.objects.filter(month=month).first()
    if known is not None and known.closed_at is not None:
        raise PeriodClosedAlready(month=month_text(month))
    ends_at = end_of(month)
    if at < ends_at:
        raise PeriodNotOver(month=month_text(month), day=_day(ends_at))
    open_before = next((one for one in months(at=at)[::-1] if not one.closed), None)
    if open_before is not None and open_before.first < month:
        raise EarlierPeriodOpen(month=month_text(open_before.first))
    if known is None:
        known = Period(month=month, ends_at=ends_at, asked_by=by, asked_at=at)
        outbox.record(known, "period.closing_asked", by=by, at=at, ends_at=ends_at.isoformat())
    return known if settings.BOOKS_CLOSED_BY_TWO else _close(known, by, at)


@verb
def close(month: date, *, by: str, at: datetime) -> Period:
    """A second person closes a month somebody asked to close. Closed already, nothing changes.

    Raises ClosingNotAsked, OwnClosing.
    """
    _alone()
    month = month.replace(day=1)
    period = Period.objects.filter(month=month).first()
    if period is None:
        raise ClosingNotAsked(month=month_text(month))
    if period.closed_at is not None:
        return period
    if period.asked_by == by and settings.BOOKS_CLOSED_BY_TWO:
        raise OwnClosing(month=month_text(month))
    return _close(period, by, at)


@verb
def book_by_hand(
    debit: Account, credit: Account, amount: Decimal, *, currency: str, on: date, note: str, by: str, at: datetime
) -> JournalEntry:
    """Book `amount` from one account to another on a day that is open, with a note that holds no personal data.

    Raises EntryNotBalanced, PeriodClosed, DayToCome; MoneyError for more decimals than the currency has.
    """
    amount = check_amount(amount, currency)
    if debit == credit or amount <= 0 or not note.strip():
        raise EntryNotBalanced
    with connection.cursor() as cursor:
        cursor.execute("SELECT homeward_books_closed_until()")
        [until] = cursor.fetchone()
    booked_at = datetime.combine(on, time(12), tzinfo=_zone())
    if until is not None and booked_at < until:
        raise PeriodClosed(day=_day(until - timedelta(microseconds=1)))
    if on > at.astimezone(_zone()).date():
        raise DayToCome(day=date_format(on, "j F Y"))
    entry = post_by_hand(
        f"manual/{new_number('J')}", [(debit, amount), (credit, -amount)],
        currency=currency, occurred_at=booked_at, note=note.strip(), by=by,
    )  # fmt: skip
    outbox.record_on(
        BOOKS, "books.entry_made", by=by, at=at, cause=entry.cause, currency=currency,
        postings=[[str(debit), amount_text(amount, currency)], [str(credit), amount_text(-amount, currency)]],
    )  # fmt: skip
    return entry


def month_text(month: date) -> str:
    return date_format(month, "F Y")


def _close(period: Period, by: str, at: datetime) -> Period:
    period.closed_by, period.closed_at = by, at
    entries = JournalEntry.objects.filter(booked_at__lt=period.ends_at).count()
    outbox.record(
        period, "period.closed", by=by, at=at, changed=("closed_by", "closed_at"),
        ends_at=period.ends_at.isoformat(), entries=entries,
    )  # fmt: skip
    return period


def _alone() -> None:
    """Wait until every entry under way is in the books, and let none in until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7002, 1)")


def _entries_by_month() -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT date_trunc('month', booked_at AT TIME ZONE %s)::date, count(*) FROM oms_journalentry GROUP BY 1",
            [str(_zone())],
        )
        return dict(cursor.fetchall())


def _zone() -> ZoneInfo:
    return ZoneInfo(shops.current().time_zone)


def _next(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _day(at: datetime) -> str:
    return date_format(at.astimezone(_zone()), "j F Y")
