"""A tray of units: scanned one after the other, then one bin or one condition for all; taken back within a minute."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from inventory.models import Bin, StockLevel, StockMovement, Unit, Warehouse
from inventory.states import BinKind
from oms.models import Event
from returns import lifecycle
from returns.action_codes import Action, action_code, bin_code
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Outcome, Putaway, Receipt
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.returns.test_dock import later, words
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

TRAY = "/admin/putaway/"


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


def arrived(pieces: int = 2) -> RMA:
    gross = f"{pieces * 10}.00"
    rma = a_return(an_order(lines=[Sold(quantity=pieces, gross=gross)]), quantity=pieces)
    lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, pieces)], form_token=uuid4(), by="user:7", at=NOON)
    return rma


def inspected(pieces: int = 2, condition: str = "opened") -> list[Unit]:
    rma = arrived(pieces)
    receipt = Receipt.objects.get(line__rma=rma)
    findings = [Finding(receipt.pk, pieces, condition, "")]
    [outcome] = lifecycle.inspect(rma.number, findings, form_token=uuid4(), by="user:7", at=NOON)
    return list(Unit.objects.filter(found_as=f"outcome/{outcome.pk}").order_by("pk"))


def another_shelf() -> Bin:
    house = Warehouse.objects.get(is_default=True)
    return Bin.objects.create(warehouse=house, code="SHELF-77", kind=BinKind.SHELF)


def sent(client: Client, units: Sequence[Unit], token: object = None, **what: str) -> Any:
    on_it = ",".join(str(unit.pk) for unit in units)
    return client.post(f"{TRAY}?tray={on_it}", {"form_token": str(token or uuid4())} | what)


def levels() -> dict[str, int]:
    return {code: quantity for code, quantity in StockLevel.objects.values_list("bin__code", "quantity") if quantity}


def test_units_of_several_returns_go_into_one_bin_and_back_within_a_minute(dock: Client) -> None:
    units, shelf = [*inspected(), *inspected(1)], another_shelf()
    address = TRAY
    for unit in units:
        address = dock.post(address, {"code": unit.number, "form_token": str(uuid4())}).url
    assert words(dock.get(address)) == "3 on the tray"
    before, token = levels(), uuid4()
    told = {dock.post(address, {"code": bin_code(shelf), "form_token": str(token)}).url for _twice in range(2)}
    assert (len(told), words(dock.get(told.pop()))) == (1, "In SHELF-77")
    assert levels() == {"SHELF-77": 3}
    assert set(Unit.objects.values_list("bin__code", flat=True)) == {"SHELF-77"}
    causes = StockMovement.objects.filter(cause__startswith="putaway/").values_list("cause", "quantity")
    assert sorted(quantity for _cause, quantity in causes) == [-2, -1, 1, 2]
    assert Event.objects.filter(name="rma.put_away").count() == 2
    again = uuid4()
    back = {sent(dock, [], again, code=action_code(Action.UNDO)).url for _twice in range(2)}
    assert (len(back), levels(), words(dock.get(back.pop()))) == (1, before, "Taken back")
    assert Putaway.objects.exclude(undoes=None).count() == 3


def test_it_is_not_taken_back_after_a_minute_or_when_it_was_carried_on(dock: Client) -> None:
    units, shelf = inspected(1), another_shelf()
    sent(dock, units, code="shelf-77")
    with later(61):
        answer = sent(dock, [], code=action_code(Action.UNDO))
    assert (answer.status_code, levels()) == (422, {"SHELF-77": 1})
    usual = Bin.objects.get(kind=BinKind.SHELF, code="SHELF-01")
    first = Putaway.objects.get()
    sent(dock, units, code=bin_code(usual))
    answer = sent(dock, [], code=action_code(Action.UNDO), step=f"putaway/{first.pk}")
    assert (answer.status_code, levels(), shelf.code) == (422, {"SHELF-01": 1}, "SHELF-77")


def test_a_product_scanned_without_its_label_is_the_oldest_that_waits(dock: Client) -> None:
    units = inspected()
    address = TRAY
    for _piece in units:
        address = dock.post(address, {"code": "MUG", "form_token": str(uuid4())}).url
    assert address == f"{TRAY}?tray={units[0].pk}%2C{units[1].pk}"
    third = dock.post(address, {"code": "MUG", "form_token": str(uuid4())})
    assert (third.status_code, words(third)) == (422, "MUG: nothing of it waits to be put away.")


@pytest.mark.parametrize("kind", [BinKind.QUARANTINE, BinKind.HOLD, BinKind.SCRAP, BinKind.DOCK])
def test_goods_never_get_into_a_bin_of_another_kind_or_house(dock: Client, kind: str) -> None:
    units = inspected(1)
    other = Bin.objects.get(kind=kind, warehouse__is_default=True)
    north = Warehouse.objects.create(code="NORTH", name="North", street="1", city="York", postcode="YO1")
    foreign = Bin.objects.create(warehouse=north, code="A-1", kind=BinKind.SHELF)
    before = levels()
    for place in (other, foreign):
        answer = sent(dock, units, code=bin_code(place))
        assert (answer.status_code, answer.context["answer"].next) == (422, "Nothing was moved.")
    for code in ("SHELF-01", "", "NOPE", "\x00", "x" * 500, "HWBINNOWHERE1", action_code(Action.ACCEPT)):
        assert sent(dock, units, code=code).status_code == 422
    assert (levels(), Putaway.objects.count()) == (before, 0)


def test_a_tray_holds_thirty_each_once_and_all_inspected_or_none(dock: Client) -> None:
    units = inspected(12) + inspected(12) + inspected(12)
    full = sent(dock, units[:30], code=units[30].number)
    assert (full.status_code, words(full)) == (422, "30 lie on the tray. Scan the bin they go to.")
    assert words(sent(dock, units[:2], code=units[0].number)) == f"{units[0].number} lies on the tray already."
    fresh = Unit.objects.get(received_as=f"receipt/{Receipt.objects.get(line__rma=arrived(1)).pk}")
    assert sent(dock, units[:1], code=fresh.number).status_code == 422
    assert sent(dock, [fresh], code=units[0].number).status_code == 422
    assert words(sent(dock, [], code="SHELF-01"))[:9] == "We do not"
    shelf = another_shelf()
    assert sent(dock, [], code=bin_code(shelf)).url == f"{TRAY}?into={shelf.pk}"
    assert sent(dock, [fresh], code=bin_code(shelf)).status_code == 422
    for tray in ("x", "9" * 900, "1,2,,\x00", "-1"):
        assert dock.get(TRAY, {"tray": tray, "put": "9" * 40, "graded": "x"}).status_code == 200


def test_a_tray_nobody_looked_at_is_given_one_condition(dock: Client) -> None:
    for _return in range(2):
        arrived(1)
    units = list(Unit.objects.order_by("pk"))
    token = uuid4()
    told = {sent(dock, units, token, condition="opened").url for _twice in range(2)}
    assert (len(told), Outcome.objects.count(), levels()) == (1, 2, {"SHELF-01": 2})
    assert words(dock.get(told.pop())) == "2 × Opened"
    for condition in ("", "eaten", "opened"):
        assert sent(dock, units, condition=condition).status_code == 422


def test_what_one_return_refuses_stays_on_the_tray_and_holds_no_other(dock: Client) -> None:
    good, strange = arrived(1), a_return(an_order(lines=[Sold()]), quantity=1)
    place = Bin.objects.get(warehouse__is_default=True, kind=BinKind.QUARANTINE)
    told = {"code": "SN-9", "form_token": uuid4(), "by": "user:7", "at": NOON}
    lifecycle.receive_mismatch(strange.number, the_line(strange).pk, place, **told)
    units = list(Unit.objects.order_by("pk"))
    answer = sent(dock, units, condition="opened")
    assert (answer.status_code, words(answer)) == (422, "1 done, 1 not")
    assert strange.number in answer.context["answer"].next
    assert [unit.received_as for unit in answer.context["tray"].units] == [units[1].received_as]
    assert Outcome.objects.get().receipt.line.rma == good


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_identical_putaways_at_once_move_it_once() -> None:
    units, shelf, token = inspected(), another_shelf(), uuid4()
    clients = [staff_client("dock") for _ in range(8)]

    def one(client: Client) -> tuple[int, str]:
        try:
            answer = sent(client, units, token, code=bin_code(shelf))
            return answer.status_code, answer.url
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(one, clients))
    assert (len(answers), levels(), Putaway.objects.count()) == (1, {"SHELF-77": 2}, 2)


# ── The bin first ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bin_that_is_scanned_first_takes_each_unit_after_it(dock: Client) -> None:
    units, shelf, token = inspected(), another_shelf(), uuid4()
    address = sent(dock, [], code=bin_code(shelf)).url
    assert words(dock.get(address)) == "Into SHELF-77"
    first = {dock.post(address, {"code": units[0].number, "form_token": str(token)}).url for _twice in range(2)}
    assert (len(first), Putaway.objects.count()) == (1, 1)
    then = first.pop()
    assert (words(dock.get(then)), f"into={shelf.pk}" in then) == ("In SHELF-77", True)
    dock.post(then, {"code": units[1].number, "form_token": str(uuid4())})
    assert levels() == {"SHELF-77": 2}
    later_unit = Unit.objects.get(received_as=f"receipt/{Receipt.objects.get(line__rma=arrived(1)).pk}")
    refused = dock.post(then, {"code": later_unit.number, "form_token": str(uuid4())})
    assert (refused.status_code, Putaway.objects.count()) == (422, 2)
    assert dock.post(then, {"code": action_code(Action.NEXT), "form_token": str(uuid4())}).url == TRAY
    sent(dock, [], code=action_code(Action.UNDO))
    assert levels() == {"SHELF-77": 1, "SHELF-01": 1, "DOCK": 1}
    assert dock.get(f"{TRAY}?into=99999999999999999999").status_code == dock.get(f"{TRAY}?into=x").status_code == 200
