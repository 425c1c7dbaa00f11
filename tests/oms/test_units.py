from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from oms.models import Order, UnitClaim
from oms.units import NotEnoughUnits, claim, claim_last, count, free_units, highest, lowest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quantity", "claimed", "free"),
    [
        (5, [], ((0, 5),)),
        (5, [((0, 5),)], ()),
        (5, [((0, 2),), ((4, 5),)], ((2, 4),)),
        (5, [((1, 2), (3, 4))], ((0, 1), (2, 3), (4, 5))),
        (80_995, [((0, 80_994),)], ((80_994, 80_995),)),
    ],
)
def test_what_no_claim_holds_is_free(quantity, claimed, free):
    assert free_units(quantity, claimed) == free


def test_lowest_and_highest_cross_gaps():
    free = ((0, 1), (2, 4), (7, 9))
    assert lowest(free, 2) == ((0, 1), (2, 3))
    assert highest(free, 3) == ((3, 4), (7, 9))
    assert lowest(free, 5) == highest(free, 5) == free
    assert count(free) == 5


@pytest.fixture
def line(db):
    order = Order.objects.create(number="1001", placed_at=NOON, currency="GBP", items_total=25, total=25)
    return order.lines.create(position=1, sku="MUG", description="Mug", quantity=5, unit_price=5, gross=25)


def test_returns_take_the_lowest_units_and_cancellations_the_highest(line):
    assert claim(line, 2).units == ((0, 2),)
    assert claim_last(line, 1).units == ((4, 5),)
    assert claim(line, 2).units == ((2, 4),)


def test_a_freed_claim_can_be_claimed_again(line):
    first = claim(line, 5)
    UnitClaim.objects.filter(pk=first.pk).update(active=False)
    assert claim(line, 5).units == ((0, 5),)


@pytest.mark.parametrize("asked", [0, -1, 4])
def test_more_than_is_left_is_refused_and_nothing_is_claimed(line, asked):
    claim(line, 2)
    with pytest.raises(NotEnoughUnits) as refused:
        claim(line, asked)
    assert str(refused.value) == f"MUG: {asked} asked for, 3 left."
    assert UnitClaim.objects.count() == 1


def test_postgresql_itself_refuses_a_unit_claimed_twice(line):
    UnitClaim.objects.create(order_line=line, units=((0, 3),))
    with pytest.raises(IntegrityError, match="unit_claimed_once"), transaction.atomic():
        UnitClaim.objects.create(order_line=line, units=((2, 4),))
