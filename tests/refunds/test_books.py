"""What a refund books: by where its value goes, tax by rate, fees kept, and the whole to the last cent."""

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.journal import Account
from oms.models import JournalEntry, Posting
from oms.money import from_minor, part_of
from oms.states import PaymentMethod
from refunds import lifecycle
from refunds.lifecycle.books import leaves_by
from refunds.models import CreditMemo, Refund
from refunds.pricing import price_return
from refunds.states import RefundDestination, RefundStatus
from returns import lifecycle as returns
from returns.lifecycle import Wanted
from tests.builders import NOON, Sold
from tests.properties import many
from tests.refunds.cases import LATER, a_paid_order, a_refund_in, a_requested_refund, inspect_all, receive_all

D = RefundDestination


def booked(cause: str) -> list[tuple[str, Decimal, Decimal | None]]:
    entry = JournalEntry.objects.get(cause=cause)
    return list(entry.postings.order_by("pk").values_list("account", "amount", "tax_rate"))


@pytest.mark.parametrize(
    ("method", "destination", "account"),
    [
        (PaymentMethod.CARD, D.ORIGINAL, Account.PROVIDER),
        (PaymentMethod.PAYPAL, D.ORIGINAL, Account.PAYPAL),
        (PaymentMethod.MANUAL, D.ORIGINAL, Account.BANK),
        (PaymentMethod.IMPORTED, D.ORIGINAL, Account.BANK),
        (PaymentMethod.STORE_CREDIT, D.ORIGINAL, Account.STORE_CREDIT),
        (PaymentMethod.GIFT_CARD, D.ORIGINAL, Account.STORE_CREDIT),
        (PaymentMethod.CARD, D.STORE_CREDIT, Account.STORE_CREDIT),
        (PaymentMethod.CARD, D.EXCHANGE, Account.EXCHANGES),
        (PaymentMethod.CARD, D.MANUAL, Account.BANK),
        (PaymentMethod.STORE_CREDIT, D.EXCHANGE, Account.EXCHANGES),
    ],
)
@pytest.mark.django_db
def test_value_leaves_by_the_account_of_its_way(method: str, destination: str, account: Account) -> None:
    refund = a_requested_refund()
    refund.payment.method, refund.destination = method, destination
    assert leaves_by(refund) == account


@pytest.mark.django_db
def test_a_settled_refund_takes_back_the_sale_and_its_tax_rate_by_rate() -> None:
    order = a_paid_order(lines=[Sold(tax_rate=Decimal(20), quantity=1), Sold(tax_rate=Decimal(5), quantity=1)])
    wanted = [Wanted(line.pk, 1, "changed_mind", "opened") for line in order.lines.order_by("position")]
    rma = returns.request(
        order.number, wanted, resolution="refund", price=price_return, form_token=uuid4(), by="user:1", at=NOON
    )
    inspect_all(rma, receive_all(rma))
    [refund] = lifecycle.request_for_return(rma.number, by="user:1", at=LATER)
    lifecycle.submit(refund.number, by="system", at=LATER)
    lifecycle.settle(refund.number, provider_id="re_1", by="stripe", at=LATER)
    lines = {line.tax_rate: line for line in order.lines.order_by("position")}
    gross = sum((line.gross for line in lines.values()), Decimal(0))
    tax = sum((line.tax for line in lines.values()), Decimal(0))
    assert booked(f"refund/{refund.number}/settled/1") == [
        ("returns", gross - tax, None),
        *(("sales_tax", line.tax, rate) for rate, line in lines.items()),
        ("provider", -gross, None),
    ]


@pytest.mark.django_db
def test_a_late_failure_mirrors_every_posting() -> None:
    refund = a_refund_in(RefundStatus.SETTLED)
    lifecycle.fail(refund.number, provider_id="re_1", reason="expired_card", by="stripe", at=LATER)
    there = booked(f"refund/{refund.number}/settled/1")
    back = booked(f"refund/{refund.number}/failed/1")
    assert back == [(account, -amount, rate) for account, amount, rate in there]


@pytest.mark.django_db
def test_two_payments_share_tax_and_fees_of_one_memo_to_the_cent() -> None:
    refund = a_requested_refund()
    memo = CreditMemo.objects.get(pk=refund.memo_id)
    assert (memo.total, memo.taxes()) == (refund.amount, {Decimal(20): memo.tax})
    parts = [
        part_of(memo.tax, memo.total, before, amount, "GBP")
        for before, amount in ((Decimal(0), Decimal("0.01")), (Decimal("0.01"), memo.total - Decimal("0.01")))
    ]
    assert sum(parts) == memo.tax


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(1, 10**7), min_size=1, max_size=6),
    st.sampled_from(("GBP", "JPY", "KWD")),
)
@many
def test_parts_of_several_refunds_add_up_to_the_memo(whole: int, amounts: list[int], currency: str) -> None:
    """However a memo's total is shared over payments, the parts of its tax or fees are that tax or those fees."""
    total, before, parts = from_minor(sum(amounts), currency), Decimal(0), []
    for minor in amounts:
        amount = from_minor(minor, currency)
        parts.append(part_of(from_minor(whole, currency), total, before, amount, currency))
        before += amount
    assert sum(parts) == from_minor(whole, currency)


@given(st.integers(0, 10**6), st.lists(st.integers(1, 10**6), min_size=2, max_size=5))
@many
def test_no_part_is_negative_or_more_than_its_amount(whole: int, amounts: list[int]) -> None:
    whole = min(whole, sum(amounts))  # a tax is never more than what it is in
    total, before = from_minor(sum(amounts), "GBP"), Decimal(0)
    for minor in amounts:
        amount = from_minor(minor, "GBP")
        part = part_of(from_minor(whole, "GBP"), total, before, amount, "GBP")
        assert 0 <= part <= amount
        before += amount


@pytest.mark.django_db
def test_refunds_leave_the_books_at_zero() -> None:
    for status in (RefundStatus.SETTLED, RefundStatus.FAILED, RefundStatus.PENDING):
        a_refund_in(status)
    sums: dict[str, Decimal] = {}
    for currency, amount in Posting.objects.values_list("currency", "amount"):
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    assert sums == {"GBP": Decimal(0)}
    assert Refund.objects.count() == 3
