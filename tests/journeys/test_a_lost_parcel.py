"""The carrier loses a parcel: on its way to the customer, or back to us (R146)."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from inventory.models import Unit
from refunds.pricing import price_return
from returns import lifecycle
from returns.models import RMA, FoundGoods, ParcelCase
from returns.refusals import MoneyFollowsGoods, NeverScanned
from tests.journeys import traveler as on
from tests.policies import less_is_paid_at_once
from tests.sandbox import Sandbox
from tests.staff import staff_client

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


def test_delivered_after_it_was_paid_as_lost_is_put_before_a_person_once(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, shipped_at=timezone.now() - timedelta(days=1), delivered_at=None)
    on.hears(order, "failure")
    decide(ParcelCase.objects.get())
    told = on.mailed(order)
    on.hears(order, "delivered")
    on.hears(order, "delivered")
    again = ParcelCase.objects.get(kind="turned_up")
    assert (again.status, again.shipment, on.mailed(order)) == ("open", order.shipments.get(), told)
    desk = staff_client("agent")
    assert again.number in desk.get("/returns/parcels/?view=ours").content.decode()
    assert "has the goods and the money" in desk.get(again.get_absolute_url()).content.decode()
    with pytest.raises(MoneyFollowsGoods):
        decide(again)
    lifecycle.close_case(again.number, by=on.AGENT, at=timezone.now())
    assert on.books_balance()


def test_a_return_paid_as_lost_that_arrives_is_ours_and_nobody_is_paid_again(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    on.travel(vendors, rma, "in_transit", "failure")
    decide(ParcelCase.objects.get())
    paid = on.paid(order)
    on.travel(vendors, rma, "in_transit", "delivered")
    assert [one.kind for one in ParcelCase.objects.order_by("pk")] == ["lost", "turned_up"]
    dock, parcel = staff_client("dock"), rma.parcels.get()
    told = dock.post("/admin/scan/", {"code": parcel.tracking_number, "form_token": str(uuid4())})
    [choice] = told.context["choices"]
    assert (told.status_code, told.context["answer"].words) == (409, "Paid as lost")
    aside = {"code": choice.code, "line": choice.line, "form_token": str(uuid4())}
    for _twice in range(2):
        dock.post(f"/admin/scan/?rma={rma.number}", aside)
    found = FoundGoods.objects.get()
    assert (found.kind, found.quantity, on.in_bin("shelf")) == ("late", 2, 0)
    closed = dock.post("/admin/scan/", {"code": rma.number, "form_token": str(uuid4())})
    assert closed.status_code == 302  # all of it lies here already
    desk = staff_client("agent")
    assert "Take it into stock" in desk.get("/admin/found/").content.decode()
    address = f"/admin/found/{found.number}/decision/"
    assert desk.post(address, {"decision": "take_in", "condition": "nonsense"}).status_code == 422
    for _twice in range(2):
        assert desk.post(address, {"decision": "take_in", "condition": "opened"}).status_code == 302
    on.run_jobs()
    assert (on.in_bin("shelf"), on.paid(order), on.status(rma)) == (2, paid, ("closed", "settled"))
    assert Unit.objects.filter(product=order.lines.get().product, bin__kind="shelf").get().quantity == 2
    assert on.books_balance()


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
    less_is_paid_at_once()
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
