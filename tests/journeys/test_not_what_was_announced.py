"""What comes is not what was announced: something else, less, more, another serial, or a parcel of nobody (p40)."""

from uuid import uuid4

import pytest
from django.utils import timezone

from inventory.models import Bin, Unit
from inventory.states import BinKind
from returns import lifecycle
from returns.lifecycle import Arrived, Piece
from returns.models import RMA, FoundGoods, Hold
from returns.states import ReceiptResult
from tests.builders import Sold, the_line
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def quarantine() -> Bin:
    return Bin.objects.get(warehouse__is_default=True, kind=BinKind.QUARANTINE)


def test_something_else_came_and_goes_back_unpaid(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    receipts = on.arrive(rma, Arrived(the_line(rma).pk, 1, ReceiptResult.WRONG_ITEM, came_as="LAMP"))
    on.inspect(rma, receipts, "opened")
    assert (on.status(rma), on.paid(order), on.in_bin("shelf"), on.in_bin("dock")) == (
        ("inspected", "nothing"),
        0,
        0,
        0,
    )
    lifecycle.answer_hold(Hold.objects.get().pk, answer="send_back", by=order.customer.actor, at=timezone.now())
    on.run_jobs()
    assert (on.paid(order), on.in_bin("shelf")) == (0, 0)


def test_one_of_two_is_missing_and_the_other_is_paid(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, Sold(quantity=2))
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    line = the_line(rma).pk
    receipts = on.arrive(rma, Arrived(line, 1), Arrived(line, 1, ReceiptResult.SHORT))
    on.inspect(rma, [one for one in receipts if one.result == ReceiptResult.RECEIVED])
    assert (on.status(rma), f"{on.paid(order):.2f}") == (("closed", "settled"), "10.00")
    assert (on.in_bin("shelf"), on.in_bin("expected")) == (1, 0)
    assert on.books_balance()


def test_nothing_of_it_came_and_nothing_is_paid(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    on.arrive(rma, Arrived(the_line(rma).pk, 1, ReceiptResult.SHORT))
    assert (on.status(rma), on.paid(order), on.in_bin("expected")) == (("closed", "nothing"), 0, 0)
    assert "arrived" not in on.mails(rma)


@pytest.fixture
def camera(vendors: Sandbox) -> RMA:
    """A camera whose serial we know comes back; another one lies in the box."""
    order = on.an_order_paid_at(vendors, Sold(sku="CAM", title="Camera", quantity=1))
    line = order.lines.get()
    Unit.objects.create(number="U-1", serial="SN-1", product=line.product, sold_on=line, created_at=timezone.now())
    rma = on.ask(order)
    lifecycle.receive_mismatch(
        rma.number, the_line(rma).pk, quarantine(), code="SN-2", form_token=uuid4(), by=on.DOCK, at=timezone.now()
    )
    on.run_jobs()
    return rma


def test_another_serial_pays_nothing_and_the_customer_answers(camera: RMA) -> None:
    goods = FoundGoods.objects.get()
    assert (on.status(camera), on.paid(camera.order), on.in_bin("dock")) == (("received", "none"), 0, 0)
    lifecycle.refuse_goods(goods.number, by=on.AGENT, at=timezone.now())
    on.inspect(camera, [goods.receipt], "opened")
    assert (on.status(camera), on.paid(camera.order)) == (("inspected", "nothing"), 0)
    assert Hold.objects.get().outcome.receipt == goods.receipt
    assert "held" in on.mails(camera)


def test_our_record_was_wrong_and_it_is_paid(camera: RMA) -> None:
    lifecycle.match_goods(FoundGoods.objects.get().number, camera.number, by=on.AGENT, at=timezone.now())
    on.run_jobs()
    on.inspect(camera, [the_line(camera).receipts.get(is_reversed=False)], "opened")
    assert (on.status(camera), on.in_bin("shelf")) == (("closed", "settled"), 1)
    assert f"{on.paid(camera.order):.2f}" == "20.00"


def test_a_parcel_of_nobody_finds_its_return_and_is_paid(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    product = order.lines.get().product
    told = {"form_token": uuid4(), "by": on.DOCK, "at": timezone.now()}
    [goods] = lifecycle.find_goods([Piece(1, product, product.sku)], quarantine().warehouse, quarantine(), **told)
    assert (on.in_bin("dock"), on.in_bin("quarantine")) == (0, 0)
    rma = on.ask(order)
    lifecycle.match_goods(goods.number, rma.number, by=on.AGENT, at=timezone.now())
    on.run_jobs()
    on.inspect(rma, list(the_line(rma).receipts.all()), "opened")
    assert (on.status(rma), on.in_bin("shelf"), f"{on.paid(order):.2f}") == (("closed", "settled"), 1, "10.00")
    assert on.books_balance()
