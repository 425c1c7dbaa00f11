"""The carrier loses a parcel: on its way to the customer, or back to us (R146)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from refunds.pricing import price_return
from returns import lifecycle
from returns.models import RMA, ParcelCase
from returns.refusals import MoneyFollowsGoods, NeverScanned
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def decide(case: ParcelCase, decision: str = "refund") -> None:
    lifecycle.decide_case(case.number, decision=decision, price=price_return, by=on.AGENT, at=timezone.now())
    on.run_jobs()


def test_lost_on_its_way_to_the_customer_is_paid_with_its_shipping(vendors: Sandbox) -> None:
    now = timezone.now()
    order = on.an_order_paid_at(vendors, shipping="4.00", shipped_at=now - timedelta(days=1), delivered_at=None)
    on.hears(order, "failure")
    case = ParcelCase.objects.get()
    assert (case.kind, case.status, on.mailed(order), on.paid(order)) == ("lost", "open", ["parcel_wrong"], 0)
    decide(case)
    rma = RMA.objects.get()
    assert (on.status(rma), rma.source, rma.comes_back) == (("closed", "settled"), "carrier", False)
    assert f"{on.paid(order):.2f}" == f"{on.paid_by_provider(vendors, order):.2f}" == "24.00"
    assert (on.in_bin("expected"), on.in_bin("shelf")) == (0, 0)
    lifecycle.claim(case.number, amount=Decimal("24.00"), reference="RM-7", by=on.AGENT, at=now)
    lifecycle.close_case(case.number, recovered=Decimal("20.00"), by=on.AGENT, at=now)
    case.refresh_from_db()
    assert (case.status, case.claimed, case.recovered) == ("closed", 24, 20)
    assert on.books_balance()


def test_a_lost_parcel_that_turns_up_needs_nobody(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, shipped_at=timezone.now() - timedelta(days=1), delivered_at=None)
    on.hears(order, "failure", "lost")
    on.hears(order, "delivered")
    assert (ParcelCase.objects.get().status, order.shipments.get().status) == ("closed", "delivered")


def test_lost_on_its_way_back_is_our_risk_from_the_first_scan(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    on.travel(vendors, rma, "in_transit", "failure", "failure")
    case = ParcelCase.objects.get()
    assert (case.kind, case.rma, on.paid(order)) == ("lost", rma, 0)
    decide(case)
    decide(case)
    assert on.status(rma) == ("closed", "settled")
    assert f"{on.paid(order):.2f}" == f"{on.paid_by_provider(vendors, order):.2f}" == rma.quote["total"]
    assert (on.in_bin("expected"), on.in_bin("dock")) == (0, 0)
    assert on.books_balance()


def test_what_arrived_is_paid_as_inspected_and_what_was_lost_as_quoted(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    line = order.lines.get().pk
    rma = on.ask(order, on.Wanted(line, 2, "changed_mind", "opened"))
    on.travel(vendors, rma, "in_transit")
    receipts = on.arrive(rma, on.Arrived(rma.lines.get().pk, 1))
    on.inspect(rma, receipts, "used")  # pays half
    assert f"{on.paid(order):.2f}" == "5.00"
    parcel = rma.parcels.get()
    assert parcel.status == "in_transit"
    on.travel(vendors, rma, "failure")
    decide(ParcelCase.objects.get())
    assert (f"{on.paid(order):.2f}", on.status(rma)) == ("15.00", ("closed", "settled"))


def test_what_was_never_scanned_was_not_lost_and_what_comes_back_is_not_decided(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    on.travel(vendors, rma, "failure")
    with pytest.raises(NeverScanned):
        decide(ParcelCase.objects.get())
    on.travel(vendors, rma, "in_transit", "return_to_sender")
    assert list(ParcelCase.objects.order_by("pk").values_list("kind", "status")) == [
        ("lost", "closed"),
        ("undeliverable", "open"),
    ]
    with pytest.raises(MoneyFollowsGoods):
        decide(ParcelCase.objects.get(kind="undeliverable"))
    assert on.paid(order) == 0
