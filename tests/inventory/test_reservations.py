"""Goods set aside for an order: never more than there are, let go again, or issued once (R85)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from inventory import ledger, reservations
from inventory.models import Bin, Reservation, StockLevel, StockMovement, Warehouse
from inventory.refusals import NotAvailable, NotThatMany
from inventory.states import BinKind
from oms.models import OrderLine, Posting, Product
from tests.builders import NOON, Sold, an_order


def shelf(code: str = "SHELF") -> Bin:
    house = Warehouse.objects.get(is_default=True)
    return Bin.objects.get_or_create(warehouse=house, code=code, defaults={"kind": BinKind.SHELF})[0]


def stock(product: Product, quantity: int, code: str = "SHELF") -> StockLevel:
    cause = f"opening/{code}/{product.sku}"
    ledger.adjust(shelf(code), product, quantity, cause=cause, by="system", at=NOON)
    return StockLevel.objects.get(product=product, bin__code=code)


def unsent(**sold: object) -> OrderLine:
    return an_order(lines=[Sold(**sold)], shipped_at=None, delivered_at=None).lines.get()  # type: ignore[arg-type]


@pytest.mark.django_db
def test_what_is_set_aside_is_not_available_to_others() -> None:
    line = unsent(quantity=3)
    level = stock(line.product, 4)
    reservations.reserve([line], at=NOON, until=NOON + timedelta(days=1))
    level.refresh_from_db()
    assert (level.quantity, level.reserved) == (4, 3)
    assert reservations.available([line.product_id]) == {line.product_id: 1}
    with pytest.raises(NotAvailable, match="MUG: 2 asked for, 1 available now"):
        reservations.reserve([unsent(quantity=2)], at=NOON, until=None)
    level.refresh_from_db()
    assert level.reserved == 3


@pytest.mark.django_db
def test_a_line_takes_from_several_bins_and_other_places_are_not_sold() -> None:
    line = unsent(quantity=5)
    stock(line.product, 2, "SHELF")
    stock(line.product, 4, "SHELF-2")
    dock = Bin.objects.get(warehouse__is_default=True, kind=BinKind.DOCK)
    ledger.adjust(dock, line.product, 10, cause="opening/dock", by="system", at=NOON)
    made = reservations.reserve([line], at=NOON, until=None)
    assert [(one.level.bin.code, one.quantity) for one in made] == [("SHELF", 2), ("SHELF-2", 3)]


@pytest.mark.django_db
def test_let_go_is_free_again_and_again_changes_nothing() -> None:
    line = unsent(quantity=2)
    level = stock(line.product, 2)
    reservations.reserve([line], at=NOON, until=None)
    assert [reservations.let_go([line], at=NOON) for _time in range(2)] == [2, 0]
    level.refresh_from_db()
    assert (level.quantity, level.reserved) == (2, 0)


@pytest.mark.django_db
def test_issued_goods_leave_with_a_movement_at_what_they_cost() -> None:
    line = unsent(quantity=2, unit_cost="3.50")
    level = stock(line.product, 5)
    reservations.reserve([line], at=NOON, until=None)
    assert reservations.issue([line], cause="shipment/1", by="user:7", at=NOON) == 2
    level.refresh_from_db()
    assert (level.quantity, level.reserved) == (3, 0)
    moved = StockMovement.objects.get(kind="issue")
    assert (moved.quantity, moved.cause, moved.unit_cost) == (-2, "shipment/1", Decimal("3.5"))
    assert reservations.issue([line], cause="shipment/1", by="user:7", at=NOON) == 0
    cost = Posting.objects.filter(account="cost_of_goods").aggregate(sum=Sum("amount"))["sum"]
    assert cost == Decimal("7.00")


@pytest.mark.django_db
def test_reserved_goods_cannot_be_counted_away() -> None:
    line = unsent(quantity=2)
    stock(line.product, 2)
    reservations.reserve([line], at=NOON, until=None)
    with pytest.raises(NotThatMany):
        ledger.adjust(shelf(), line.product, -1, cause="count/1", by="user:7", at=NOON)


@pytest.mark.django_db
def test_the_database_refuses_what_the_code_would_not_do() -> None:
    line = unsent(quantity=2)
    level = stock(line.product, 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockLevel.objects.filter(pk=level.pk).update(reserved=3)
    [made] = reservations.reserve([line], at=NOON, until=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reservation.objects.filter(pk=made.pk).update(issued_at=NOON, freed_at=NOON)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_fifty_at_once_get_what_is_there_and_no_more() -> None:
    lines = [unsent(quantity=1) for _buyer in range(50)]
    level = stock(lines[0].product, 20)

    def grab(line: OrderLine) -> bool:
        try:
            with transaction.atomic():
                reservations.reserve([line], at=NOON, until=None)
        except NotAvailable:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as people:
        got = list(people.map(grab, lines))
    level.refresh_from_db()
    assert (sum(got), level.reserved, Reservation.objects.held().count()) == (20, 20, 20)
