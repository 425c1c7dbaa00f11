"""A return settled as store credit, and orders that were paid with it."""

from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.utils import timezone

from oms import shops
from oms.models import Customer, Order, Payment, Posting
from oms.orders.creation import NewLine, NewPayment, create
from oms.states import PaymentMethod
from refunds import lifecycle, protocol
from refunds.conservation import balances
from refunds.models import Refund, StoreCredit, StoreCreditGrant
from refunds.states import RefundDestination, RefundStatus
from refunds.store_credit import Category
from returns import lifecycle as returns
from returns.lifecycle import Finding
from returns.models import RMA
from returns.states import Resolution, RMAStatus, Settlement
from tests.builders import NOON, Sold, a_customer, a_product, a_return
from tests.policies import a_rule
from tests.refunds.cases import DOCK, FINANCE, LATER, inspect_all, people, receive_all
from tests.refunds.store_credit.cases import DESK, owed, owed_in_the_books, remaining, some_credit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy(db: None) -> None:
    a_rule("resolutions", allowed=["refund", "store_credit"], default="refund")


def a_bonus(percent: str) -> None:
    shops.change({"credit_bonus": D(percent)}, by="user:1", at=NOON)


def a_sale(
    customer: Customer, *payments: tuple[str, str], sold: tuple[Sold, ...] = (Sold(),), number: str = ""
) -> Order:
    """An order placed and shipped; each payment is (method, amount), store credit from the customer's own account."""
    number = number or f"N{uuid4().hex[:8]}"
    made = []
    for method, amount in payments:
        reference = ""
        if method == PaymentMethod.STORE_CREDIT:
            entry = lifecycle.spend(customer, D(amount), "GBP", cause=f"order/{number}", by=DESK, at=NOON)
            reference = entry.reference
        made.append(NewPayment(PaymentMethod(method), reference, D(amount)))
    lines = [NewLine(a_product(one), one.quantity, D(one.gross) / one.quantity, tax_rate=D(20)) for one in sold]
    order = create(number=number, customer=customer, lines=lines, payments=made, currency="GBP", by=DESK, at=NOON)
    order.lines.update(shipped=2)
    return order


def sent_back(order: Order, resolution: str, *, quantity: int = 2) -> RMA:
    rma = a_return(order, quantity=quantity, resolution=resolution)
    inspect_all(rma, receive_all(rma))
    for refund in lifecycle.request_for_return(rma.number, by=DOCK, at=LATER):
        protocol.carry_out(refund.number, by="system", now=timezone.now)
    return RMA.objects.get(pk=rma.pk)


def test_credit_chosen_instead_of_money_is_given_with_the_settlement() -> None:
    customer = a_customer()
    order = a_sale(customer, ("card", "20.00"))
    rma = sent_back(order, Resolution.STORE_CREDIT)
    assert (rma.status, rma.settlement) == (RMAStatus.CLOSED, Settlement.SETTLED)
    refund = rma.refunds.get()
    assert (refund.status, refund.destination) == (RefundStatus.SETTLED, RefundDestination.STORE_CREDIT)
    account = customer.store_credits.get()
    grant = account.grants.get()
    assert (grant.category, grant.amount, grant.document) == (Category.REFUND, D("20"), refund.number)
    assert refund.provider_id == f"{account.number}/1"
    payment = order.payments.get()
    assert (payment.refunded, payment.in_flight) == (D("20"), 0)
    booked = Posting.objects.filter(entry__cause__startswith=f"refund/{refund.number}/settled").order_by("pk")
    assert list(booked.values_list("account", "amount")) == [
        ("returns", D("16.67")),
        ("sales_tax", D("3.33")),
        ("store_credit", D("-20.00")),
    ]
    assert {one.drift for one in balances()} == {0}
    assert owed() == owed_in_the_books() == D("20")


def test_a_bonus_comes_on_top_as_it_was_promised_whatever_the_setting_is_by_then() -> None:
    a_bonus("7.5")
    order = a_sale(a_customer(), ("card", "20.00"))
    rma = a_return(order, quantity=2, resolution=Resolution.STORE_CREDIT)
    assert rma.quote["bonus"] == {"percent": "7.50", "amount": "1.50"}
    a_bonus("0")
    inspect_all(rma, receive_all(rma))
    for refund in lifecycle.request_for_return(rma.number, by=DOCK, at=LATER):
        protocol.carry_out(refund.number, by="system", now=timezone.now)
    grants = StoreCreditGrant.objects.order_by("pk")
    assert list(grants.values_list("category", "amount")) == [("refund", D("20")), ("bonus", D("1.50"))]
    assert (grants[0].expires_at, grants[1].expires_at is None) == (None, False)
    assert {one.drift for one in balances()} == {0}
    assert owed() == owed_in_the_books() == D("21.50")


def test_credit_that_stands_in_for_an_unreachable_card_earns_no_bonus() -> None:
    a_bonus("10")
    rma = a_return(a_sale(a_customer(), ("card", "20.00")), quantity=2)
    inspect_all(rma, receive_all(rma))
    [refund] = lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)
    people()
    lifecycle.redirect(refund.number, RefundDestination.STORE_CREDIT, reason="card gone", by=DOCK, at=LATER)
    lifecycle.approve(refund.number, by=FINANCE, at=LATER)
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    assert list(StoreCreditGrant.objects.values_list("category", "amount")) == [("refund", D("20"))]


def test_money_back_brings_no_bonus() -> None:
    a_bonus("10")
    rma = a_return(a_sale(a_customer(), ("card", "20.00")), quantity=2)
    inspect_all(rma, receive_all(rma))
    [refund] = lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)
    assert (refund.destination, StoreCredit.objects.count()) == (RefundDestination.ORIGINAL, 0)


def test_bonuses_of_parts_add_up_to_the_bonus_of_the_whole() -> None:
    a_bonus("10")
    sold = (Sold(gross="10.00", quantity=3, shipped=3),)
    order = a_sale(a_customer(), ("card", "10.00"), sold=sold)
    order.lines.update(shipped=3)
    rma = a_return(order, quantity=3, resolution=Resolution.STORE_CREDIT)
    [receipt] = receive_all(rma)
    for _piece in range(3):
        returns.inspect(rma.number, [Finding(receipt.pk, 1, "opened", "")], form_token=uuid4(), by=DOCK, at=LATER)
        for refund in lifecycle.request_for_return(rma.number, by=DOCK, at=LATER):
            protocol.carry_out(refund.number, by="system", now=timezone.now)
    bonus = StoreCreditGrant.objects.filter(category=Category.BONUS).values_list("amount", flat=True)
    assert (sum(bonus), rma.quote["bonus"]["amount"]) == (D("1.00"), "1.00")
    assert {one.drift for one in balances()} == {0}


@pytest.mark.parametrize("resolution", [Resolution.REFUND, Resolution.STORE_CREDIT])
def test_what_was_paid_with_credit_goes_back_to_the_same_credit(resolution: str) -> None:
    a_bonus("10")
    customer = a_customer()
    account = some_credit("15.00", customer, category=Category.GIFT)
    some_credit("10.00", customer, category=Category.REFUND)
    order = a_sale(customer, ("store_credit", "20.00"))
    assert [grant.used for grant in account.grants.order_by("pk")] == [D("15"), D("5")]
    before = list(account.grants.values_list("pk", "expires_at"))
    rma = sent_back(order, resolution)
    assert (rma.refunds.get().destination, rma.settlement) == (RefundDestination.ORIGINAL, Settlement.SETTLED)
    assert [grant.used for grant in account.grants.order_by("pk")] == [0, 0]
    assert list(account.grants.values_list("pk", "expires_at")) == before
    assert remaining(account) == owed() == owed_in_the_books() == D("25")
    assert {one.drift for one in balances()} == {0}


def test_a_split_tender_gives_each_its_own_back() -> None:
    customer = a_customer()
    some_credit("5.00", customer)
    order = a_sale(customer, ("store_credit", "5.00"), ("card", "15.00"))
    rma = sent_back(order, Resolution.STORE_CREDIT)
    ways = rma.refunds.order_by("pk").values_list("payment__method", "destination", "amount", "status")
    assert list(ways) == [
        ("store_credit", "original", D("5"), "settled"),
        ("card", "store_credit", D("15"), "settled"),
    ]
    grants = StoreCreditGrant.objects.order_by("pk").values_list("category", "amount", "used")
    assert list(grants) == [("goodwill", D("5"), 0), ("refund", D("15"), 0)]
    assert owed() == owed_in_the_books() == D("20")
    assert {one.drift for one in balances()} == {0}


def test_a_gift_card_of_elsewhere_comes_back_as_credit_of_ours() -> None:
    customer = a_customer()
    rma = sent_back(a_sale(customer, ("gift_card", "20.00")), Resolution.REFUND)
    assert rma.settlement == Settlement.SETTLED
    assert customer.store_credits.get().grants.get().amount == owed() == owed_in_the_books() == D("20")


def test_a_repeated_job_gives_the_credit_once() -> None:
    rma = sent_back(a_sale(a_customer(), ("card", "20.00")), Resolution.STORE_CREDIT)
    for _ in range(7):
        protocol.carry_out(rma.refunds.get().number, by="system", now=timezone.now)
    assert StoreCreditGrant.objects.get().amount == D("20")


def test_nobodys_order_fails_for_a_person_to_look_at() -> None:
    order = a_sale(a_customer(), ("card", "20.00"))
    rma = a_return(order, quantity=2, resolution=Resolution.STORE_CREDIT)
    inspect_all(rma, receive_all(rma))
    Order.objects.filter(pk=order.pk).update(customer=None)
    [refund] = lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund = Refund.objects.get(pk=refund.pk)
    assert (refund.status, refund.provider_reason) == (RefundStatus.FAILED, "nobodys_credit")
    assert Payment.objects.get(pk=refund.payment_id).in_flight == 0
