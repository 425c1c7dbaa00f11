"""What comes is not what was announced: something else, less, more, another serial, or a parcel of nobody (p40)."""

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import Bin, Unit
from inventory.states import BinKind
from returns import lifecycle
from returns.found_states import FoundKind
from returns.lifecycle import Arrived, Piece
from returns.models import RMA, FoundGoods, Hold, PolicyRule, Receipt
from returns.refusals import NotExpectedThere, NotOffered
from returns.states import ReceiptResult
from tests.builders import Sold, the_line
from tests.journeys import traveler as on
from tests.returns.test_dock import scanned, words
from tests.sandbox import Sandbox
from tests.staff import staff_client

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


@pytest.mark.parametrize(("when", "first"), [("inspection", "10.00"), ("receipt", "10.00"), ("scan", "20.00")])
def test_a_missing_piece_turns_up_after_the_return_was_closed(vendors: Sandbox, when: str, first: str) -> None:
    """Put aside by the dock, counted by a manager, inspected, and paid as far as it was not paid before: once."""
    PolicyRule.objects.filter(kind="refund_at").update(parameters={"default": when})
    order = on.an_order_paid_at(vendors, Sold(quantity=3, gross="30.00", tax="5.00"))
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    line = the_line(rma).pk
    if when == "scan":
        on.travel(vendors, rma)
    receipts = on.arrive(rma, Arrived(line, 1), Arrived(line, 1, ReceiptResult.SHORT))
    on.inspect(rma, [one for one in receipts if one.result == ReceiptResult.RECEIVED])
    assert (on.status(rma), f"{on.paid(order):.2f}") == (("closed", "settled"), first)

    dock, manager = staff_client("dock"), staff_client("manager")
    answer = scanned(dock, rma.number)
    [choice] = answer.context["choices"]
    assert (words(answer), choice.line) == ("Counted as missing", line)
    told = {"code": choice.code, "form_token": str(uuid4()), "about": "MUG", "line": line}
    for _twice in range(2):
        dock.post(f"/admin/scan/?rma={rma.number}", told)
    goods = FoundGoods.objects.get()
    assert (goods.kind, goods.quantity, answers_again(dock, rma)) == ("missed", 1, "Already finished")
    decision = f"/admin/found/{goods.number}/decision/"
    assert staff_client("agent").post(decision, {"decision": "count_after_all"}).status_code == 422
    assert "A manager corrects the count" in staff_client("agent").get("/admin/found/").content.decode()
    assert "Count it after all" in manager.get("/admin/found/").content.decode()
    for _twice in range(2):
        assert manager.post(decision, {"decision": "count_after_all"}).status_code == 302
    on.run_jobs()
    assert (on.status(rma)[0], on.in_bin("dock"), f"{on.paid(order):.2f}") == ("received", 1, first)

    late = Receipt.objects.get(line=line, inspected=0, is_reversed=False)
    on.inspect(rma, [late])
    assert (on.status(rma), on.in_bin("shelf"), on.in_bin("expected")) == (("closed", "settled"), 2, 0)
    assert f"{on.paid(order):.2f}" == f"{on.paid_by_provider(vendors, order):.2f}" == "20.00"
    assert on.books_balance()
    assert lifecycle.count_after_all(goods.number, by=on.AGENT, at=timezone.now()).status == "matched"


def answers_again(dock: Client, rma: RMA) -> str:
    return words(dock.get(scanned(dock, rma.number).url))


def test_of_three_missing_one_turns_up(vendors: Sandbox) -> None:
    """The others stay missing, and nobody takes for missing what was never counted so."""
    order = on.an_order_paid_at(vendors, Sold(quantity=3, gross="30.00", tax="5.00"))
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 3, "changed_mind", "opened"))
    on.arrive(rma, Arrived(the_line(rma).pk, 3, ReceiptResult.SHORT))
    assert on.status(rma) == ("closed", "nothing")
    told = {"kind": FoundKind.MISSED, "rma_number": rma.number, "line_id": the_line(rma).pk, "by": on.DOCK}
    pieces = [Piece(quantity, order.lines.get().product, "MUG") for quantity in (1, 4)]
    one, many = lifecycle.find_goods(
        pieces, quarantine().warehouse, quarantine(), form_token=uuid4(), at=timezone.now(), **told
    )
    with pytest.raises(NotExpectedThere):
        lifecycle.count_after_all(many.number, by="user:1", at=timezone.now())
    lifecycle.count_after_all(one.number, by="user:1", at=timezone.now())
    on.run_jobs()
    line = the_line(rma)
    assert (on.status(rma), line.arrived, line.missing) == (("received", "nothing"), 1, 2)
    on.inspect(rma, [Receipt.objects.get(result=ReceiptResult.RECEIVED)])
    assert (on.status(rma), f"{on.paid(order):.2f}") == (("closed", "settled"), "10.00")
    strange = lifecycle.find_goods([Piece(1)], quarantine().warehouse, quarantine(), form_token=uuid4(), by=on.DOCK,
                                   at=timezone.now())  # fmt: skip
    with pytest.raises(NotOffered):
        lifecycle.count_after_all(strange[0].number, by="user:1", at=timezone.now())
