"""Closing the books: a closed month stays as it is, the system goes on booking, a person is told."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from oms import journal, periods
from oms.journal import Account
from oms.models import Event, JournalEntry, Period, Posting
from oms.trial_balance import totals, trial_balance
from tests.builders import NOON

FINANCE, OTHER = "user:1", "user:2"
OCTOBER = date(2026, 10, 1)
IN_OCTOBER = datetime(2026, 10, 20, 12, tzinfo=UTC)
IN_NOVEMBER = datetime(2026, 11, 3, 12, tzinfo=UTC)
NOVEMBER_BEGINS = datetime(2026, 11, 1, tzinfo=UTC)  # London is on UTC by then


def post(cause: str, at: datetime = NOON, amount: str = "12.00", currency: str = "GBP") -> JournalEntry:
    worth = Decimal(amount)
    return journal.post(cause, [(Account.PROVIDER, worth), (Account.SALES, -worth)], currency=currency, at=at)


def close_october() -> Period:
    periods.ask_to_close(OCTOBER, by=FINANCE, at=IN_NOVEMBER)
    return periods.close(OCTOBER, by=OTHER, at=IN_NOVEMBER)


@pytest.mark.django_db
def test_an_open_month_takes_an_entry_when_it_happened() -> None:
    entry = post("capture/1", IN_OCTOBER)
    assert (entry.occurred_at, entry.booked_at) == (IN_OCTOBER, IN_OCTOBER)


@pytest.mark.django_db
def test_what_the_system_books_in_a_closed_month_goes_to_the_first_open_one() -> None:
    post("capture/1", IN_OCTOBER)
    period = close_october()
    entry = post("capture/2", IN_OCTOBER)
    entry.refresh_from_db()
    assert (period.ends_at, entry.occurred_at, entry.booked_at) == (NOVEMBER_BEGINS, IN_OCTOBER, NOVEMBER_BEGINS)


@pytest.mark.django_db
def test_postgresql_refuses_an_entry_in_a_closed_month() -> None:
    post("capture/1", IN_OCTOBER)
    close_october()
    with pytest.raises(IntegrityError, match="the books are closed up to"), transaction.atomic():
        JournalEntry.objects.create(cause="raw", occurred_at=IN_OCTOBER, booked_at=IN_OCTOBER)
    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db
def test_postgresql_refuses_postings_to_an_entry_of_a_closed_month() -> None:
    entry = post("capture/1", IN_OCTOBER)
    close_october()
    more = [
        Posting(entry=entry, account=account, amount=Decimal(amount), currency="GBP")
        for account, amount in ((Account.PROVIDER, 1), (Account.SALES, -1))
    ]
    with pytest.raises(IntegrityError, match="the books are closed up to"), transaction.atomic():
        Posting.objects.bulk_create(more)
    assert entry.postings.count() == 2


@pytest.mark.django_db
def test_a_closed_month_is_not_opened_again() -> None:
    post("capture/1", IN_OCTOBER)
    period = close_october()
    with pytest.raises(DatabaseError, match="is closed"), transaction.atomic():
        Period.objects.filter(pk=period.pk).update(closed_at=None)
    with pytest.raises(DatabaseError, match="is closed"), transaction.atomic():
        period.delete()
    assert periods.closed_until() == NOVEMBER_BEGINS


@pytest.mark.django_db
def test_one_asks_and_another_closes() -> None:
    post("capture/1", IN_OCTOBER)
    with pytest.raises(periods.ClosingNotAsked):
        periods.close(OCTOBER, by=OTHER, at=IN_NOVEMBER)
    periods.ask_to_close(OCTOBER, by=FINANCE, at=IN_NOVEMBER)
    with pytest.raises(periods.OwnClosing):
        periods.close(OCTOBER, by=FINANCE, at=IN_NOVEMBER)
    assert periods.closed_until() is None
    period = periods.close(OCTOBER, by=OTHER, at=IN_NOVEMBER)
    told = list(Event.objects.filter(stream="period/2026-10").order_by("sequence").values_list("name", "actor"))
    assert (period.asked_by, period.closed_by) == (FINANCE, OTHER)
    assert told == [("period.closing_asked", FINANCE), ("period.closed", OTHER)]


@pytest.mark.django_db
def test_one_person_is_enough_where_the_shop_says_so(settings: Any) -> None:
    settings.BOOKS_CLOSED_BY_TWO = False
    post("capture/1", IN_OCTOBER)
    period = periods.ask_to_close(OCTOBER, by=FINANCE, at=IN_NOVEMBER)
    assert (period.asked_by, period.closed_by, period.closed_at) == (FINANCE, FINANCE, IN_NOVEMBER)


@pytest.mark.django_db
def test_asking_twice_is_asking_once() -> None:
    post("capture/1", IN_OCTOBER)
    for _again in range(2):
        periods.ask_to_close(OCTOBER, by=FINANCE, at=IN_NOVEMBER)
    assert Event.objects.filter(stream="period/2026-10").count() == 1
    periods.close(OCTOBER, by=OTHER, at=IN_NOVEMBER)
    periods.close(OCTOBER, by=OTHER, at=IN_NOVEMBER)
    assert Event.objects.filter(stream="period/2026-10").count() == 2


@pytest.mark.django_db
def test_months_are_closed_when_over_and_in_order() -> None:
    post("capture/1", datetime(2026, 9, 30, 12, tzinfo=UTC))
    with pytest.raises(periods.PeriodNotOver) as early:
        periods.ask_to_close(date(2026, 11, 1), by=FINANCE, at=IN_NOVEMBER)
    assert str(early.value) == "November 2026 is not over yet. It can be closed from 1 December 2026."
    with pytest.raises(periods.EarlierPeriodOpen) as gap:
        periods.ask_to_close(OCTOBER, by=FINANCE, at=IN_NOVEMBER)
    assert str(gap.value) == "September 2026 is still open. Months are closed one after the other."
    assert Period.objects.count() == 0


@pytest.mark.django_db
def test_a_month_ends_at_midnight_in_the_shop() -> None:
    """September in London is an hour ahead: its last hour in UTC is October there."""
    assert periods.end_of(date(2026, 9, 1)) == datetime(2026, 9, 30, 23, tzinfo=UTC)


@pytest.mark.django_db
def test_a_person_books_only_in_open_months() -> None:
    post("capture/1", IN_OCTOBER)
    close_october()
    words: dict[str, Any] = {"currency": "GBP", "note": "bank charge", "by": FINANCE, "at": IN_NOVEMBER}
    with pytest.raises(periods.PeriodClosed) as refused:
        periods.book_by_hand(Account.WRITE_OFF, Account.BANK, Decimal("3.00"), on=date(2026, 10, 31), **words)
    assert str(refused.value) == "The books are closed up to 31 October 2026. Choose a later day."
    with pytest.raises(periods.DayToCome):
        periods.book_by_hand(Account.WRITE_OFF, Account.BANK, Decimal("3.00"), on=date(2026, 11, 4), **words)
    with pytest.raises(periods.EntryNotBalanced):
        periods.book_by_hand(Account.BANK, Account.BANK, Decimal("3.00"), on=date(2026, 11, 1), **words)
    entry = periods.book_by_hand(Account.WRITE_OFF, Account.BANK, Decimal("3.00"), on=date(2026, 11, 1), **words)
    assert (entry.booked_at, entry.note, entry.by) == (
        datetime(2026, 11, 1, 12, tzinfo=UTC), "bank charge", FINANCE,
    )  # fmt: skip
    assert Event.objects.filter(stream="books", name="books.entry_made").count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_closing_waits_for_what_is_being_booked() -> None:
    """An entry under way when somebody closes the month is in it; the next one is not."""
    post("capture/0", IN_OCTOBER)
    periods.ask_to_close(OCTOBER, by=FINANCE, at=IN_NOVEMBER)
    closed: list[Period] = []

    def close() -> None:
        closed.append(periods.close(OCTOBER, by=OTHER, at=IN_NOVEMBER))
        connection.close()

    thread = threading.Thread(target=close)
    with transaction.atomic():
        post("capture/1", IN_OCTOBER)
        thread.start()
        thread.join(timeout=0.3)
        assert (thread.is_alive(), closed) == (True, [])
    thread.join(timeout=10)
    post("capture/2", IN_OCTOBER)
    assert list(JournalEntry.objects.order_by("pk").values_list("booked_at", flat=True)) == [
        IN_OCTOBER, IN_OCTOBER, NOVEMBER_BEGINS,
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_trial_balance_at_an_instant_is_the_sum_of_postings_up_to_it() -> None:
    for number in range(6):
        post(f"capture/{number}", IN_OCTOBER + timedelta(days=number), amount=f"{number + 1}.00")
        post(f"capture/yen/{number}", IN_OCTOBER + timedelta(days=number), amount="100", currency="JPY")
    for number in range(6):
        at = IN_OCTOBER + timedelta(days=number)
        found = {(one.currency, one.account): one.balance for one in trial_balance(at)}
        worth, yen = Decimal(sum(range(1, number + 2))), Decimal(100 * (number + 1))
        assert found == {
            ("GBP", Account.PROVIDER): worth, ("GBP", Account.SALES): -worth,
            ("JPY", Account.PROVIDER): yen, ("JPY", Account.SALES): -yen,
        }  # fmt: skip
        assert [total.off for total in totals(trial_balance(at))] == [Decimal(0), Decimal(0)]
    assert trial_balance(IN_OCTOBER - timedelta(microseconds=1)) == []


@pytest.mark.django_db
def test_the_balance_of_a_closed_month_does_not_move_any_more() -> None:
    post("capture/1", IN_OCTOBER)
    close_october()
    before = trial_balance(NOVEMBER_BEGINS - timedelta(microseconds=1))
    post("capture/2", IN_OCTOBER)
    assert trial_balance(NOVEMBER_BEGINS - timedelta(microseconds=1)) == before
    assert [one.balance for one in trial_balance()] == [Decimal("24.00"), Decimal("-24.00")]


@pytest.mark.django_db
def test_the_command_prints_the_balance_of_a_day() -> None:
    post("capture/1", IN_OCTOBER)
    post("capture/2", IN_NOVEMBER)
    out = StringIO()
    call_command("trial_balance", "--at", "2026-10-31", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["accounts"][0] == {
        "currency": "GBP", "number": "1100", "account": "provider", "name": "money at the payment provider",
        "debits": "12.00", "credits": "0.00", "balance": "12.00",
    }  # fmt: skip
    assert told["totals"] == [{"currency": "GBP", "debits": "12.00", "credits": "12.00", "off": "0.00"}]
    out = StringIO()
    call_command("trial_balance", "--csv", stdout=out)
    assert out.getvalue().splitlines()[1] == "GBP,1100,provider,money at the payment provider,24.00,0.00,24.00"
