"""The pages about goods that were set aside: what they show, whom they let, and what they answer to bad input."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from oms.models import JournalEntry
from oms.views.books.causes import documents, words
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from returns.models import Outcome, Placement, VendorReturn, WorkOrder
from tests.builders import NOON, a_return, an_order, the_line
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def set_aside(disposition: str = "refurbish", quantity: int = 2) -> Outcome:
    rma = a_return(an_order(), quantity=quantity)
    arrived = [Arrived(the_line(rma).pk, quantity)]
    [receipt] = lifecycle.receive(rma.number, arrived, form_token=uuid4(), by="user:7", at=NOON)
    finding = Finding(receipt.pk, quantity, "used", disposition, acceptance="accepted", override_reason="worth it")
    return lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=NOON)[0]


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


def place(outcome: Outcome, **given: object) -> dict[str, object]:
    fresh = {"at": "0", "form_token": str(uuid4()), "quantity": 1, "disposition": "scrap", "reason": "broke"}
    return fresh | given


def test_what_waits_is_listed_and_leads_to_its_page(dock: Client) -> None:
    outcome = set_aside()
    listed = dock.get("/admin/goods/").content.decode()
    assert f'href="/admin/goods/{outcome.pk}/"' in listed
    assert "Blue mug" in dock.get(f"/admin/goods/{outcome.pk}/").content.decode()
    assert f'href="/admin/goods/{outcome.pk}/"' not in dock.get("/admin/goods/?disposition=scrap").content.decode()


def test_a_change_sent_twice_moves_once(dock: Client) -> None:
    outcome = set_aside()
    form = place(outcome)
    answers = [dock.post(f"/admin/goods/{outcome.pk}/", form).status_code for _again in range(2)]
    assert (answers[0], Placement.objects.filter(disposition="scrap").count()) == (302, 1)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"quantity": 3}, "Only 2 are here."),
        ({"quantity": -1}, "Enter at least 1."),
        ({"quantity": "many"}, "Enter a whole number."),
        ({"quantity": 10**30}, "Only 2 are here."),
        ({"disposition": "eat"}, "Choose one of these."),
        ({"reason": " "}, "Say why: it stays with the return."),
        ({"grade": "Z"}, "valid choice"),
        ({"form_token": "x"}, "This page is not complete."),
        ({"disposition": "restock", "condition": "damaged"}, "cannot go back into sellable stock"),
        ({"at": "99999"}, "These goods are not here any more."),
    ],
)
def test_bad_input_is_told_and_moves_nothing(dock: Client, given: dict[str, object], field: str) -> None:
    outcome = set_aside()
    answer = dock.post(f"/admin/goods/{outcome.pk}/", place(outcome, **given))
    assert (answer.status_code in (409, 422), field in answer.content.decode()) == (True, True)
    assert not Placement.objects.filter(source__isnull=False).exists()


def test_the_workshop_takes_goods_and_gives_them_back(dock: Client) -> None:
    outcome = set_aside()
    today = timezone.now().date()
    form = {
        "at": "0", "form_token": str(uuid4()), "kind": "refurbish", "quantity": 1, "task": "polish",
        "due_on": str(today + timedelta(days=3)), "estimate": "2.00",
    }  # fmt: skip
    for wrong in ({"due_on": "2001-01-01"}, {"estimate": "-1"}, {"estimate": "1.234"}, {"task": ""}, {"kind": "paint"}):
        assert dock.post(f"/admin/goods/{outcome.pk}/workshop/", form | wrong).status_code == 422
    for _again in range(2):
        dock.post(f"/admin/goods/{outcome.pk}/workshop/", form)
    work = WorkOrder.objects.get()
    assert work.number in dock.get("/admin/work/").content.decode()
    assert 'value="2.00"' in dock.get(work.get_absolute_url()).content.decode()  # the estimate, as it may be sent
    address = f"/admin/work/{work.number}/"
    ending = {"done": "yes", "cost": "1.50", "disposition": "restock", "condition": "opened"}
    for wrong in ({"done": ""}, {"cost": "x"}, {"disposition": "repair"}):
        assert dock.post(f"{address}end/", ending | wrong).status_code == 422
    assert dock.post(f"{address}end/", ending | {"condition": "damaged"}).status_code == 409
    for _again in range(2):
        assert dock.post(f"{address}end/", ending).status_code == 302
    assert "added to the value of the goods" in dock.get(address).content.decode()
    assert dock.post(f"{address}off/").status_code == 409
    assert work.number in dock.get("/admin/work/?show=ended").content.decode()


def test_a_vendor_return_is_gathered_sent_and_credited_by_finance(dock: Client) -> None:
    outcome = set_aside("return_to_vendor")
    assert dock.post(f"/admin/goods/{outcome.pk}/vendor/", {"at": "0", "vendor-vendor": ""}).status_code == 422
    for _again in range(2):
        dock.post(f"/admin/goods/{outcome.pk}/vendor/", {"at": "0", "vendor-vendor": "Potter"})
    going = VendorReturn.objects.get()
    address = f"/admin/vendor-returns/{going.number}/"
    assert "Potter" in dock.get("/admin/vendor-returns/").content.decode()
    assert dock.post(f"{address}step/", {"step": "burn"}).status_code == 422
    assert dock.post(f"{address}step/", {"step": "send"}).status_code == 302
    assert dock.post(f"{address}credit/", {"credit": "5"}).status_code == 403
    finance = staff_client("finance")
    assert finance.post(f"{address}credit/", {"credit": "much"}).status_code == 422
    assert finance.post(f"{address}credit/", {"credit": "5.00"}).status_code == 302
    assert "£5.00" in dock.get(address).content.decode()
    assert dock.post(f"{address}step/", {"step": "call_off"}).status_code == 409
    entry = JournalEntry.objects.get(cause=f"vendor_return/{going.number}/credit")
    assert [one.url for one in documents(entry)] == [address]
    assert words(entry.cause) == "Credit of a vendor"


def test_goods_are_sold_off_on_their_page(dock: Client) -> None:
    outcome = set_aside()
    dock.post(f"/admin/goods/{outcome.pk}/", place(outcome, disposition="liquidate", quantity=2))
    at = str(Placement.objects.get(disposition="liquidate").pk)
    sold = f"/admin/goods/{outcome.pk}/proceeds/"
    assert dock.post(sold, {"at": at, "sold-proceeds": "-3"}).status_code == 422
    assert dock.post(sold, {"at": at, "sold-proceeds": "3.00"}).status_code == 302
    assert "£3.00" in dock.get(f"/admin/goods/{outcome.pk}/").content.decode()
    assert dock.post(sold, {"at": at, "sold-proceeds": "3.00"}).status_code == 422


def test_only_who_moves_stock_decides() -> None:
    outcome = set_aside()
    for role, expected in (("auditor", 403), ("agent", 403), ("finance", 403), ("manager", 302)):
        client = staff_client(role)
        assert client.get(f"/admin/goods/{outcome.pk}/").status_code == 200
        assert client.post(f"/admin/goods/{outcome.pk}/", place(outcome)).status_code == expected
    for address in ("/admin/goods/999999/", "/admin/work/W-NONE/", "/admin/vendor-returns/V-NONE/"):
        assert staff_client("manager").get(address).status_code == 404
