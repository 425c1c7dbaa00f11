"""Stripe's balance transactions and payouts through the official SDK, against the sandbox."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from refunds.gateways.base import GatewayError, Page
from refunds.gateways.stripe import StripeGateway
from refunds.gateways.stripe_book import StripeBook
from refunds.reconciliation.records import Kind, Line
from tests.sandbox import STRIPE_KEY, Sandbox

DAY = 86_400
TODAY = int(time.time()) // DAY * DAY
# A run may go on past midnight.
SINCE, UNTIL = datetime.fromtimestamp(TODAY - 5 * DAY, UTC), datetime.fromtimestamp(TODAY + 2 * DAY, UTC)


@pytest.fixture
def book(stripe: StripeGateway) -> StripeBook:
    return StripeBook(stripe)


def every(read: object, **how: object) -> Iterator[Line]:
    after = ""
    while True:
        page: Page = read(SINCE, UNTIL, after=after, **how)  # type: ignore[operator]
        yield from page.lines
        if not (after := page.after):
            return


def earlier(number: int, **more: object) -> dict[str, object]:
    about = {"id": f"re_old{number}", "payment_intent": "pi_1", "amount": 10 + number, "created": TODAY - 2 * DAY}
    return about | {"metadata": {"refund": f"F-{number}", "order": "T1"}} | more


def test_a_refund_of_today_is_a_transaction_without_a_payout(
    sandbox: Sandbox, stripe: StripeGateway, book: StripeBook
) -> None:
    made = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "F-1", "order": "T1"})

    [line] = [one for one in every(book.transactions) if one.kind == Kind.REFUND]

    assert (line.about, line.amount, line.currency, line.fee) == (made.provider_id, -1200, "GBP", 0)
    assert (line.reference, line.order, line.payment, line.payout) == ("F-1", "T1", "pi_1", "")
    assert line.standing == "open"
    assert datetime.now(UTC) - line.at < timedelta(minutes=1)
    assert [one.about for one in every(book.payouts)] == []


def test_a_failed_refund_has_two_rows(sandbox: Sandbox, stripe: StripeGateway, book: StripeBook) -> None:
    made = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "F-1"})
    sandbox.move_refund(made.provider_id, "succeeded")
    sandbox.move_refund(made.provider_id, "failed")

    rows = [one for one in every(book.transactions) if one.about == made.provider_id]

    assert sorted((one.kind.value, one.amount) for one in rows) == [("failure", 1200), ("refund", -1200)]


def test_yesterday_is_paid_out_as_the_sum_of_its_rows(sandbox: Sandbox, book: StripeBook) -> None:
    sandbox.history([earlier(1, fee=30), earlier(2, status="failed", failed_at=TODAY - DAY)])

    payouts = {one.about: one for one in every(book.payouts)}

    assert sorted(one.amount for one in payouts.values()) == [-11 - 30 - 12, 12]
    for id, payout in payouts.items():
        parts = list(every(book.transactions, payout=id))
        assert sum(one.amount - one.fee for one in parts) == payout.amount
        assert {one.payout for one in parts} == {id}


def test_a_payout_may_differ_from_its_rows(sandbox: Sandbox, book: StripeBook) -> None:
    sandbox.history([earlier(1)])
    [payout] = every(book.payouts)
    sandbox.change_payout(payout.about, amount=-5, status="failed")

    [changed] = every(book.payouts)

    assert (changed.amount, changed.standing) == (-5, "failed")


def test_long_books_come_in_pages(sandbox: Sandbox, book: StripeBook) -> None:
    sandbox.history([earlier(number) for number in range(250)])
    rows = [one for one in every(book.transactions) if one.kind == Kind.REFUND]
    assert sorted(one.about for one in rows) == sorted(f"re_old{number}" for number in range(250))
    [payout] = every(book.payouts)
    assert len(list(every(book.transactions, payout=payout.about))) == 250


def test_only_the_days_asked_for(sandbox: Sandbox, book: StripeBook) -> None:
    sandbox.history([earlier(1), earlier(2, created=TODAY - 9 * DAY)])
    assert [one.about for one in every(book.transactions) if one.kind == Kind.REFUND] == ["re_old1"]


def test_history_is_entered_once(sandbox: Sandbox) -> None:
    assert sandbox.history([earlier(1)]) == {"added": 1, "known": 0}
    assert sandbox.history([earlier(1), earlier(2)]) == {"added": 1, "known": 1}


def test_a_provider_that_is_away_is_said(sandbox: Sandbox) -> None:
    away = StripeBook(StripeGateway(STRIPE_KEY, "http://127.0.0.1:9"))
    with pytest.raises(GatewayError) as found:
        away.payouts(SINCE, UNTIL)
    assert (found.value.code, found.value.retryable, found.value.unknown) == ("no_answer", True, False)
