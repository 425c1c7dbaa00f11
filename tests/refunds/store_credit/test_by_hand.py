"""Credit that staff give, correct and spend: with a reason, and above a limit with a second person."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from oms.models import Event
from oms.orders.creation import NewLine, NewPayment, create
from oms.states import PaymentMethod
from refunds import lifecycle
from refunds.conservation import balances
from refunds.models import StoreCreditEntry, StoreCreditGrant, StoreCreditRequest
from refunds.refusals import NotPositive, ReasonMissing
from refunds.states import CreditRequestStatus
from refunds.store_credit import Category
from refunds.store_credit.refusals import (
    ForeignCredit,
    MoreThanUnpaid,
    NobodysCredit,
    NotEnoughCredit,
    NotGivenByHand,
    OwnCreditRequest,
)
from tests.builders import NOON, Sold, a_customer, a_product
from tests.refunds.store_credit.cases import DESK, LATER, owed, owed_in_the_books, remaining, some_credit

pytestmark = pytest.mark.django_db
OTHER = "user:8"
GIVEN = {"category": Category.GOODWILL, "reason": "late parcel", "by": DESK, "at": LATER}


def offer(customer: Any, amount: str, **how: Any) -> Any:
    return lifecycle.offer_credit(customer, D(amount), "GBP", **({"form_token": uuid4()} | GIVEN | how))


def test_a_little_is_given_at_once_and_one_form_gives_once() -> None:
    customer, token = a_customer(), uuid4()
    entries = {offer(customer, "25.00", form_token=token) for _ in range(3)}
    assert (len(entries), remaining(entries.pop().account)) == (1, D("25"))
    assert StoreCreditGrant.objects.get().reason == "late parcel"


def test_more_waits_for_a_second_person_who_is_not_the_first() -> None:
    asked = offer(a_customer(), "25.01")
    assert (asked.status, StoreCreditEntry.objects.count()) == (CreditRequestStatus.WAITING, 0)
    with pytest.raises(OwnCreditRequest):
        lifecycle.agree_to_credit(asked.number, by=DESK, at=LATER)
    for _ in range(3):
        lifecycle.agree_to_credit(asked.number, by=OTHER, at=LATER)
    assert StoreCreditGrant.objects.get().amount == owed() == owed_in_the_books() == D("25.01")
    told = Event.objects.filter(stream=f"credit-request/{asked.number}").order_by("sequence")
    assert list(told.values_list("name", "actor")) == [
        ("store_credit.asked", DESK),
        ("store_credit.agreed", OTHER),
    ]


def test_parts_given_within_a_day_count_together() -> None:
    customer = a_customer()
    offer(customer, "20.00")
    assert isinstance(offer(customer, "5.01"), StoreCreditRequest)
    assert isinstance(offer(customer, "5.00"), StoreCreditEntry)
    assert isinstance(offer(customer, "0.01"), StoreCreditRequest)
    assert isinstance(offer(customer, "0.01", by=OTHER), StoreCreditEntry)
    assert isinstance(offer(customer, "25.00", at=LATER + timedelta(days=1)), StoreCreditEntry)


def test_what_is_declined_is_never_given() -> None:
    asked = offer(a_customer(), "50.00")
    with pytest.raises(OwnCreditRequest):
        lifecycle.decline_credit(asked.number, by=DESK, at=LATER)
    for _ in range(2):
        lifecycle.decline_credit(asked.number, by=OTHER, at=LATER)
    with pytest.raises(Exception, match="not possible"):
        lifecycle.agree_to_credit(asked.number, by=OTHER, at=LATER)
    assert StoreCreditEntry.objects.count() == 0


def test_the_database_knows_four_eyes_too() -> None:
    asked = offer(a_customer(), "50.00")
    with pytest.raises(IntegrityError), transaction.atomic():
        StoreCreditRequest.objects.filter(pk=asked.pk).update(decided_by=DESK)


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"reason": "  "}, ReasonMissing),
        ({"category": Category.REFUND}, NotGivenByHand),
        ({"category": Category.BONUS}, NotGivenByHand),
        ({"amount": "0"}, NotPositive),
        ({"amount": "-5"}, NotPositive),
        ({"customer": None}, NobodysCredit),
    ],
)
def test_what_is_refused_gives_nothing(how: dict[str, Any], refusal: type[Exception]) -> None:
    asked = {"customer": a_customer(), "amount": "5"} | how
    with pytest.raises(refusal):
        offer(**asked)
    assert StoreCreditEntry.objects.count() == StoreCreditRequest.objects.count() == 0


def test_the_customers_own_money_is_corrected_by_two() -> None:
    grant = some_credit("10.00", category=Category.REFUND).grants.get()
    told = {"reason": "typo", "form_token": uuid4(), "by": DESK, "at": LATER}
    asked = lifecycle.correct_credit(grant.pk, D("-4"), **told)
    assert lifecycle.correct_credit(grant.pk, D("-4"), **told) == asked
    lifecycle.agree_to_credit(asked.number, by=OTHER, at=LATER)
    assert owed() == owed_in_the_books() == D("6")
    goodwill = some_credit("10.00").grants.get()
    assert isinstance(lifecycle.correct_credit(goodwill.pk, D("5"), **told | {"form_token": uuid4()}), StoreCreditEntry)


# ── Paying an order ───────────────────────────────────────────────────────────────────────────────────────────────


def an_unpaid_order(customer: Any, *payments: NewPayment) -> Any:
    lines = [NewLine(a_product(Sold()), 2, D("10.00"), tax_rate=D(20))]
    return create(
        number=f"U{uuid4().hex[:6]}",
        customer=customer,
        lines=lines,
        payments=payments,
        currency="GBP",
        by=DESK,
        at=NOON,
    )


def test_staff_pay_what_is_open_of_an_order() -> None:
    customer, token = a_customer(), uuid4()
    account = some_credit("30.00", customer)
    order = an_unpaid_order(customer, NewPayment(PaymentMethod.CARD, "pi_1", D("5")))
    pay = {"form_token": token, "by": DESK, "at": LATER}
    payments = {lifecycle.pay_order_with_credit(account.number, order.number, D("15"), **pay) for _ in range(3)}
    [payment] = payments
    assert (payment.method, payment.captured, order.payments.count()) == ("store_credit", D("15"), 2)
    assert remaining(account) == owed() == owed_in_the_books() == D("15")
    with pytest.raises(MoreThanUnpaid) as refused:
        lifecycle.pay_order_with_credit(account.number, order.number, D("0.01"), **pay | {"form_token": uuid4()})
    assert str(refused.value) == f"Order {order.number}: 0.01 asked for, 0.00 still to be paid."
    assert {one.drift for one in balances()} == {0}


def test_an_order_is_not_paid_with_what_is_not_its_customers() -> None:
    customer = a_customer()
    account = some_credit("10.00", customer)
    pay = {"form_token": uuid4(), "by": DESK, "at": LATER}
    with pytest.raises(ForeignCredit):
        lifecycle.pay_order_with_credit(account.number, an_unpaid_order(a_customer()).number, D("5"), **pay)
    with pytest.raises(NotEnoughCredit):
        lifecycle.pay_order_with_credit(account.number, an_unpaid_order(customer).number, D("10.01"), **pay)
    assert remaining(account) == D("10")


def test_terms_are_the_shops_to_change_and_reach_only_what_is_given_after() -> None:
    before = some_credit("1.00").grants.get()
    lifecycle.change_terms("goodwill", {"valid_days": 10, "alone_up_to": D("3")}, by=DESK, at=LATER)
    after = some_credit("1.00").grants.get()
    assert (before.expires_at - after.expires_at).days == 355
    assert isinstance(offer(a_customer(), "3.01"), StoreCreditRequest)
    assert Event.objects.get(name="store_credit.terms_changed").facts["fields"] == ["alone_up_to", "valid_days"]
