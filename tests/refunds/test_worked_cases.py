"""The worked cases, by name: what must come out, to the cent. First the arithmetic alone, then the shop itself."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest

from inventory.models import StockLevel
from inventory.states import BinKind
from oms.money import allocate
from refunds import lifecycle as refunds
from refunds.amounts import ClaimedLine, FeeTerm, price_units
from refunds.models import CreditMemo, Refund
from refunds.quote_json import quote_value
from refunds.refusals import PaymentsExhausted
from refunds.tenders import PaymentTerms, Tender, share_out
from returns import lifecycle as returns
from returns.lifecycle import Arrived, Finding
from returns.policy.resolution import choose_resolution
from returns.policy.rules import Moment, deadline_of, window
from returns.refusals import MoreThanAnnounced, NothingArrived, TooMany
from tests.builders import Sold, a_return
from tests.refunds.cases import DOCK, LATER, a_paid_order, an_inspected_return, money, receive_all
from tests.returns.policy import facts


def quotes(lines: list[dict[str, Any]], *back: dict[str, Any], **order: Any) -> list[dict[str, Any]]:
    asked = {"currency": "GBP", "order": {"lines": lines, **order}, "returns": list(back)}
    found = quote_value(asked)
    assert "error" not in found, found
    return found["quotes"]


def refusal(lines: list[dict[str, Any]], *back: dict[str, Any], **order: Any) -> str:
    return quote_value({"currency": "GBP", "order": {"lines": lines, **order}, "returns": list(back)})["error"]["code"]


def line(quantity: int, price: str, **more: str) -> dict[str, Any]:
    return {"id": "A", "quantity": quantity, "unit_price": price} | more


def back(quantity: int = 1, key: str = "A", **more: Any) -> dict[str, Any]:
    return {"lines": [{"id": key, "quantity": quantity}], **more}


# ── Amounts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_w1b_three_units_of_290_one_by_one() -> None:
    found = quotes([line(3, "100.00")], back(), back(), back(), adjustments=[{"amount": "-10.00"}])
    assert [one["total"] for one in found] == ["96.67", "96.66", "96.67"]
    claims = [ClaimedLine("A", "", D("290.00"), D(0), 3, ((at, at + 1),)) for at in range(3)]
    assert [price_units([claim], (), "GBP").total for claim in claims] == [D("96.67"), D("96.66"), D("96.67")]


def test_w3_two_payments_are_refunded_in_full_and_the_cheque_first() -> None:
    payments = [PaymentTerms("card", "card", D("5.00")), PaymentTerms("cheque", "manual", D("5.00"))]
    assert share_out(D("10.00"), payments, "GBP") == (Tender("card", D("5.00")), Tender("cheque", D("5.00")))
    assert share_out(D("4.00"), payments, "GBP", ("cheque", "card")) == (Tender("cheque", D("4.00")),)


def test_w6_one_of_two() -> None:
    assert quotes([line(2, "10.00", discount="2.00")], back())[0]["total"] == "9.00"
    assert quotes([line(2, "10.00", tax_rate="10")], back())[0]["total"] == "11.00"


def test_w16_more_than_was_charged_is_refused_never_clipped() -> None:
    assert refusal([line(1, "10.00")], back(), back()) == "more_than_is_left"
    assert refusal([line(2, "10.00")], back(), back(2)) == "more_than_is_left"
    assert [one["total"] for one in quotes([line(2, "10.00")], back(), back())] == ["10.00", "10.00"]
    assert refusal([line(1, "10.00")], {"lines": [{"id": "A", "gross": "10.01"}]}) == "more_than_is_left"


def test_w20_two_of_three_less_ten_percent() -> None:
    [found] = quotes([line(3, "100.00")], back(2), adjustments=[{"amount": "-30.00"}])
    assert found["total"] == "180.00"


def test_w22_a_discount_on_the_order() -> None:
    lines = [line(1, "6.00"), line(1, "4.00") | {"id": "B"}]
    found = quotes(lines, back(), back(key="B"), adjustments=[{"amount": "-1.00"}])
    assert [one["total"] for one in found] == ["5.40", "3.60"]
    assert allocate(-100, [600, 400]) == [-60, -40]


def test_w25_the_fee_is_a_line_of_its_own() -> None:
    claim = ClaimedLine("A", "", D("100.00"), D(0), 1, ((0, 1),))
    found = price_units([claim], [FeeTerm("return", amount=D("5.00"))], "GBP")
    assert [found.total, [(fee.code, fee.gross) for fee in found.fees]] == [D("95.00"), [("return", D("5.00"))]]


def test_w26_money_typed_net_or_gross() -> None:
    sale = [line(1, "100.00", tax_rate="7")]
    [net], [gross] = (quotes(sale, {"lines": [{"id": "A", name: "20.00"}]}) for name in ("net", "gross"))
    assert [net["total"], gross["net"], gross["tax"]] == ["21.40", "18.69", "1.31"]


# ── Rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_w29_exactly_n_days_old_is_out_and_a_moment_less_is_in() -> None:
    request = facts.RequestFacts(facts.ORDER, (facts.LINE,))
    terms = {"days": 30, "anchors": ["placed"]}
    end = deadline_of(terms, request, facts.LINE, Moment(facts.NOW, "UTC"))
    assert end == datetime(2026, 10, 31, 9, tzinfo=UTC)
    found = [window(terms, request, facts.LINE, Moment(now, "UTC")) for now in (end, end - timedelta(microseconds=1))]
    assert [one.code if one else "" for one in found] == ["window_closed", "window_open"]


@pytest.mark.parametrize(
    ("what", "preference", "override", "past", "outcome"),
    [
        ("exchange asked", "exchange", "refund", True, "exchange"),
        ("or override", "refund", "store_credit", True, "store_credit"),
        ("or preference valid", "store_credit", "", False, "store_credit"),
        ("or preference invalid", "refund", "", True, None),
        ("or past limit", "", "", True, "store_credit"),
        ("or normal", "", "", False, "refund"),
    ],
)
def test_w30_the_outcome_engine(what: str, preference: str, override: str, past: bool, outcome: str | None) -> None:
    terms = {"allowed": ["refund", "store_credit", "exchange"], "expired_outcome": "store_credit", "default": "refund"}
    assert choose_resolution(terms, preference, override, past) == outcome, what


# ── The shop ──────────────────────────────────────────────────────────────────────────────────────────────────────


def on_shelf() -> int:
    return sum(StockLevel.objects.filter(bin__kind=BinKind.SHELF).values_list("quantity", flat=True))


@pytest.mark.django_db
def test_w4_what_does_not_fit_fails_whole_and_nobody_is_written_to() -> None:
    order = a_paid_order(lines=[Sold(quantity=1, gross="10.00", tax="0.00")])
    refunds.request_goodwill(order.number, D("1.00"), form_token=uuid4(), by=DOCK, at=LATER)
    rma = an_inspected_return(order)
    with pytest.raises(PaymentsExhausted):
        refunds.request_for_return(rma.number, by=DOCK, at=LATER)


@pytest.mark.django_db
def test_w14_one_sound_and_one_damaged() -> None:
    """Ordered 2, both requested back; received 2 with 1 damaged: one more to sell, one dismissed; 0 is refused."""
    order = a_paid_order(lines=[Sold(quantity=2)])
    rma = a_return(order, quantity=2)
    with pytest.raises((NothingArrived, MoreThanAnnounced)):
        returns.receive(rma.number, [Arrived(rma.lines.get().pk, 0)], form_token=uuid4(), by=DOCK, at=LATER)
    before = on_shelf()
    [receipt] = receive_all(rma)
    findings = [Finding(receipt.pk, 1, "sealed", ""), Finding(receipt.pk, 1, "damaged", "")]
    returns.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=LATER)
    kinds = dict(StockLevel.objects.filter(quantity__gt=0).values_list("bin__kind", "quantity"))
    assert [on_shelf() - before, kinds] == [1, {BinKind.SHELF: 1, BinKind.HOLD: 1}]


@pytest.mark.django_db
def test_w16_granted_once_is_not_granted_again() -> None:
    order = a_paid_order(lines=[Sold(quantity=2)])
    a_return(order)
    a_return(order)
    with pytest.raises(TooMany):
        a_return(order)


@pytest.mark.django_db
def test_w31_only_what_was_accepted_is_reimbursed() -> None:
    """Five units: pending, accepted, refused, waiting for a person, reimbursed already."""
    order = a_paid_order(lines=[Sold(quantity=5, gross="50.00", tax="0.00")])
    paid = an_inspected_return(order)
    refunds.request_for_return(paid.number, by=DOCK, at=LATER)
    rma = a_return(order, quantity=4)
    [receipt] = returns.receive(
        rma.number, [Arrived(rma.lines.get().pk, 3)], form_token=uuid4(), by=DOCK, at=LATER
    )  # one is still on its way
    findings = [Finding(receipt.pk, 1, "sealed", ""), Finding(receipt.pk, 1, "damaged", "")]  # one nobody looked at
    outcomes = returns.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=LATER)
    accepted = next(one for one in outcomes if one.acceptance == "accepted")
    [refund] = refunds.request_for_return(rma.number, by=DOCK, at=LATER)
    assert [refund.amount, [one.outcome_id for one in refund.memo.lines.all()]] == [D("10.00"), [accepted.pk]]
    assert refunds.request_for_return(rma.number, by=DOCK, at=LATER) == [refund]


@pytest.mark.django_db
def test_w32_settled_twice_it_was_paid_once() -> None:
    order = a_paid_order()
    rma = an_inspected_return(order)
    [refund] = refunds.request_for_return(rma.number, by=DOCK, at=LATER)
    refunds.submit(refund.number, by="system", at=LATER)
    for _twice in range(2):
        refunds.settle(refund.number, provider_id="re_w32", by="stripe", at=LATER)
    assert [money(order), Refund.objects.count(), CreditMemo.objects.count()] == [(D("10.00"), D(0)), 1, 1]
    assert refund.attempts.count() == 1
