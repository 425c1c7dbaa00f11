"""The customer does not take a parcel, or nobody finds them: it comes back and is paid on receipt (R146, R147, p45)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oms.models import Order, Shipment
from oms.orders import with_status
from returns import lifecycle, tracking
from returns.models import RMA, ParcelCase
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.policies import a_rule
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def a_parcel_on_its_way(vendors: Sandbox, *lines: Sold, **more: object) -> Order:
    now = timezone.now()
    order = on.an_order_paid_at(vendors, *lines, shipped_at=now - timedelta(days=1), delivered_at=None, **more)
    on.hears(order, "in_transit")
    return order


def status_of(order: Order) -> str:
    return str(with_status(Order.objects).get(pk=order.pk).status)


def test_refused_brought_back_paid_and_put_away(vendors: Sandbox) -> None:
    order = a_parcel_on_its_way(vendors, shipping="4.00")
    for _again in range(2):
        on.hears(order, "return_to_sender", "refused")
    case = ParcelCase.objects.get()
    assert (case.kind, case.status, status_of(order)) == ("refused", "asked", "refused")
    assert on.mailed(order) == ["not_delivered"]
    lifecycle.answer_why(case.number, cause="changed_mind", by=order.customer.actor, at=timezone.now())
    rma = RMA.objects.get(source="carrier")
    assert (rma.status, rma.refund_at, rma.quote["total"]) == ("in_transit", "receipt", "20.00")
    assert (on.in_bin("expected"), on.paid(order)) == (2, 0)
    on.hears(order, "delivered")  # at our own door
    receipts = on.arrive(rma)
    assert on.paid(order) == on.paid_by_provider(vendors, order) == 20  # before anybody has looked at it
    on.inspect(rma, receipts, "sealed")
    case.refresh_from_db()
    assert (on.status(rma), case.status, case.cause) == (("closed", "settled"), "closed", "changed_mind")
    assert (on.in_bin("shelf"), on.in_bin("expected"), status_of(order)) == (2, 0, "returned")
    assert on.mailed(order) == ["not_delivered", "came_back", "refunded"]
    assert on.books_balance()


@pytest.mark.parametrize(("rule", "total"), [({}, "20.00"), ({"shipping_when_undeliverable": True}, "24.00")])
def test_shipping_comes_back_where_the_policy_says_so(vendors: Sandbox, rule: dict[str, Any], total: str) -> None:
    a_rule("not_delivered", **rule)
    order = a_parcel_on_its_way(vendors, shipping="4.00")
    on.hears(order, "return_to_sender")
    rma = RMA.objects.get(source="carrier")
    on.arrive(rma)
    assert (ParcelCase.objects.get().kind, rma.quote["total"], f"{on.paid(order):.2f}") == (
        "undeliverable",
        total,
        total,
    )


def test_words_out_of_order_open_nothing_twice_and_undo_nothing(vendors: Sandbox) -> None:
    order = a_parcel_on_its_way(vendors)
    on.hears(order, "return_to_sender")
    early = {"tracking_code": Shipment.objects.get().tracking_number, "status": "out_for_delivery"}
    for status in ("out_for_delivery", "delivered"):
        told = early | {"status": status, "updated_at": (timezone.now() - timedelta(hours=2)).isoformat()}
        tracking.take_webhook({"description": "tracker.updated", "result": told}, at=timezone.now())
    on.run_jobs()
    assert (ParcelCase.objects.count(), RMA.objects.get().status, status_of(order)) == (1, "in_transit", "refused")


def test_what_the_customer_sends_back_already_is_not_brought_back_as_well(vendors: Sandbox) -> None:
    order = a_parcel_on_its_way(vendors)
    on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    on.hears(order, "return_to_sender")
    assert (ParcelCase.objects.get().rma, RMA.objects.filter(source="carrier").count()) == (None, 0)
