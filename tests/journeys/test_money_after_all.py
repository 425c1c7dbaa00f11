"""Money instead of goods, chosen between asking for the exchange's money and giving it: nothing is left behind."""

from decimal import Decimal

import pytest
from django.utils import timezone

from refunds import lifecycle as money
from refunds.models import Refund
from returns import lifecycle
from tests.builders import Sold
from tests.jobs import run_jobs
from tests.journeys import traveler as on
from tests.journeys.test_an_exchange import a_green_mug, drift, exchange, went
from tests.refunds.cases import FINANCE, approve_above, people
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_what_waited_for_a_second_person_waits_again_as_money(vendors: Sandbox) -> None:
    people()
    approve_above("5")
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug())
    on.travel(vendors, rma)
    on.inspect(rma, on.arrive(rma))
    assert went(order) == [("exchange", "10.000", "awaiting_approval")]
    lifecycle.prefer_money(rma.number, by=order.customer.actor, at=timezone.now())
    run_jobs()
    assert went(order) == [("original", "10.000", "awaiting_approval")]
    money.approve(Refund.objects.get().number, by=FINANCE, at=timezone.now())
    run_jobs()
    assert (went(order), on.status(rma)) == ([("original", "10.000", "settled")], ("closed", "settled"))
    assert on.paid_by_provider(vendors, order) == Decimal("10.00")
    assert drift() == 0


def test_approved_and_not_given_yet_it_is_sent_to_the_card(vendors: Sandbox) -> None:
    """Part of it went back as money anyway, from the same payment: both parts arrive there."""
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug("6.50"))
    on.travel(vendors, rma)
    [receipt] = on.arrive(rma)
    lifecycle.inspect(
        rma.number, [lifecycle.Finding(receipt.pk, 1, "opened", "")], form_token=rma.ref, by=on.DOCK, at=timezone.now()
    )
    money.request_for_return(rma.number, by="system", at=timezone.now())
    lifecycle.prefer_money(rma.number, by=order.customer.actor, at=timezone.now())
    run_jobs()
    assert went(order) == [("original", "3.500", "settled"), ("original", "6.500", "settled")]
    assert on.paid_by_provider(vendors, order) == Decimal("10.00")
    assert on.status(rma) == ("closed", "settled")
    assert drift() == 0
    assert on.books_balance()


def test_what_failed_as_an_exchange_is_paid_as_money(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, Sold())
    rma = exchange(order, a_green_mug())
    on.travel(vendors, rma)
    [receipt] = on.arrive(rma)
    lifecycle.inspect(
        rma.number, [lifecycle.Finding(receipt.pk, 1, "opened", "")], form_token=rma.ref, by=on.DOCK, at=timezone.now()
    )
    [refund] = money.request_for_return(rma.number, by="system", at=timezone.now())
    money.withhold(refund.number, reason="nothing_goes_out", by="exchange", at=timezone.now())
    lifecycle.prefer_money(rma.number, by=order.customer.actor, at=timezone.now())
    run_jobs()
    assert (went(order), on.status(rma)) == ([("original", "10.000", "settled")], ("closed", "settled"))
    assert drift() == 0
