"""The packing bench: find it, pick it, pack it by scan, label it, let it leave; without script (U10, R85)."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import Unit
from oms.models import Event
from oms.roles import Role
from returns import lifecycle
from returns.models import Dispatch
from tests.builders import an_order
from tests.returns.test_dispatching import LATER, a_green_mug, exchange, through_the_dock
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def dock() -> Client:
    return staff_client(Role.DOCK)


def released(quantity: int = 2) -> Dispatch:
    rma = exchange(an_order(), a_green_mug(), quantity=quantity)
    lifecycle.release(rma.number, owed=Decimal(0), by="system", at=LATER)
    return Dispatch.objects.select_related("order").get()


def bench(dispatch: Dispatch, name: str = "packing_of") -> str:
    return reverse(f"admin:{name}", args=[dispatch.order.number])


def text_of(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


def test_what_may_leave_is_listed_and_picked_by_bin(dock: Client) -> None:
    dispatch = released()
    assert dispatch.order.number in text_of(dock.get(reverse("admin:packing")))
    listed = text_of(dock.get(reverse("admin:packing_list")))
    assert "MUG-G" in listed
    assert "SHELF" in listed
    found = dock.post(reverse("admin:packing"), {"code": dispatch.order.number.lower()})
    assert found["Location"] == bench(dispatch)


def test_each_scan_puts_one_piece_in_and_the_last_closes_the_box(dock: Client) -> None:
    dispatch = released()
    first = dock.post(bench(dispatch), {"code": "mug-g", "seen": "0"})
    assert first.status_code == 302
    dock.post(bench(dispatch), {"code": "MUG-G", "seen": "0"})
    assert "<strong>1</strong> / 2" in text_of(dock.get(bench(dispatch)))
    dock.post(bench(dispatch), {"code": "MUG-G", "seen": "1"})
    dispatch.refresh_from_db()
    assert dispatch.status == "packed"


def test_the_number_on_a_unit_that_came_back_puts_it_into_the_box(dock: Client) -> None:
    dispatch = released()
    product = dispatch.order.lines.get().product
    unit = Unit.objects.create(product=product, serial="SN-5", created_at=LATER)
    unit.refresh_from_db()
    dock.post(bench(dispatch), {"code": unit.number.replace("-", "").lower(), "seen": "0"})
    dock.post(bench(dispatch), {"code": "SN-5", "seen": "1"})
    dispatch.refresh_from_db()
    assert dispatch.status == "packed"


@pytest.mark.parametrize("code", ["", "MUG", "\0", "x" * 300, "'; DROP"])
def test_what_is_not_in_the_order_is_refused_and_nothing_is_packed(dock: Client, code: str) -> None:
    dispatch = released()
    assert dock.post(bench(dispatch), {"code": code, "seen": "0"}).status_code == 422
    dispatch.refresh_from_db()
    assert dispatch.packed == {}


def test_one_piece_too_many_is_refused(dock: Client) -> None:
    dispatch = released(quantity=1)
    dock.post(bench(dispatch), {"all": "1"})
    dispatch.refresh_from_db()
    assert dispatch.status == "packed"
    assert dock.post(bench(dispatch), {"code": "MUG-G", "seen": "1"}).status_code == 302
    dispatch.refresh_from_db()
    assert list(dispatch.packed.values()) == [1]


def test_the_label_is_shown_and_scanned_when_it_leaves(dock: Client) -> None:
    dispatch = released()
    assert dock.get(bench(dispatch, "packing_label")).status_code == 404
    through_the_dock(dispatch)
    label = dock.get(bench(dispatch, "packing_label"))
    assert (label["Content-Type"], label.content) == ("application/pdf", b"%PDF")
    assert "The carrier has it" in text_of(dock.get(bench(dispatch)))
    for _twice in range(2):
        assert dock.post(reverse("admin:packing"), {"code": "OUT1"}).status_code == 302
    dispatch.refresh_from_db()
    assert dispatch.status == "shipped"
    assert Event.objects.filter(name="dispatch.shipped").count() == 1


def test_nothing_leaves_before_it_is_labeled(dock: Client) -> None:
    dispatch = released()
    dock.post(bench(dispatch, "packing_departure"))
    dispatch.refresh_from_db()
    assert dispatch.status == "released"
    assert Event.objects.filter(name="verb.refused", facts__verb="send").count() == 1


def test_an_empty_shelf_is_told_from_the_bench(dock: Client) -> None:
    dispatch = released()
    line = dispatch.order.lines.get()
    assert dock.post(bench(dispatch, "packing_missing"), {"line": "987"}).status_code == 409
    assert dock.post(bench(dispatch, "packing_missing"), {"line": line.pk}).status_code == 302
    dispatch.refresh_from_db()
    assert dispatch.status == "short"


def test_an_agent_does_not_pack() -> None:
    assert staff_client(Role.AGENT).get(reverse("admin:packing")).status_code == 403
