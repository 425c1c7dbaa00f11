"""A bin at the scan station, before or after what stands in it from then on; never between a return and its count."""

from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from inventory.models import Bin, Warehouse
from inventory.states import BinKind
from returns import lifecycle
from returns.action_codes import Action, action_code, bin_code
from returns.models import RMA, Putaway, Receipt
from tests.builders import NOON, Sold, a_return, an_order
from tests.returns.test_dock import later, words
from tests.returns.test_tray import another_shelf, arrived, inspected, levels
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

SCAN = "/admin/scan/"


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


def sent(client: Client, address: str, code: str, token: object = None, **more: str) -> Any:
    return client.post(address, {"code": code, "form_token": str(token or uuid4())} | more)


def into(client: Client, place: Bin) -> str:
    address = sent(client, SCAN, bin_code(place)).url
    assert (address, words(client.get(address))) == (f"{SCAN}?into={place.pk}", f"Into {place.code}")
    return address


def of(rma: RMA) -> str:
    return f"{SCAN}?rma={rma.number}"


def elsewhere() -> Bin:
    north = Warehouse.objects.create(code="NORTH", name="North", street="1", city="York", postcode="YO1")
    return Bin.objects.create(warehouse=north, code="A-1", kind=BinKind.SHELF)


@pytest.mark.parametrize("what", ["unit", "product", "return"])
def test_after_the_bin_a_piece_or_a_return_is_put_there_once(dock: Client, what: str) -> None:
    units, shelf, token = inspected(2), another_shelf(), uuid4()
    number = RMA.objects.get().number
    code, moved = {"unit": (units[1].number, 1), "product": ("mug", 1), "return": (number, 2)}[what]
    address = into(dock, shelf)
    told = {sent(dock, address, code, token).url for _twice in range(2)}
    then = told.pop()
    assert (told, words(dock.get(then)), levels()["SHELF-77"]) == (set(), "In SHELF-77", moved)
    assert f"into={shelf.pk}" in then
    back = {sent(dock, then, action_code(Action.UNDO), token).url for _twice in range(2)}
    assert (len(back), words(dock.get(back.pop())), levels()) == (1, "Taken back", {"SHELF-01": 2})


@pytest.mark.parametrize("pieces", [1, 2])
def test_with_the_return_in_hand_the_bin_takes_what_was_inspected_of_it(dock: Client, pieces: int) -> None:
    inspected(pieces)
    shelf, rma = another_shelf(), RMA.objects.get()
    answer = sent(dock, of(rma), bin_code(shelf))
    assert (words(dock.get(answer.url)), f"rma={rma.number}" in answer.url) == ("In SHELF-77", True)
    assert (levels(), dock.get(SCAN).context["log"][0]["step"]) == (
        {"SHELF-77": pieces},
        f"putaway/{Putaway.objects.order_by('pk')[0].pk}",
    )
    assert sent(dock, of(rma), bin_code(shelf)).url == f"{SCAN}?into={shelf.pk}"  # nothing of it waits any more


def test_a_bin_never_comes_between_a_return_and_its_count(dock: Client) -> None:
    shelf, coming = another_shelf(), a_return(an_order(lines=[Sold(quantity=2)]), quantity=2)
    answer = sent(dock, of(coming), bin_code(shelf))
    assert (answer.status_code, words(answer)) == (409, "Nothing of it is inspected")
    assert "Count it first" in answer.context["answer"].next
    assert f"rma={coming.number}" in answer.context["own_address"]
    # After a bin a parcel is a parcel, and a piece that some return waits for is asked about.
    address = into(dock, shelf)
    assert words(sent(dock, address, "MUG")) == "Whose is it?"
    assert sent(dock, address, coming.number).url.startswith(of(coming))
    assert sent(dock, of(coming), "MUG").status_code == 302
    with later(1):
        answer = sent(dock, of(coming), bin_code(shelf))
    assert "Inspect it first" in answer.context["answer"].next
    assert (Receipt.objects.get().quantity, Putaway.objects.count()) == (1, 0)


def test_what_does_not_fit_or_belongs_elsewhere_is_refused_by_name(dock: Client) -> None:
    [unit], there = inspected(1), elsewhere()
    rma, before = RMA.objects.get(), levels()
    answer = sent(dock, of(rma), bin_code(there))
    assert answer.status_code == 422
    assert words(answer) == "A-1 is a bin of North"
    assert answer.context["answer"].next.startswith(f"{rma.number} came to ")
    answer = sent(dock, into(dock, there), unit.number)
    assert (answer.status_code, words(answer)) == (422, "A-1 belongs to another warehouse.")
    scrap = Bin.objects.get(kind=BinKind.SCRAP, warehouse__is_default=True)
    for code in (unit.number, rma.number, "MUG"):
        answer = sent(dock, into(dock, scrap), code)
        assert (answer.status_code, f"into={scrap.pk}" in answer.context["own_address"]) == (422, True)
    assert sent(dock, into(dock, scrap), action_code(Action.NEXT)).url == SCAN
    assert (levels(), Putaway.objects.count()) == (before, 0)
    for strange in ("x", "9" * 40, "-1", "\x00"):
        assert dock.get(SCAN, {"into": strange, "put": strange}).status_code == 200


def test_of_a_mixed_return_a_bin_takes_what_belongs_in_such_a_bin(dock: Client) -> None:
    rma = arrived(2)
    receipt = Receipt.objects.get(line__rma=rma)
    found = [
        lifecycle.Finding(receipt.pk, 1, seen, disposition="", acceptance="accepted") for seen in ("opened", "damaged")
    ]
    lifecycle.inspect(rma.number, found, form_token=uuid4(), by="user:7", at=NOON)
    sent(dock, of(rma), bin_code(another_shelf()))
    assert levels()["SHELF-77"] == Putaway.objects.get().quantity == 1


def test_a_piece_read_twice_is_put_away_once(dock: Client) -> None:
    inspected(2)
    address = into(dock, another_shelf())
    with time_machine.travel(timezone.now(), tick=False):
        sent(dock, address, "MUG")
        assert words(sent(dock, address, "MUG")) == "Read twice, put away once"
    with later(1):
        sent(dock, address, "MUG")
    assert levels() == {"SHELF-77": 2}


def test_the_inspection_pages_take_a_bin_too(dock: Client) -> None:
    shelf, rma = another_shelf(), arrived(1)
    address = f"/admin/inspection/{rma.number}/"
    assert dock.get("/admin/inspection/", {"code": bin_code(shelf)}).url == f"/admin/putaway/?into={shelf.pk}"
    assert "waits for a bin" in dock.post(address, {"code": bin_code(shelf)}).context["problem"]
    receipt = Receipt.objects.get()
    seen = {"form_token": str(uuid4()), "receipt": receipt.pk, "quantity": "1", "condition": "opened"}
    dock.post(address, seen)
    assert "is a bin of North" in dock.post(address, {"code": bin_code(elsewhere())}).context["problem"]
    token = str(uuid4())
    told = {dock.post(address, {"code": bin_code(shelf), "form_token": token}).url for _twice in range(2)}
    assert (len(told), words(dock.get(told.pop())), levels()) == (1, "In SHELF-77", {"SHELF-77": 1})


def test_a_return_is_laid_on_the_tray_with_one_scan(dock: Client) -> None:
    units = inspected(2)
    rma, tray = RMA.objects.get(), "/admin/putaway/"
    address = sent(dock, tray, rma.number).url
    assert words(dock.get(address)) == "2 on the tray"
    assert words(sent(dock, address, rma.number)) == f"{units[0].number} lies on the tray already."
    assert sent(dock, tray, a_return(an_order()).number).status_code == 422
