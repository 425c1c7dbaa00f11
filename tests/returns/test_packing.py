"""The packing bench: find it, pick it, pack it by scan, label it, let it leave; without script (U10, R85)."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from inventory import identities
from inventory.identities import Sold
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


def test_a_serial_and_a_lot_in_the_box_are_what_was_sold(dock: Client) -> None:
    dispatch = released()
    line = dispatch.order.lines.get()
    identities.receive_lot(line.product, "L-7", 1, cause="bill/1", by="user:7", at=LATER)
    unit = Unit.objects.create(product=line.product, serial="SN-5", created_at=LATER)
    dock.post(bench(dispatch), {"code": "SN-5", "seen": "0"})
    dock.post(bench(dispatch), {"code": "L-7", "seen": "1"})
    assert [identities.was_sold(line, code) for code in ("SN-5", "L-7", "SN-6")] == [Sold.YES, Sold.YES, Sold.NO]
    dispatch.refresh_from_db()
    through_the_dock(dispatch)
    lifecycle.send(dispatch.pk, by="user:7", at=LATER)
    unit.refresh_from_db()
    assert (unit.left_as, unit.reservation) == (f"dispatch/{dispatch.pk}", None)


@pytest.mark.parametrize("what", ["serial", "lot"])
def test_a_code_nobody_knew_is_noted_once_somebody_says_what_it_is(dock: Client, what: str) -> None:
    dispatch = released()
    line = dispatch.order.lines.get()
    asked = dock.post(bench(dispatch), {"code": "NEW-1", "seen": "0"})
    assert (asked.status_code, [row["line"] for row in asked.context["open_rows"]]) == (422, [line])
    answer = {"code": "NEW-1", "seen": "0", "line": line.pk, "is": what}
    for _twice in range(2):
        assert dock.post(bench(dispatch), answer).status_code == 302
    dispatch.refresh_from_db()
    assert dispatch.packed == {str(line.pk): 1}
    assert identities.was_sold(line, "NEW-1") is Sold.YES


def test_a_serial_that_is_with_somebody_else_is_not_packed(dock: Client) -> None:
    dispatch = released()
    other = an_order().lines.get()
    Unit.objects.create(product=dispatch.order.lines.get().product, serial="SN-5", sold_on=other, created_at=LATER)
    refused = dock.post(bench(dispatch), {"code": "SN-5", "seen": "0"})
    assert (refused.status_code, "has not come back" in text_of(refused)) == (409, True)
    dispatch.refresh_from_db()
    assert dispatch.packed == {}


@pytest.mark.parametrize("why", ["money", "missing"])
def test_what_was_in_a_box_that_stays_was_not_sold(dock: Client, why: str) -> None:
    dispatch = released()
    line = dispatch.order.lines.get()
    dock.post(bench(dispatch), {"code": "NEW-0", "seen": "0", "line": line.pk, "is": "serial"})
    identities.receive_lot(line.product, "L-7", 1, cause="bill/1", by="user:7", at=LATER)
    identities.issue_lot(line, "L-7", 1, cause="seen", by="user:7", at=LATER)
    if why == "money":
        lifecycle.prefer_money(dispatch.rma.number, by="user:7", at=LATER)
    else:
        dock.post(bench(dispatch, "packing_missing"), {"line": line.pk})
    assert (Unit.objects.get(serial="NEW-0").sold_on, identities.out_on(line)) == (None, {"L-7": 0})


def test_the_piece_in_the_box_takes_the_place_of_the_one_named_for_it(dock: Client) -> None:
    dispatch = released(quantity=1)
    line = dispatch.order.lines.get()
    held = line.reservations.get()
    named = Unit.objects.create(product=line.product, reservation=held, created_at=LATER)
    taken = Unit.objects.create(product=line.product, serial="SN-5", created_at=LATER)
    dock.post(bench(dispatch), {"code": "SN-5", "seen": "0"})
    found = {unit.pk: (unit.reservation, unit.sold_on) for unit in Unit.objects.all()}
    assert found == {named.pk: (None, None), taken.pk: (held, line)}


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
