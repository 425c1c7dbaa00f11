"""What was paid for sending is a unit of its own: it comes back once, with its own tax, as the policy says (p11)."""

from decimal import Decimal as D

import pytest

from oms.models import Order
from refunds import lifecycle
from refunds.models import CreditMemo
from returns import lifecycle as returns
from returns.models import RMA, PolicyRule
from tests.builders import Sold, a_return
from tests.policies import a_rule
from tests.refunds.cases import DOCK, LATER, a_paid_order, inspect_all, receive_all

pytestmark = pytest.mark.django_db


def sent(quantity: int = 2) -> Order:
    order = a_paid_order(lines=[Sold(quantity=quantity)], shipping="6.00")
    Order.objects.filter(pk=order.pk).update(shipping_tax=D("1.00"))
    return order


def back(order: Order, *, reason: str = "changed_mind", quantity: int = 1, condition: str = "opened") -> RMA:
    rma = a_return(order, reason=reason, quantity=quantity)
    inspect_all(rma, receive_all(rma), condition)
    return rma


def paid(rma: RMA) -> list[D]:
    return [one.amount for one in lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)]


def test_without_a_rule_it_stays() -> None:
    PolicyRule.objects.filter(kind="refund_shipping").delete()
    rma = back(sent(), quantity=2)
    assert [rma.quote["shipping"], paid(rma)] == [[], [D("20.00")]]


def test_for_our_fault_it_comes_back_at_once_and_once() -> None:
    a_rule("refund_shipping")
    order = sent()
    first, second = (back(order, reason="arrived_late") for _ in range(2))
    assert [first.quote["total"], second.quote["total"]] == ["16.00", "10.00"]
    assert [one["code"] for one in first.decision["findings"] if one["rule"] == "refund_shipping"] == ["shipping_back"]
    assert [paid(first), paid(second)] == [[D("16.00")], [D("10.00")]]
    memo = CreditMemo.objects.get(rma=first)
    assert [memo.quote["shipping"][0][name] for name in ("net", "tax", "gross", "tax_rate")] == [
        "5.00",
        "1.00",
        "6.00",
        "20",
    ]
    assert memo.tax == D("1.67") + D("1.00")
    assert sum(line.gross for line in memo.lines.all()) == D("16.00")


def test_with_the_last_of_an_order() -> None:
    a_rule("refund_shipping")
    order = sent()
    first, second = back(order), back(order)
    assert [first.quote["total"], second.quote["total"]] == ["10.00", "16.00"]
    assert [paid(first), paid(second)] == [[D("10.00")], [D("16.00")]]
    assert order.payments.get().refundable == 0


def test_not_while_something_announced_is_missing() -> None:
    a_rule("refund_shipping")
    rma = a_return(sent(), quantity=2)
    [receipt] = receive_all(rma)
    returns.inspect(
        rma.number,
        [returns.Finding(receipt.pk, 1, "opened", "")],
        form_token=rma.ref,
        by=DOCK,
        at=LATER,
    )
    assert paid(rma) == [D("10.00")]
    returns.inspect(
        rma.number, [returns.Finding(receipt.pk, 1, "opened", "")], form_token=rma.form_token, by=DOCK, at=LATER
    )
    assert paid(rma) == [D("10.00"), D("16.00")]
    assert RMA.objects.get(pk=rma.pk).quote["total"] == "26.00"


def test_a_canceled_return_leaves_it_to_the_next() -> None:
    a_rule("refund_shipping")
    order = sent()
    first = a_return(order, reason="arrived_late")
    returns.cancel(first.number, by=order.customer.actor, at=LATER)
    assert a_return(order, reason="arrived_late").quote["total"] == "16.00"


def test_fees_are_not_reckoned_on_it() -> None:
    a_rule("refund_shipping")
    a_rule("restocking_fee", percent="10", waived_when_our_fault=False)
    rma = back(sent(), reason="arrived_late")
    assert [rma.quote["total"], paid(rma)] == ["15.00", [D("15.00")]]
