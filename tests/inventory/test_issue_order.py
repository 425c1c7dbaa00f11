"""Pick lists take what the issue order of the category names, down to the number on a returned unit (N2, R75)."""

from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.db.models import Sum

from inventory import ledger, reservations, terms
from inventory.models import Bin, Impairment, Unit, Warehouse
from inventory.states import BinKind, IssueOrder
from oms.journal import Account
from oms.models import OrderLine, Posting, Product
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from tests.builders import NOON, Sold, a_return, an_order, the_line

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def shelf(code: str) -> Bin:
    house = Warehouse.objects.get(is_default=True)
    return Bin.objects.get_or_create(warehouse=house, code=code, defaults={"kind": BinKind.SHELF})[0]


def bought(product: Product, quantity: int, code: str, days_ago: int) -> None:
    ledger.adjust(
        shelf(code), product, quantity, cause=f"opening/{code}/{days_ago}", by="system", at=NOON - days_ago * DAY
    )


def came_back(quantity: int = 1, condition: str = "opened", disposition: str = "restock") -> Product:
    """Pieces sold before come back and are put away, today."""
    rma = a_return(an_order(lines=[Sold(quantity=quantity)]), quantity=quantity)
    piece = Arrived(the_line(rma).pk, quantity)
    [receipt] = lifecycle.receive(rma.number, [piece], form_token=uuid4(), by="user:7", at=NOON)
    finding = Finding(
        receipt_id=receipt.pk,
        quantity=quantity,
        condition=condition,
        disposition=disposition,
        override_reason="as told",
    )
    lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=NOON)
    return the_line(rma).order_line.product


def unsent(quantity: int) -> OrderLine:
    return an_order(lines=[Sold(quantity=quantity)], shipped_at=None, delivered_at=None).lines.get()


def take(quantity: int) -> list[tuple[str, int]]:
    made = reservations.reserve([unsent(quantity)], at=NOON, until=None)
    return [(one.level.bin.code, one.quantity) for one in made]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (IssueOrder.OLDEST_FIRST, [("Z-OLD", 4), ("A-NEW", 1)]),
        (IssueOrder.NEWEST_FIRST, [("SHELF-01", 2), ("A-NEW", 3)]),
        (IssueOrder.RETURNED_FIRST, [("SHELF-01", 2), ("Z-OLD", 3)]),
    ],
)
def test_each_order_takes_from_its_own_shelf(order: IssueOrder, expected: list[tuple[str, int]]) -> None:
    terms.change("kitchen", costing="fifo", issue_order=order, by="user:1", at=NOON)
    product = came_back(2)
    bought(product, 4, "A-NEW", 2)
    bought(product, 4, "Z-OLD", 30)
    assert take(5) == expected


def test_what_is_promised_leaves_first_so_the_next_order_gets_the_pile_behind_it() -> None:
    terms.change("kitchen", costing="fifo", issue_order="oldest_first", by="user:1", at=NOON)
    product = came_back()
    bought(product, 2, "SHELF-01", 30)
    bought(product, 2, "B-2", 10)
    assert take(2) == [("SHELF-01", 2)]
    assert take(2) == [("B-2", 2)]  # not the returned one in SHELF-01, which came today
    assert take(1) == [("SHELF-01", 1)]


def test_the_pick_list_names_the_returned_unit_and_it_leaves_with_the_order() -> None:
    product = came_back(2)
    bought(product, 1, "A-NEW", 5)
    first, second = Unit.objects.order_by("pk")
    line = unsent(1)
    reservations.reserve([line], at=NOON, until=None)
    [held] = reservations.held_for([line])
    assert [one.number for one in held.units.all()] == [first.number]
    reservations.let_go([line], at=NOON)
    assert not Unit.objects.filter(reservation__isnull=False).exists()
    reservations.reserve([line], at=NOON, until=None)
    reservations.issue([line], cause="dispatch/1", by="user:7", at=NOON + DAY)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.left_as, first.left_at, first.bin, first.sold_on) == ("dispatch/1", NOON + DAY, None, line)
    assert (second.left_as, second.bin.code) == ("", "SHELF-01")


def impairment() -> D:
    return Posting.objects.filter(account=Account.IMPAIRED).aggregate(sum=Sum("amount"))["sum"] or D(0)


def test_what_nobody_finds_any_more_is_not_expected_to_lose_anything() -> None:
    product = came_back(4, disposition="quarantine", condition="opened")
    assert impairment() == D("-2.10")  # 15 % of four at 3.50
    place = Bin.objects.get(kind=BinKind.QUARANTINE)
    ledger.adjust(place, product, -3, cause="count/K-1", by="user:7", at=NOON)
    assert impairment() == D("-0.52")
    assert Impairment.objects.get(released_at=None).quantity == 1
    ledger.adjust(place, product, -1, cause="count/K-2", by="user:7", at=NOON)
    assert (impairment(), Impairment.objects.filter(released_at=None).count()) == (0, 0)
