"""Who withdraws from part of a purchase keeps the discounts of the rest, pays no fee, and gets all shipping back with
the last of it (rule 14; a discount that no longer qualifies is kept where the law gives the right to withdraw)."""

from decimal import Decimal as D

import pytest
from django.utils import timezone

from inventory.models import Condition
from oms.models import Order
from returns.lifecycle import Wanted
from returns.models import RMA, ReturnReason
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.policies import a_rule
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def terms() -> None:
    """Withdrawal is a reason of its own: nothing is deducted for opening, no fee, shipping comes back."""
    ReturnReason.objects.create(code="withdrawal", label="I withdraw from the purchase", asks_condition=False)
    policy = a_rule("accepted_reasons", priority=50, reasons=["withdrawal", "changed_mind"])
    policy.version.rules.filter(kind="accepted_reasons").exclude(pk=policy.pk).delete()
    a_rule("refund_shipping", our_fault=True, everything=True)
    a_rule("restocking_fee", percent="20", reasons=["changed_mind"])
    a_rule("free_label", fee="4.95", reasons=["withdrawal"])
    Condition.objects.filter(code__in=("sealed", "opened")).update(payout_percent=100)


def an_order_with_ten_off(vendors: Sandbox) -> Order:
    """40.00 + 20.00 less 10.00 on the whole, which asked for 50.00 of goods; 6.00 for sending it."""
    lines = (
        Sold(sku="COAT", title="Coat", quantity=1, gross="33.33", tax="5.56"),
        Sold(sku="HAT", title="Hat", quantity=1, gross="16.67", tax="2.78"),
    )
    order = on.an_order_paid_at(vendors, *lines, shipping="6.00")
    Order.objects.filter(pk=order.pk).update(shipping_tax=D("1.00"))
    order.refresh_from_db()
    return order


def withdraw(vendors: Sandbox, order: Order, sku: str, reason: str = "withdrawal") -> RMA:
    line = order.lines.get(sku=sku)
    rma = on.ask(order, Wanted(line.pk, 1, reason, "" if reason == "withdrawal" else "opened"), at=timezone.now())
    on.travel(vendors, rma)
    on.inspect(rma, on.arrive(rma))
    return rma


def test_the_rest_keeps_its_discount_and_the_last_takes_shipping_along(vendors: Sandbox) -> None:
    order = an_order_with_ten_off(vendors)
    coat = withdraw(vendors, order, "COAT")
    assert [coat.quote["total"], coat.quote["fees"], on.paid(order)] == ["33.33", [], D("33.33")]
    hat = withdraw(vendors, order, "HAT")
    assert [hat.quote["total"], hat.quote["shipping"][0]["gross"]] == ["22.67", "6.00"]
    assert on.paid(order) == on.paid_by_provider(vendors, order) == order.total == D("56.00")
    assert [on.status(rma) for rma in (coat, hat)] == [("closed", "settled")] * 2
    assert on.books_balance()


def test_who_only_changes_their_mind_pays_the_fees(vendors: Sandbox) -> None:
    order = an_order_with_ten_off(vendors)
    coat = withdraw(vendors, order, "COAT", "changed_mind")
    fees = {fee["code"]: fee["gross"] for fee in coat.quote["fees"]}
    assert [fees, coat.quote["total"]] == [{"restocking": "6.67", "return_label": "4.95"}, "21.71"]
    assert on.paid(order) == D("21.71")
