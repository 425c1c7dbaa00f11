"""What does not fit into one box goes in two, each with its own label, each counted as announced."""

from decimal import Decimal as D

import pytest
from django.urls import reverse
from django.utils import timezone

from oms.importing.documents import SaleLine
from oms.importing.terms import Priced, freeze
from oms.models import Delivery
from returns import lifecycle
from returns.lifecycle import Arrived, Wanted
from returns.models import RMA, Parcel, Receipt
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.sandbox import Sandbox
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def divide(rma: RMA, *boxes: dict[str, int]) -> list[Parcel]:
    """Each box by SKU; jobs run, so each parcel has its label."""
    lines = {line.order_line.sku: line.pk for line in rma.lines.select_related("order_line")}
    plan = [{lines[sku]: quantity for sku, quantity in box.items()} for box in boxes]
    lifecycle.spread(rma.number, plan, by=rma.order.customer.actor, at=timezone.now())
    on.run_jobs()
    return list(rma.parcels.exclude(status="voided").order_by("pk"))


def take_in(rma: RMA, parcel: Parcel, **pieces: int) -> None:
    lines = {line.order_line.sku: line.pk for line in rma.lines.select_related("order_line")}
    arrived = [Arrived(lines[sku], quantity) for sku, quantity in pieces.items()]
    receipts = lifecycle.receive(
        rma.number, arrived, parcel_id=parcel.pk, form_token=on.uuid4(), by=on.DOCK, at=timezone.now()
    )
    on.run_jobs()
    on.inspect(rma, receipts, *["opened"] * len(receipts))


def scan_the_kit(rma: RMA, parcel: Parcel, kit: str) -> list[Receipt]:
    """At the dock, by its name: all its parts that this parcel brings, in one answer."""
    dock, told = staff_client("dock"), {"code": kit, "form_token": str(on.uuid4())}
    address = f"{reverse('admin:dock_scan')}?rma={rma.number}&parcel={parcel.pk}"
    offered = [part["line"].pk for part in dock.post(address, told).context["parts"]]
    assert dock.post(address, told | {"kit": "1", "part": offered, "here": offered}).status_code == 302
    return list(Receipt.objects.filter(parcel=parcel).select_related("line__order_line"))


def test_two_parcels_one_return_one_sum(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, Sold("CUP", "Cup", 2, "20.00"), Sold("LAMP", "Lamp", 1, "40.00", "6.67"))
    cup, lamp = order.lines.order_by("position")
    rma = on.ask(order, Wanted(cup.pk, 2, "changed_mind", "opened"), Wanted(lamp.pk, 1, "changed_mind", "opened"))
    first, second = divide(rma, {"CUP": 2}, {"LAMP": 1})
    assert [first.status, second.status] == ["labeled", "labeled"]
    assert first.tracking_number != second.tracking_number
    labels = vendors.book()["labels_by_reference"]
    assert [len(labels[f"parcel-{parcel.pk}"]) for parcel in (first, second)] == [1, 1]
    for parcel in (first, second):
        vendors.scan(parcel.tracking_number, "in_transit")
        vendors.scan(parcel.tracking_number, "delivered")
    on.tracking.poll(at=timezone.now(), silent_since=timezone.now() + on.timedelta(days=1), limit=10)
    on.run_jobs()
    take_in(rma, first, CUP=2)
    assert on.status(rma)[0] == "receiving"
    take_in(rma, second, LAMP=1)
    assert on.status(rma) == ("closed", "settled")
    assert on.paid(order) == on.paid_by_provider(vendors, order) == D("60.00")
    assert on.books_balance()


def test_a_purchase_broken_off_in_between_buys_no_label_twice(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, Sold("CUP", "Cup", 2, "20.00"))
    rma = on.ask(order, Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    vendors.faults(easypost={"drop": 1.0})
    line = rma.lines.get()
    lifecycle.spread(rma.number, [{line.pk: 1}, {line.pk: 1}], by="customer:1", at=timezone.now())
    on.run_jobs(fails=True)
    vendors.faults(calm=True)
    Delivery.objects.filter(done_at=None).update(attempts=0)
    on.run_jobs()
    first, second = rma.parcels.order_by("pk")
    assert [first.status, second.status] == ["labeled", "labeled"]
    bought = vendors.book()["labels_by_reference"][f"parcel-{second.pk}"]
    assert bought == [second.shipment_id]


def test_a_kit_comes_back_in_two_parcels_and_to_its_price(vendors: Sandbox) -> None:
    skus = ("CUP", "TEA", "JAM")
    parts = [
        Priced(SaleLine(sku, sku.title(), 1, D("10.00"), D(0), tax_rate=D(20)), D("10.00"), kit="Box", kit_price=D(20))
        for sku in skus
    ]
    lines = freeze(parts, discount=D(0), included=True, currency="GBP")
    order = on.an_order_paid_at(
        vendors, *[Sold(one.sku, one.description, 1, f"{one.gross}", f"{one.tax}", kit=one.kit) for one in lines]
    )
    wanted = [Wanted(line.pk, 1, "arrived_late", "sealed") for line in order.lines.order_by("position")]
    rma = on.ask(order, *wanted)
    first, second = divide(rma, {"CUP": 1}, {"TEA": 1, "JAM": 1})
    receipts = scan_the_kit(rma, second, "Box")
    assert {one.line.order_line.sku for one in receipts} == {"TEA", "JAM"}  # the cup is in the other parcel
    on.run_jobs()
    on.inspect(rma, receipts, *["opened"] * len(receipts))
    assert on.paid(order) == D("13.33")
    take_in(rma, first, CUP=1)
    assert on.status(rma) == ("closed", "settled")
    assert on.paid(order) == on.paid_by_provider(vendors, order) == D("20.00")
