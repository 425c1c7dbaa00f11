"""Which payment gets how much."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.money import TooManyDecimals, from_minor
from refunds.refusals import MoreThanIsLeft, NotPositive, PaymentsExhausted, TermsUnusable, UnknownReference
from refunds.tenders import (
    ORDERS,
    PaymentTerms,
    Tender,
    TenderOrder,
    left_on,
    share_out,
    share_out_as_told,
    share_over,
)
from tests.properties import many

CARD = PaymentTerms("card", "card", D("5.00"))
CHEQUE = PaymentTerms("cheque", "manual", D("5.00"))
CREDIT = PaymentTerms("credit", "store_credit", D("3.00"))


def shares(amount: str, payments: list[PaymentTerms], order: TenderOrder = "oldest_first") -> dict[str, D]:
    return {tender.payment: tender.amount for tender in share_out(D(amount), payments, "GBP", order)}


def test_w3_two_payments_are_refunded_in_full() -> None:
    assert shares("10.00", [CARD, CHEQUE]) == {"card": D("5.00"), "cheque": D("5.00")}


def test_w3_the_cheque_first() -> None:
    assert shares("4.00", [CARD, CHEQUE], ["cheque", "card"]) == {"cheque": D("4.00")}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("oldest_first", {"card": D("5.00"), "cheque": D("2.00")}),
        ("newest_first", {"credit": D("3.00"), "cheque": D("4.00")}),
        ("store_credit_first", {"credit": D("3.00"), "card": D("4.00")}),
        ("proportional", {"card": D("2.69"), "cheque": D("2.69"), "credit": D("1.62")}),
        (["cheque"], {"cheque": D("5.00"), "card": D("2.00")}),
    ],
)
def test_orders(order: TenderOrder, expected: dict[str, D]) -> None:
    assert shares("7.00", [CARD, CHEQUE, CREDIT], order) == expected


def test_what_is_refunded_or_on_its_way_is_spent() -> None:
    half = PaymentTerms("card", "card", D("5.00"), refunded=D("1.00"), in_flight=D("2.50"))
    assert shares("2.00", [half, CHEQUE]) == {"card": D("1.50"), "cheque": D("0.50")}


def test_a_payment_that_gave_back_too_much_counts_as_empty() -> None:
    assert left_on([PaymentTerms("card", "card", D("5.00"), refunded=D("6.00")), CHEQUE]) == D("5.00")


def test_more_than_is_left_is_refused_never_clipped() -> None:
    with pytest.raises(PaymentsExhausted, match=r"10\.01 is more than the 10\.00 left"):
        shares("10.01", [CARD, CHEQUE])


def test_nothing_goes_nowhere() -> None:
    assert shares("0.00", [CARD]) == {}


@pytest.mark.parametrize(
    ("amount", "order", "refusal"),
    [
        ("-1.00", "oldest_first", NotPositive),
        ("1.001", "oldest_first", TooManyDecimals),
        ("1.00", "cheapest_first", TermsUnusable),
        ("1.00", ["another"], UnknownReference),
        ("1.00", ["card", "card"], TermsUnusable),
    ],
)
def test_refusals(amount: str, order: TenderOrder, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        shares(amount, [CARD], order)


class TestByHand:
    def test_within_what_is_left(self) -> None:
        told = (Tender("cheque", D("3.00")), Tender("card", D("1.00")))
        assert share_out_as_told(told, [CARD, CHEQUE], "GBP") == told

    @pytest.mark.parametrize(
        ("told", "refusal"),
        [
            ([Tender("card", D("5.01"))], MoreThanIsLeft),
            ([Tender("card", D("3.00")), Tender("card", D("3.00"))], MoreThanIsLeft),
            ([Tender("card", D("0.00"))], NotPositive),
            ([Tender("other", D("1.00"))], UnknownReference),
        ],
    )
    def test_refusals(self, told: list[Tender], refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            share_out_as_told(told, [CARD, CHEQUE], "GBP")


@many
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=5),
    st.integers(0, 10**6),
    st.sampled_from(ORDERS),
    st.sampled_from(["JPY", "GBP", "KWD"]),
)
def test_shares_add_up_and_never_exceed_a_payment(
    paid: list[tuple[int, int]], asked: int, order: str, currency: str
) -> None:
    payments = [
        PaymentTerms(
            str(at), "store_credit" if at % 2 else "card", from_minor(captured, currency), from_minor(back, currency)
        )
        for at, (captured, back) in enumerate(paid)
    ]
    amount = from_minor(asked, currency)
    if amount > left_on(payments):
        with pytest.raises(PaymentsExhausted):
            share_out(amount, payments, currency, order)
        return
    tenders = share_out(amount, payments, currency, order)
    left = {payment.key: payment.left for payment in payments}
    assert sum(tender.amount for tender in tenders) == amount
    assert all(0 < tender.amount <= left[tender.payment] for tender in tenders)


# ── Where a tender's value goes ───────────────────────────────────────────────────────────────────────────────────


def test_ways_take_from_the_payments_in_their_order() -> None:
    tenders = (Tender("a", D("5.00")), Tender("b", D("10.00")))
    assert share_over(tenders, [("exchange", D("7.00")), ("original", D("8.00"))]) == (
        ("exchange", Tender("a", D("5.00"))),
        ("exchange", Tender("b", D("2.00"))),
        ("original", Tender("b", D("8.00"))),
    )


def test_ways_come_to_what_is_refunded() -> None:
    with pytest.raises(TermsUnusable):
        share_over((Tender("a", D("5.00")),), [("exchange", D("4.99"))])
