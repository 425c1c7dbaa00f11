"""A kit at the dock: its name offers its parts, one answer counts one of each, what is missing is short (p13)."""

from uuid import uuid4

import pytest
from django.test import Client

from inventory.models import Unit
from refunds.pricing import price_return
from returns import lifecycle
from returns.lifecycle import Wanted
from returns.models import RMA
from tests.builders import NOON, Sold, an_order
from tests.returns.test_dock import SCAN, scanned, words
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


@pytest.fixture
def rma() -> RMA:
    """Two boxes of cup and tea, and a lamp beside them."""
    sold = [Sold("CUP", kit="Gift box"), Sold("TEA", kit="Gift box"), Sold("LAMP")]
    order = an_order(lines=sold)
    wanted = [Wanted(line.pk, 2, "changed_mind", "opened") for line in order.lines.order_by("position")]
    told = {"form_token": uuid4(), "by": order.customer.actor, "at": NOON}
    return lifecycle.request(order.number, wanted, resolution="refund", price=price_return, **told)


def parts(rma: RMA) -> dict[str, int]:
    return {line.order_line.sku: line.pk for line in rma.lines.select_related("order_line")}


def stand(rma: RMA) -> dict[str, tuple[int, int]]:
    return {line.order_line.sku: (line.arrived, line.missing) for line in rma.lines.select_related("order_line")}


def answered(dock: Client, rma: RMA, *here: str, token: object = None) -> object:
    known = parts(rma)
    sent = {"part": [known["CUP"], known["TEA"]], "here": [known[sku] for sku in here], "kit": "1"}
    told = {"code": "Gift box", "form_token": str(token or uuid4())}
    return dock.post(f"{SCAN}?rma={rma.number}", told | sent)


def test_its_name_offers_its_parts_and_counts_nothing(dock: Client, rma: RMA) -> None:
    answer = scanned(dock, "gift BOX", rma)
    offered = {part["line"].order_line.sku: part["awaited"] for part in answer.context["parts"]}
    assert (answer.status_code, words(answer), offered) == (200, "A kit: Gift box", {"CUP": 2, "TEA": 2})
    assert stand(rma) == {"CUP": (0, 0), "TEA": (0, 0), "LAMP": (0, 0)}


def test_one_answer_counts_one_of_each_once_and_what_is_missing_is_short(dock: Client, rma: RMA) -> None:
    token = uuid4()
    for _twice in range(2):
        assert answered(dock, rma, "CUP", "TEA", token=token).status_code == 302  # type: ignore[attr-defined]
    assert stand(rma) == {"CUP": (1, 0), "TEA": (1, 0), "LAMP": (0, 0)}
    answered(dock, rma, "TEA")
    assert stand(rma) == {"CUP": (1, 1), "TEA": (2, 0), "LAMP": (0, 0)}
    assert words(scanned(dock, "Gift box", rma)) == "Nothing more of this kit is awaited"


def test_an_empty_kit_is_asked_about_again(dock: Client, rma: RMA) -> None:
    assert answered(dock, rma).status_code == 422  # type: ignore[attr-defined]
    assert stand(rma)["CUP"] == (0, 0)


def test_a_part_with_serials_is_not_taken_on_trust(dock: Client, rma: RMA) -> None:
    cup = rma.order.lines.get(sku="CUP")
    for serial in ("SN-1", "SN-2"):
        Unit.objects.create(product=cup.product, serial=serial, sold_on=cup, created_at=NOON)
    answered(dock, rma, "CUP", "TEA")
    assert stand(rma) == {"CUP": (0, 0), "TEA": (1, 0), "LAMP": (0, 0)}
