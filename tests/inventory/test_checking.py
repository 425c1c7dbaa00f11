"""Stock is the sum of its movements at every instant; a row changed by hand shows the same night (R34, p33)."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import checking, ledger, reservations, tasks
from inventory.ledger import Goods
from inventory.models import Bin, ProductValue, StockCheck, StockLevel, StockMovement, Warehouse
from inventory.refusals import NotAvailable, NotThatMany
from inventory.states import BinKind
from oms.models import Event, Product
from oms.roles import Role
from tests.builders import NOON, Sold, an_order
from tests.inventory.test_reservations import stock
from tests.properties import thorough
from tests.staff import staff_client

pytestmark = pytest.mark.django_db
KINDS = [BinKind.SHELF, BinKind.QUARANTINE, BinKind.HOLD, BinKind.REFURBISH, BinKind.SCRAP]
STEPS = st.tuples(st.integers(0, 5), st.integers(1, 4), st.sampled_from(KINDS), st.sampled_from(KINDS))


def one_step(product: Product, step: tuple[int, int, BinKind, BinKind], cause: str) -> None:
    verb, quantity, source, target = step
    house, goods = Warehouse.objects.get(is_default=True), Goods(product, quantity, D("3.50"))
    told = {"cause": cause, "by": "user:7", "at": NOON}
    if verb == 0:
        ledger.expect(house, [goods], **told)
    elif verb == 1:
        ledger.receive(house, [goods], [], **told)
    elif verb == 2:
        ledger.put_away(house, [(goods, target)], **told)
    elif verb == 3:
        ledger.put_away(house, [(goods, target)], source=source, **told)
    elif verb == 4:
        place = Bin.objects.filter(warehouse=house, kind=source).order_by("code")[0]
        ledger.adjust(place, product, quantity if target > source else -quantity, **told)
    else:
        sold = Sold(sku=product.sku, quantity=quantity)
        line = an_order(lines=[sold], shipped_at=None, delivered_at=None).lines.get()
        reservations.reserve([line], at=NOON, until=None)
        if quantity > 1:
            reservations.issue([line], cause=cause, by="user:7", at=NOON)


@given(steps=st.lists(STEPS, max_size=12))
@settings(thorough, max_examples=thorough.max_examples // 5)
def test_a_level_is_the_sum_of_its_movements_at_every_instant(steps: list[tuple[int, int, BinKind, BinKind]]) -> None:
    with transaction.atomic():
        product = Product.objects.create(sku="SUM", title="Sum", standard_cost=D("3.5"))
        for place, step in enumerate(steps):
            try:
                with transaction.atomic():
                    one_step(product, step, f"step/{place}")
            except (NotThatMany, NotAvailable):
                pass
            moved = StockMovement.objects.values_list("bin").annotate(all=Sum("quantity")).order_by("bin")
            stands = StockLevel.objects.values_list("bin", "quantity").order_by("bin")
            assert [row for row in moved if row[1]] == [row for row in stands if row[1]]
            assert checking.check(by="system", at=NOON).findings == []
        transaction.set_rollback(True)


BROKEN = {
    "level": "UPDATE inventory_stocklevel SET quantity = quantity + 1",
    "reserved": "UPDATE inventory_stocklevel SET reserved = reserved + 1",
    "value": "UPDATE inventory_productvalue SET value = value + 0.000001",
    "layers": "UPDATE inventory_costlayer SET quantity = quantity + 1",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_row_changed_by_hand_shows_in_the_night(what: str) -> None:
    level = stock(an_order().lines.get().product, 4)
    assert tasks.check_stock() == 0
    with connection.cursor() as cursor:
        cursor.execute(BROKEN[what])
    assert tasks.check_stock() == 1
    [found] = checking.newest().findings
    assert (found["what"], found["sku"]) == (what, level.product.sku)
    page = staff_client(Role.DOCK).get("/stock/check/").content.decode()
    assert "1 thing is not the sum of what moved." in page
    assert "Stock is not the sum of its movements" in staff_client(Role.DOCK).get("/stock/").content.decode()


def test_a_movement_without_its_level_shows_too() -> None:
    level = stock(an_order().lines.get().product, 4)
    StockLevel.objects.all().delete()
    found = checking.check(by="system", at=NOON).findings
    assert found == [{"what": "level", "sku": "MUG", "place": "MAIN SHELF", "stands": "0", "moved": "4"}]
    assert ProductValue.objects.get(product=level.product).quantity == 4


def test_a_look_is_asked_for_by_those_who_move_stock() -> None:
    assert staff_client(Role.AUDITOR).post("/stock/check/").status_code == 403
    assert staff_client(Role.DOCK).post("/stock/check/").status_code == 302
    event = Event.objects.get(name="stock_check.asked")
    tasks.check_after(event)
    assert StockCheck.objects.get().asked_by == event.actor
    assert "Nobody has looked yet" not in staff_client(Role.AUDITOR).get("/stock/check/").content.decode()
    assert StockCheck.objects.get().ran_at - event.occurred_at < timedelta(minutes=5)
