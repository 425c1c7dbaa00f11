"""Goods arrive worse than declared: they wait in a hold bin, unpaid, until the customer has answered (R73, R107)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from returns import lifecycle
from returns.models import GoodsTerms, Hold
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_the_customer_accepts_and_nothing_is_paid(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma), "damaged")
    assert (on.in_bin("hold"), on.in_bin("shelf"), on.paid(order)) == (1, 0, 0)
    lifecycle.answer_hold(Hold.objects.get().pk, answer="accept", by=order.customer.actor, at=timezone.now())
    on.run_jobs()
    assert on.status(rma) == ("closed", "nothing")
    assert (on.in_bin("hold"), on.in_bin("scrap"), on.paid(order)) == (0, 1, 0)


def test_a_dispute_decided_for_the_customer_pays_what_was_quoted(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma), "damaged")
    hold = Hold.objects.get().pk
    lifecycle.answer_hold(hold, answer="dispute", note="It was whole.", by=order.customer.actor, at=timezone.now())
    on.run_jobs()
    assert on.status(rma) == ("inspected", "nothing")
    lifecycle.decide_hold(hold, decision="overturn", by=on.AGENT, at=timezone.now())
    on.run_jobs()
    assert on.status(rma) == ("closed", "settled")
    assert f"{on.paid(order):.2f}" == rma.quote["total"]
    assert on.paid_by_provider(vendors, order) == on.paid(order)


def test_broken_on_arrival_is_our_fault_and_paid_in_full(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    line = order.lines.get().pk
    rma = on.ask(order, on.Wanted(line, 1, "damaged_on_arrival", "", photos=1))
    on.inspect(rma, on.arrive(rma), "damaged")
    assert on.status(rma) == ("closed", "settled")
    assert f"{on.paid(order):.2f}" == rma.quote["total"] == "10.00"
    assert (on.in_bin("scrap"), on.in_bin("shelf")) == (1, 0)


def test_used_goods_pay_what_the_table_said_before_posting(vendors: Sandbox) -> None:
    GoodsTerms.objects.update(asks_before_less=False)
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma), "used")
    assert on.status(rma) == ("closed", "settled")
    assert f"{on.paid(order):.2f}" == "5.00"


@pytest.mark.parametrize(("answer", "paid"), [("accept", "5.00"), ("dispute", "10.00"), ("send_back", "0.00")])
def test_where_the_shop_asks_first_less_than_promised_waits_for_an_answer(
    vendors: Sandbox, answer: str, paid: str
) -> None:
    """Used instead of opened pays half: held, shown with what it pays, and nothing moves before the answer."""
    GoodsTerms.objects.update(answer_days=5)
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma), "used")
    hold = Hold.objects.get()
    assert (on.in_bin("hold"), on.paid(order), hold.respond_by - hold.asked_at) == (1, 0, timedelta(days=5))
    page = Client().get(rma.get_portal_path()).content.decode()
    assert "In this condition it pays 50 % if you leave it with us." in page
    mail = Message.objects.get(rma=rma, template="held")
    assert ("pays 50 %" in mail.text, "for the part named above" in mail.text) == (True, True)
    lifecycle.answer_hold(hold.pk, answer=answer, note="It was new.", by=order.customer.actor, at=timezone.now())
    if answer == "dispute":
        lifecycle.decide_hold(hold.pk, decision="overturn", by=on.AGENT, at=timezone.now())
    on.run_jobs()
    assert (f"{on.paid(order):.2f}", on.in_bin("hold")) == (paid, 0)
    same = on.ask(order)
    on.inspect(same, on.arrive(same), "opened")  # as declared: nobody is asked
    assert (Hold.objects.count(), on.status(same)) == (1, ("closed", "settled"))


def test_accepting_a_lower_outcome_pays_that(vendors: Sandbox) -> None:
    """Refused as used, which pays half: the customer is fine with half."""
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    [receipt] = on.arrive(rma)
    finding = on.Finding(receipt.pk, 1, "used", "", acceptance="refused")
    lifecycle.inspect(rma.number, [finding], form_token=on.uuid4(), by=on.DOCK, at=timezone.now())
    on.run_jobs()
    assert on.paid(order) == 0
    lifecycle.answer_hold(Hold.objects.get().pk, answer="accept", by=order.customer.actor, at=timezone.now())
    on.run_jobs()
    assert on.status(rma) == ("closed", "settled")
    assert f"{on.paid(order):.2f}" == "5.00"
