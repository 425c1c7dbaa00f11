"""What a return is owed: the quote to the cent when inspection agrees, and every difference named when it does not."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db.models import Sum

from inventory.models import Condition
from oms.models import Payment, Posting
from oms.orders import cancel_lines
from oms.states import PaymentMethod
from refunds import lifecycle
from refunds.models import CreditMemo, Refund
from refunds.pricing import price_return
from refunds.refusals import PaymentsExhausted
from returns import lifecycle as returns
from returns.lifecycle import Arrived, Finding, Wanted
from returns.lifecycle.parcels import Bought
from returns.models import RMA, Hold, PolicyRule
from returns.states import ReceiptResult, RMAStatus, Settlement
from tests.builders import NOON, Sold, a_return, an_order
from tests.policies import less_is_paid_at_once
from tests.refunds.cases import (
    DOCK,
    LATER,
    a_paid_order,
    an_inspected_return,
    inspect_all,
    is_closed,
    money,
    receive_all,
)

pytestmark = pytest.mark.django_db

A_LABEL = Bought(
    "Royal Mail", "Tracked", "cheapest", "RM123456789GB", "", Decimal("3.20"), "GBP", b"%PDF", "application/pdf"
)


def ask(rma: RMA) -> list[Refund]:
    return lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)


def settle_all(rma: RMA) -> None:
    for refund in rma.refunds.filter(status="approved").order_by("pk"):
        lifecycle.submit(refund.number, by="system", at=LATER)
        lifecycle.settle(refund.number, provider_id=f"re_{uuid4().hex}", by="stripe", at=LATER)


def refunded(rma: RMA) -> Decimal:
    return sum((one.amount for one in rma.refunds.all()), Decimal(0))


def a_fee(percent: str = "", **parameters: str) -> None:
    """The policy charges for a change of mind."""
    rule = PolicyRule.objects.get(kind="restocking_fee")
    rule.parameters = {"reasons": ["changed_mind"]} | ({"percent": percent} if percent else {}) | parameters
    rule.save()


@pytest.mark.parametrize("batches", [[7], [1, 6], [3, 1, 3], [1, 1, 1, 1, 1, 1, 1]])
def test_in_however_many_parts_it_is_the_quote(batches: list[int]) -> None:
    a_fee("12.5")
    order = a_paid_order(lines=[Sold(quantity=7, gross="33.34", tax="5.56")])
    rma = a_return(order, quantity=7)
    line = rma.lines.get()
    for quantity in batches:
        receipts = returns.receive(rma.number, [Arrived(line.pk, quantity)], form_token=uuid4(), by=DOCK, at=LATER)
        inspect_all(rma, receipts)
        ask(rma)
    assert refunded(rma) == Decimal(rma.quote["total"]) == Decimal("29.17")
    assert CreditMemo.objects.filter(rma=rma).count() == len(batches)
    assert CreditMemo.objects.filter(rma=rma).aggregate(tax=Sum("tax"))["tax"] == Decimal("5.56")
    settle_all(rma)
    assert is_closed(rma)
    assert Posting.objects.aggregate(sum=Sum("amount"))["sum"] == 0


def test_a_worse_condition_names_its_outcome() -> None:
    less_is_paid_at_once()
    rma = an_inspected_return(a_paid_order(), quantity=2, condition="used")
    [refund] = ask(rma)
    assert (Decimal(rma.quote["total"]), refund.amount) == (Decimal("20.00"), Decimal("10.00"))
    outcome = rma.lines.get().receipts.get().outcomes.get()
    [difference] = refund.memo.quote["differences"]
    assert difference == {
        "outcome": outcome.pk,
        "line": rma.lines.get().pk,
        "description": "Blue mug",
        "quantity": 2,
        "declared": "opened",
        "found": "used",
        "promised": "20.00",
        "pays": "10.00",
    }


def test_refused_goods_are_paid_once_a_dispute_is_won() -> None:
    order = a_paid_order()
    rma = an_inspected_return(order, quantity=1, condition="damaged")
    assert ask(rma) == []
    hold = Hold.objects.get(outcome__receipt__line__rma=rma)
    returns.answer_hold(hold.pk, answer="dispute", note="It was fine", by=order.customer.actor, at=LATER)
    assert ask(rma) == []
    returns.decide_hold(hold.pk, decision="overturn", by="user:5", at=LATER)
    [refund] = ask(rma)
    assert refund.amount == Decimal("10.00")
    settle_all(rma)
    assert is_closed(rma)


def test_accepting_the_refusal_closes_without_money() -> None:
    order = a_paid_order()
    rma = an_inspected_return(order, condition="damaged")
    hold = Hold.objects.get(outcome__receipt__line__rma=rma)
    returns.answer_hold(hold.pk, answer="accept", by=order.customer.actor, at=LATER)
    assert ask(rma) == []
    assert is_closed(rma)
    assert RMA.objects.get(pk=rma.pk).settlement == Settlement.NOTHING


def test_missing_units_are_not_paid() -> None:
    rma = a_return(a_paid_order(), quantity=2)
    line = rma.lines.get()
    receipts = returns.receive(rma.number, [Arrived(line.pk, 1)], form_token=uuid4(), by=DOCK, at=LATER)
    gone = [Arrived(line.pk, 1, ReceiptResult.SHORT)]
    returns.receive(rma.number, gone, form_token=uuid4(), by=DOCK, at=LATER)
    inspect_all(rma, receipts)
    assert [one.amount for one in ask(rma)] == [Decimal("10.00")]
    settle_all(rma)
    assert is_closed(rma)


def test_units_of_one_receipt_in_two_conditions() -> None:
    less_is_paid_at_once()
    order = a_paid_order(lines=[Sold(quantity=3, gross="10.00", tax="1.67")])
    rma = a_return(order, quantity=3)
    [receipt] = receive_all(rma)
    for finding in (Finding(receipt.pk, 1, "used", ""), Finding(receipt.pk, 2, "opened", "")):
        returns.inspect(rma.number, [finding], form_token=uuid4(), by=DOCK, at=LATER)
    [refund] = ask(rma)
    # unit 0 is worth 3.33 and pays half, rounded; units 1 and 2 pay 3.34 and 3.33
    assert refund.amount == Decimal("1.67") + Decimal("6.67")


@pytest.mark.parametrize("moment", ["scan", "delivery", "receipt"])
def test_the_policy_pays_before_inspection(moment: str) -> None:
    rule = PolicyRule.objects.get(kind="refund_at")
    rule.parameters = {"default": moment}
    rule.save()
    order = a_paid_order()
    rma = a_return(order, quantity=2)
    assert ask(rma) == []
    if moment != "receipt":
        parcel = rma.parcels.get()
        returns.label(parcel.pk, A_LABEL, by="carrier", at=LATER)
        returns.move_parcel(parcel.pk, status="in_transit", occurred_at=LATER, by="carrier", at=LATER)
        if moment == "delivery":
            assert ask(rma) == []
            returns.move_parcel(parcel.pk, status="delivered", occurred_at=LATER, by="carrier", at=LATER)
    else:
        receipts = receive_all(rma)
    [refund] = ask(rma)
    assert refund.amount == Decimal(rma.quote["total"]) == Decimal("20.00")
    settle_all(rma)
    assert RMA.objects.get(pk=rma.pk).settlement == Settlement.SETTLED
    assert not is_closed(rma)
    if moment != "receipt":
        receipts = receive_all(rma)
    inspect_all(rma, receipts)
    assert [one.pk for one in ask(rma)] == [refund.pk]
    assert is_closed(rma)
    assert money(order) == (Decimal("20.00"), 0)


def test_fees_that_eat_everything_settle_at_nothing() -> None:
    a_fee(amount="50.00", percent="")
    order = a_paid_order()
    rma = an_inspected_return(order, quantity=1)
    assert Decimal(rma.quote["total"]) == 0
    assert ask(rma) == []
    assert is_closed(rma)
    assert money(order) == (0, 0)


def test_two_payments_oldest_first_and_booked_to_the_cent() -> None:
    order = an_order(lines=[Sold(quantity=3, gross="30.00", tax="5.00")], provider_id="pi_first")
    first = order.payments.get()
    Payment.objects.filter(pk=first.pk).update(captured=Decimal("12.34"))
    Payment.objects.create(
        order=order,
        method=PaymentMethod.CARD,
        provider_id="pi_second",
        currency="GBP",
        captured=Decimal("17.66"),
        captured_at=NOON,
    )
    rma = an_inspected_return(order, quantity=3)
    refunds = ask(rma)
    assert [one.amount for one in refunds] == [Decimal("12.34"), Decimal("17.66")]
    lifecycle.submit(refunds[0].number, by="system", at=LATER)
    lifecycle.settle(refunds[0].number, provider_id="re_a", by="stripe", at=LATER)
    assert RMA.objects.get(pk=rma.pk).settlement == Settlement.IN_PROGRESS
    settle_all(rma)
    assert is_closed(rma)
    booked = Posting.objects.filter(entry__cause__startswith="refund/")
    by_account = dict(booked.values_list("account").annotate(sum=Sum("amount")))
    assert by_account == {"returns": Decimal("25.00"), "sales_tax": Decimal("5.00"), "provider": Decimal("-30.00")}


def test_more_than_was_captured_is_refused_whole() -> None:
    order = a_paid_order()
    Payment.objects.filter(order=order).update(captured=Decimal("9.99"))
    rma = an_inspected_return(order, quantity=1)
    with pytest.raises(PaymentsExhausted):
        ask(rma)
    assert (CreditMemo.objects.count(), money(order)) == (0, (0, 0))


def test_canceled_units_are_paid_without_a_return_and_shipping_with_the_last() -> None:
    order = an_order(lines=[Sold(quantity=2, gross="20.00", tax="3.33")], shipping="4.00", shipped_at=None)
    line = order.lines.get()
    claims = cancel_lines(order.number, {line.pk: 1}, "customer", by="user:1", at=LATER)
    [first] = lifecycle.request_for_cancellation(order.number, [one.pk for one in claims], by="user:1", at=LATER)
    assert (first.amount, first.rma) == (Decimal("10.00"), None)
    assert lifecycle.request_for_cancellation(order.number, [one.pk for one in claims], by="user:1", at=LATER) == []
    claims = cancel_lines(order.number, {line.pk: 1}, "customer", by="user:1", at=LATER)
    [second] = lifecycle.request_for_cancellation(order.number, [one.pk for one in claims], by="user:1", at=LATER)
    assert second.amount == Decimal("14.00")
    assert money(order) == (0, Decimal("24.00"))


def test_what_was_canceled_is_not_returned_too() -> None:
    order = an_order(lines=[Sold(quantity=2, shipped=1)])
    line = order.lines.get()
    claims = cancel_lines(order.number, {line.pk: 1}, "customer", by="user:1", at=LATER)
    rma = an_inspected_return(order, quantity=1)
    lifecycle.request_for_cancellation(order.number, [one.pk for one in claims], by="user:1", at=LATER)
    ask(rma)
    assert money(order) == (0, Decimal("20.00"))


def test_several_lines_and_reasons_in_one_return() -> None:
    a_fee("10")
    order = an_order(lines=[Sold(quantity=2), Sold(sku="TEA", title="Tea", quantity=3, gross="9.99", tax="0.48")])
    mugs, tea = order.lines.order_by("position")
    rma = returns.request(
        order.number,
        [Wanted(mugs.pk, 1, "changed_mind", "opened"), Wanted(tea.pk, 3, "not_as_described", "used")],
        resolution="refund",
        price=price_return,
        form_token=uuid4(),
        by=order.customer.actor,
        at=NOON,
    )
    if rma.status == RMAStatus.NEEDS_REVIEW:
        rma = returns.approve(rma.number, by="user:1", at=NOON)
    receipts = receive_all(rma)
    lines = {receipt.line_id: receipt for receipt in receipts}
    findings = [
        Finding(lines[rma.lines.get(order_line=mugs).pk].pk, 1, "opened", ""),
        Finding(lines[rma.lines.get(order_line=tea).pk].pk, 3, "used", ""),
    ]
    returns.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=LATER)
    [refund] = ask(rma)
    assert refund.amount == Decimal(rma.quote["total"]) == Decimal("18.99")


def test_goods_accepted_for_nothing_close_without_money() -> None:
    less_is_paid_at_once()
    Condition.objects.filter(code="used").update(payout_percent=0)
    order = a_paid_order()
    rma = an_inspected_return(order, condition="used")
    assert ask(rma) == []
    assert is_closed(rma)
    assert money(order) == (0, 0)


def test_a_later_part_that_fees_eat_settles_with_the_first() -> None:
    less_is_paid_at_once()
    rule = PolicyRule.objects.get(kind="restocking_fee")
    rule.parameters = {"reasons": ["changed_mind"], "amount": "6.00", "per": "unit"}
    rule.save()
    Condition.objects.filter(code="used").update(payout_percent=50)
    order = a_paid_order(lines=[Sold(quantity=2, gross="20.00", tax="0.00", tax_rate="0")])
    rma = a_return(order, quantity=2)
    line = rma.lines.get()
    for condition in ("opened", "used"):
        receipts = returns.receive(rma.number, [Arrived(line.pk, 1)], form_token=uuid4(), by=DOCK, at=LATER)
        inspect_all(rma, receipts, condition)
        ask(rma)
        settle_all(rma)
    assert refunded(rma) == Decimal("4.00")
    assert is_closed(rma)
