"""The dock's pages: every kind of scan in any order, counting, inspecting, deciding; sent twice is done once."""

from uuid import uuid4

import pytest
from django.test import Client

from inventory.models import StockLevel
from returns.models import RMA, Outcome, Receipt
from returns.states import RMAStatus
from tests.builders import a_return, an_order
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

SCAN = "/admin/scan/"


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


def scanned(client: Client, code: str, *, rma: RMA | None = None, token: object = None):
    address = f"{SCAN}?rma={rma.number}" if rma else SCAN
    return client.post(address, {"code": code, "form_token": str(token or uuid4())})


def level(kind: str) -> int:
    return sum(StockLevel.objects.filter(bin__kind=kind).values_list("quantity", flat=True))


def test_a_return_is_scanned_received_and_inspected(dock: Client) -> None:
    rma = a_return(an_order())
    assert dock.get(SCAN).status_code == 200
    opened = scanned(dock, rma.number)
    assert (opened.status_code, opened.url.split("&")[0]) == (302, f"{SCAN}?rma={rma.number}")
    page = dock.get(opened.url)
    assert b"1 piece to count" in page.content
    counted = scanned(dock, "MUG", rma=rma)
    assert counted.status_code == 302
    assert b"1 of 1 here" in dock.get(counted.url).content
    rma.refresh_from_db()
    assert rma.status == RMAStatus.RECEIVED
    queue = dock.get("/admin/inspection/")
    assert rma.number.encode() in queue.content
    receipt = Receipt.objects.get()
    address = f"/admin/inspection/{rma.number}/"
    assert dock.get(address).status_code == 200
    found = {"receipt": receipt.pk, "form_token": str(uuid4()), "quantity": "1", "condition": "opened"}
    done = dock.post(address, found)
    assert done.status_code == 302
    told = dock.get(done.url)
    assert "£10.00 goes back to the customer by itself." in told.content.decode()
    again = dock.post(address, found)
    assert (again.status_code, again.url, Outcome.objects.count()) == (302, done.url, 1)
    rma.refresh_from_db()
    assert (rma.status, level("shelf"), level("dock")) == (RMAStatus.INSPECTED, 1, 0)
