"""PayPal's Transaction Search over HTTP, against the sandbox."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from refunds.gateways.base import GatewayError
from refunds.gateways.paypal import PayPalGateway
from refunds.gateways.paypal_book import PATH, PayPalBook
from refunds.reconciliation.records import Kind, Line, Standing
from tests.sandbox import PAYPAL_CLIENT, PAYPAL_SECRET, Sandbox

DAY = 86_400
TODAY = int(time.time()) // DAY * DAY
# A run may go on past midnight.
SINCE, UNTIL = datetime.fromtimestamp(TODAY - 100 * DAY, UTC), datetime.fromtimestamp(TODAY + 2 * DAY, UTC)


@pytest.fixture
def book(paypal: PayPalGateway) -> PayPalBook:
    return PayPalBook(paypal)


def every(book: PayPalBook, since: datetime = SINCE, until: datetime = UNTIL) -> Iterator[Line]:
    after = ""
    while True:
        page = book.transactions(since, until, after=after)
        yield from page.lines
        if not (after := page.after):
            return


def refunds(book: PayPalBook) -> list[Line]:
    return [line for line in every(book) if line.kind == Kind.REFUND]


def earlier(number: int, **more: object) -> dict[str, object]:
    about = {"id": f"RE{number:015}", "capture": "CAP1", "amount": 10 + number, "created": TODAY - 2 * DAY}
    return about | {"custom_id": f"F-{number},key-{number}"} | more


def test_a_refund_is_a_row_with_our_number(sandbox: Sandbox, paypal: PayPalGateway, book: PayPalBook) -> None:
    made = paypal.refund("CAP1", 1200, "GBP", "key-1", {"refund": "F-1", "attempt": "key-1"})
    [line] = refunds(book)
    assert (line.about, line.amount, line.currency, line.fee) == (made.provider_id, -1200, "GBP", 0)
    assert (line.reference, line.payment, line.standing) == ("F-1", "CAP1", Standing.OPEN)
    assert datetime.now(UTC) - line.at < timedelta(minutes=1)
    sandbox.move_paypal_refund("CAP1", made.provider_id, "COMPLETED")
    assert [one.standing for one in refunds(book)] == [Standing.PAID]


def test_a_payment_is_a_row_and_no_refund(book: PayPalBook) -> None:
    [line] = every(book)
    assert (line.kind, line.about, line.amount, line.payment, line.reference) == (Kind.OTHER, "CAP1", 5000, "", "")


def test_a_refund_that_came_back_has_two_rows(sandbox: Sandbox, paypal: PayPalGateway, book: PayPalBook) -> None:
    made = paypal.refund("CAP1", 1200, "GBP", "key-1", {"refund": "F-1", "attempt": "key-1"})
    for status in ("COMPLETED", "FAILED"):
        sandbox.move_paypal_refund("CAP1", made.provider_id, status)
    rows = [one for one in every(book) if one.about == made.provider_id]
    assert [(one.kind.value, one.amount, one.standing) for one in rows] == [
        ("refund", -1200, Standing.FAILED),
        ("failure", 1200, ""),
    ]
    assert len({one.id for one in rows}) == 2


def test_a_refund_that_was_denied_moved_nothing(sandbox: Sandbox, paypal: PayPalGateway, book: PayPalBook) -> None:
    made = paypal.refund("CAP1", 1200, "GBP", "key-1", {})
    sandbox.move_paypal_refund("CAP1", made.provider_id, "FAILED")
    assert refunds(book) == []


def test_a_refund_of_the_dashboard_has_no_number_of_ours(sandbox: Sandbox, book: PayPalBook) -> None:
    made = sandbox.paypal_dashboard_refund("CAP1", "3.50", "GBP")
    [line] = refunds(book)
    assert (line.about, line.amount, line.reference, line.payment) == (made["id"], -350, "", "CAP1")


def test_fees_and_currencies(sandbox: Sandbox, book: PayPalBook) -> None:
    sandbox.captures([{"capture": "CAP2", "amount": 3000, "currency": "HUF"}])
    sandbox.paypal_history([earlier(1, fee=30), earlier(2, capture="CAP2", amount=300)])
    assert [(one.amount, one.currency, one.fee) for one in refunds(book)] == [(-11, "GBP", 30), (-30000, "HUF", 0)]


def test_long_books_come_in_pages_and_long_times_in_windows(sandbox: Sandbox, book: PayPalBook) -> None:
    days = (95, 64, 2)
    sandbox.paypal_history(
        [earlier(100 * number + day, created=TODAY - day * DAY) for number in range(300) for day in days]
    )
    sandbox.paypal_history([earlier(90_000 + number, created=TODAY - 2 * DAY) for number in range(400)])
    assert len(refunds(book)) == len({one.id for one in refunds(book)}) == 1300


def test_what_lies_on_a_border_comes_once(sandbox: Sandbox, book: PayPalBook) -> None:
    borders = (0, 31, 62, 93)
    sandbox.paypal_history([earlier(day, created=TODAY - (100 - day) * DAY) for day in borders])
    assert [one.amount for one in refunds(book)] == [-10 - day for day in borders]


def test_the_end_is_left_out_and_the_beginning_is_in(sandbox: Sandbox, book: PayPalBook) -> None:
    sandbox.paypal_history([earlier(1), earlier(2, created=TODAY - DAY)])
    since, until = (datetime.fromtimestamp(TODAY - days * DAY, UTC) for days in (2, 1))
    assert [one.amount for one in every(book, since, until)] == [-11]


def test_more_rows_than_paypal_shows_at_once_are_asked_for_in_parts(sandbox: Sandbox, book: PayPalBook) -> None:
    sandbox.captures(
        [
            {"capture": f"C{number:016}", "amount": 100, "currency": "GBP", "created": TODAY - 4 * DAY + 20 * number}
            for number in range(10_500)
        ]
    )
    assert len({one.id for one in every(book)}) == 10_501


def test_a_window_of_more_than_31_days_is_refused(sandbox: Sandbox, paypal: PayPalGateway) -> None:
    with pytest.raises(GatewayError, match="31 days") as refused:
        paypal.get(PATH, start_date="2026-01-01T00:00:00Z", end_date="2026-02-01T00:00:01Z")
    assert (refused.value.code, refused.value.retryable) == ("INVALID_DATE_RANGE", False)


def test_there_are_no_payouts(book: PayPalBook) -> None:
    assert (book.payouts(SINCE, UNTIL).lines, book.transactions(SINCE, UNTIL, payout="x").lines) == ((), ())


def test_history_is_entered_once(sandbox: Sandbox) -> None:
    assert sandbox.paypal_history([earlier(1)]) == {"added": 1, "known": 0}
    assert sandbox.paypal_history([earlier(1), earlier(2)]) == {"added": 1, "known": 1}


def test_a_provider_that_is_away_is_said(sandbox: Sandbox) -> None:
    away = PayPalBook(PayPalGateway(PAYPAL_CLIENT, PAYPAL_SECRET, "http://127.0.0.1:9"))
    with pytest.raises(GatewayError) as found:
        away.transactions(SINCE, UNTIL)
    assert (found.value.code, found.value.retryable, found.value.unknown) == ("no_answer", True, False)
