"""At the dock a serial or lot is held against what was sold: its own path where it is another, nothing forced (p40)."""

import pytest
from django.test import Client

from inventory import identities
from inventory.models import Unit
from oms.models import OrderLine
from returns.action_codes import Action
from returns.models import RMA, Receipt
from returns.states import ReceiptResult
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.returns.test_dock import later, scanned, words
from tests.returns.test_station import pressed, stands
from tests.staff import staff_client

pytestmark = pytest.mark.django_db
TOLD = {"by": "user:7", "at": NOON}


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


def a_mug_back(quantity: int = 2) -> tuple[RMA, OrderLine]:
    rma = a_return(an_order(), quantity=quantity)
    return rma, the_line(rma).order_line


def lot_out(line: OrderLine, code: str, quantity: int) -> None:
    identities.receive_lot(line.product, code, quantity, cause=f"bill/{line.pk}/{code}", **TOLD)
    identities.issue_lot(line, code, quantity, cause=f"sale/{line.pk}", **TOLD)


def offered(answer: object) -> list[Action]:
    return [one.action for one in answer.context["choices"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("sold", [True, False], ids=["of another order", "never sold"])
def test_another_serial_waits_for_a_person(dock: Client, sold: bool) -> None:
    rma, line = a_mug_back()
    identities.sell_serial(line, "SN-1", at=NOON)
    other = an_order().lines.get() if sold else None
    Unit.objects.create(product=line.product, serial="SN-9", sold_on=other, created_at=NOON)
    answer = scanned(dock, "SN-9", rma)
    assert (answer.status_code, words(answer), offered(answer)) == (422, "Not the one sold", [Action.MISMATCH])
    pressed(dock, Action.MISMATCH, rma, about="SN-9")
    receipt = Receipt.objects.get()
    assert (receipt.result, receipt.came_as, receipt.unit.serial) == (ReceiptResult.MISMATCH, "SN-9", "SN-9")


def test_a_serial_may_be_any_where_nobody_noted_one(dock: Client) -> None:
    rma, line = a_mug_back()
    Unit.objects.create(product=line.product, serial="SN-9", created_at=NOON)
    assert scanned(dock, "sn-9", rma).status_code == 302
    assert stands(rma) == (1, 0)


def test_a_lot_that_was_sold_is_taken_back_into_it(dock: Client) -> None:
    rma, line = a_mug_back()
    lot_out(line, "L-7", 2)
    assert scanned(dock, "l-7", rma).status_code == 302
    assert (stands(rma), identities.out_on(line)) == ((1, 0), {"L-7": 1})
    with later(1):
        assert scanned(dock, "MUG", rma).status_code == 302  # nobody looked at the lot: nothing is forced
    assert (stands(rma), identities.out_on(line)) == ((2, 0), {"L-7": 1})


def test_a_lot_counted_by_mistake_is_with_the_customer_again(dock: Client) -> None:
    rma, line = a_mug_back()
    lot_out(line, "L-7", 2)
    scanned(dock, "L-7", rma)
    pressed(dock, Action.UNDO, rma)
    assert (stands(rma), identities.out_on(line)) == ((0, 0), {"L-7": 2})


@pytest.mark.parametrize("code", ["L-8", "UNHEARD-OF"])
def test_another_lot_waits_for_a_person(dock: Client, code: str) -> None:
    rma, line = a_mug_back()
    lot_out(line, "L-7", 2)
    lot_out(an_order().lines.get(), "L-8", 2)
    answer = scanned(dock, code, rma)
    assert (answer.status_code, offered(answer), stands(rma)) == (422, [Action.MISMATCH], (0, 0))
    pressed(dock, Action.MISMATCH, rma, about=code)
    receipt = Receipt.objects.get()
    assert (receipt.result, receipt.came_as) == (ReceiptResult.MISMATCH, code)
    assert identities.out_on(line) == {"L-7": 2}


def test_a_lot_of_another_product_is_not_in_this_return(dock: Client) -> None:
    rma, _line = a_mug_back()
    lot_out(an_order(lines=[Sold(sku="TEA", quantity=1)]).lines.get(), "L-9", 1)
    assert words(scanned(dock, "L-9", rma)) == "Not in this return"


def test_a_lot_without_a_return_in_hand_names_the_returns_that_wait_for_it(dock: Client) -> None:
    mine, line = a_mug_back()
    _other, stranger = a_mug_back()
    lot_out(line, "L-7", 2)
    lot_out(stranger, "L-8", 2)
    assert [one.rma for one in scanned(dock, "L-7").context["offers"]] == [mine]
