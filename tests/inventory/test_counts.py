"""A bin counted by hand: blind, booked by somebody else, never over goods that moved meanwhile."""

from decimal import Decimal as D

import pytest
from django.db import DatabaseError, transaction

from inventory import ledger, lifecycle
from inventory.models import Bin, ProductValue, StockCount, StockLevel, StockMovement
from inventory.refusals import CountedAlready, NothingCounted, NotThatMany, OwnCount, StockMovedMeanwhile
from inventory.states import CountStatus
from oms.models import Event, Product
from oms.roles import Role
from oms.statemachine import TransitionRefused
from tests.builders import NOON
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def shelf() -> Bin:
    return Bin.objects.get(code="SHELF-01")


def on_shelf(sku: str, quantity: int) -> Product:
    product = Product.objects.create(sku=sku, title=f"{sku} lamp", standard_cost=D(4))
    ledger.adjust(shelf(), product, quantity, cause=f"opening/{sku}", by="system", at=NOON)
    return product


def counted(found: dict[int, int], *, by: str = "user:1") -> StockCount:
    count = lifecycle.start_count(shelf(), by=by, at=NOON)
    return lifecycle.submit_count(count.number, found, by=by, at=NOON)


def test_a_difference_waits_for_a_second_person_and_is_a_movement_with_a_value() -> None:
    red, blue = on_shelf("RED", 10), on_shelf("BLUE", 5)
    count = counted({red.pk: 8, blue.pk: 5})
    assert count.status == CountStatus.AWAITING_APPROVAL
    assert StockLevel.objects.get(product=red).quantity == 10  # nothing moved yet
    with pytest.raises(OwnCount), transaction.atomic():
        lifecycle.approve_count(count.number, by="user:1", at=NOON)
    for _again in range(2):
        booked = lifecycle.approve_count(count.number, by="user:2", at=NOON)
    assert booked.status == CountStatus.BOOKED
    [movement] = StockMovement.objects.filter(cause=f"count/{count.number}")
    assert [movement.product_id, movement.quantity, movement.by] == [red.pk, -2, "user:2"]
    held = ProductValue.objects.get(product=red)
    assert [held.quantity, held.value] == [8, 32]
    names = Event.objects.filter(stream=f"count/{count.number}").order_by("sequence").values_list("name", flat=True)
    assert list(names) == ["count.started", "count.submitted", "count.approved"]


def test_without_a_difference_nobody_has_to_agree() -> None:
    red = on_shelf("RED", 10)
    assert counted({red.pk: 10}).status == CountStatus.BOOKED
    assert StockMovement.objects.filter(product=red).count() == 1


def test_what_is_not_named_is_not_there_and_what_should_not_be_there_is_added() -> None:
    red, stray = on_shelf("RED", 3), Product.objects.create(sku="STRAY", title="Stray", standard_cost=D(2))
    count = counted({stray.pk: 1})
    lifecycle.approve_count(count.number, by="user:2", at=NOON)
    levels = dict(StockLevel.objects.filter(bin=shelf()).values_list("product", "quantity"))
    assert levels == {red.pk: 0, stray.pk: 1}


def test_goods_that_moved_after_the_count_are_counted_again() -> None:
    red = on_shelf("RED", 10)
    count = counted({red.pk: 8})
    ledger.adjust(shelf(), red, 1, cause="found/1", by="user:3", at=NOON)
    with pytest.raises(StockMovedMeanwhile) as refused, transaction.atomic():
        lifecycle.approve_count(count.number, by="user:2", at=NOON)
    assert "RED moved in this bin" in str(refused.value)
    lifecycle.recount(count.number, by="user:2", at=NOON)
    again = lifecycle.submit_count(count.number, {red.pk: 11}, by="user:1", at=NOON)
    assert [again.status, StockLevel.objects.get(product=red).quantity] == [CountStatus.BOOKED, 11]


def test_what_was_promised_to_an_order_cannot_be_counted_away() -> None:
    red = on_shelf("RED", 10)
    StockLevel.objects.filter(product=red).update(reserved=9)
    count = counted({red.pk: 8})
    with pytest.raises(NotThatMany), transaction.atomic():
        lifecycle.approve_count(count.number, by="user:2", at=NOON)
    assert StockLevel.objects.get(product=red).quantity == 10


def test_one_open_count_of_a_bin_and_nothing_after_the_end() -> None:
    on_shelf("RED", 1)
    count = lifecycle.start_count(shelf(), by="user:1", at=NOON)
    with pytest.raises(CountedAlready), transaction.atomic():
        lifecycle.start_count(shelf(), by="user:2", at=NOON)
    with pytest.raises(NothingCounted), transaction.atomic():
        lifecycle.submit_count(count.number, {}, by="user:1", at=NOON)
    lifecycle.discard_count(count.number, by="user:1", at=NOON)
    with pytest.raises(TransitionRefused), transaction.atomic():
        lifecycle.submit_count(count.number, {1: 1}, by="user:1", at=NOON)
    assert lifecycle.start_count(shelf(), by="user:2", at=NOON).status == CountStatus.COUNTING


def test_the_database_refuses_one_pair_of_eyes_by_itself() -> None:
    count = counted({on_shelf("RED", 2).pk: 1})
    with pytest.raises(DatabaseError), transaction.atomic():
        StockCount.objects.filter(pk=count.pk).update(decided_by=count.counted_by)


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_count_from_the_first_click_to_the_last() -> None:
    red = on_shelf("RED", 73519)
    dock, manager = staff_client(Role.DOCK), staff_client(Role.MANAGER)
    begun = dock.post("/stock/counts/", {"bin": shelf().pk})
    page = dock.get(begun["Location"])
    assert b"73519" not in page.content  # blind
    assert dock.post(begun["Location"], {f"p{red.pk}": "73517"}).status_code == 302
    assert b"Book the differences" not in dock.get(begun["Location"]).content
    decision = begun["Location"] + "decision/"
    assert dock.post(decision, {"decision": "approve"}).status_code == 403
    assert b"Book the differences" in manager.get(begun["Location"]).content
    assert manager.post(decision, {"decision": "approve"}).status_code == 302
    assert StockLevel.objects.get(product=red).quantity == 73517
    assert b"73,519" in manager.get(begun["Location"]).content


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("", "p"),
        ("-1", "p"),
        ("two", "p"),
        ("1.5", "p"),
        ("9" * 30, "p"),
        ("\0", "p"),
    ],
)
def test_what_is_no_count_is_refused_at_its_field(typed: str, field: str) -> None:
    red = on_shelf("RED", 10)
    dock = staff_client(Role.DOCK)
    place = dock.post("/stock/counts/", {"bin": shelf().pk})["Location"]
    page = dock.post(place, {f"p{red.pk}": typed})
    assert [page.status_code, list(page.context["form"].errors)] == [422, [f"{field}{red.pk}"]]
    assert StockCount.objects.get().status == CountStatus.COUNTING


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"extra_sku": "NO SUCH", "extra_quantity": "1"}, "extra_sku"),
        ({"extra_sku": "RED", "extra_quantity": "1"}, "extra_sku"),
        ({"extra_sku": "BLUE"}, "extra_quantity"),
        ({"extra_quantity": "1"}, "extra_sku"),
    ],
)
def test_something_else_that_was_found_is_named_whole(extra: dict[str, str], field: str) -> None:
    red = on_shelf("RED", 1)
    Product.objects.create(sku="BLUE", title="Blue")
    dock = staff_client(Role.DOCK)
    place = dock.post("/stock/counts/", {"bin": shelf().pk})["Location"]
    page = dock.post(place, {f"p{red.pk}": "1", **extra})
    assert [page.status_code, list(page.context["form"].errors)] == [422, [field]]


def test_foreign_and_unknown_things_are_refused() -> None:
    on_shelf("RED", 1)
    dock = staff_client(Role.DOCK)
    assert dock.post("/stock/counts/", {"bin": "999999"}).status_code == 422
    assert dock.get("/stock/counts/K-0000-00000/").status_code == 404
    place = dock.post("/stock/counts/", {"bin": shelf().pk})["Location"]
    assert dock.post("/stock/counts/", {"bin": shelf().pk}).status_code == 422
    assert dock.post(place + "decision/", {"decision": "burn"}).status_code == 400
    assert staff_client(Role.FINANCE).post(place, {}).status_code == 403
    assert staff_client(Role.FINANCE).get(place).status_code == 200
