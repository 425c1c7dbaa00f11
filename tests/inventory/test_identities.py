"""What comes back is what was sold: serials, lots, and goods nobody tells apart (p40, p53)."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from inventory import identities
from inventory.identities import Sold
from inventory.models import LotMovement, Unit
from inventory.refusals import LotNotSold, NotThatManyOfLot
from oms.models import OrderLine
from tests.builders import NOON, an_order

pytestmark = pytest.mark.django_db
TOLD = {"by": "user:7", "at": NOON}


def a_line() -> OrderLine:
    return an_order().lines.get()


def test_a_serial_of_this_line_of_another_and_of_none() -> None:
    line, other, plain = a_line(), a_line(), a_line()
    unit = identities.sell_serial(line, "SN-1", at=NOON)
    identities.sell_serial(other, "SN-2", at=NOON)
    assert [identities.was_sold(line, code) for code in ("SN-1", " SN-1 ", "SN-2")] == [Sold.YES, Sold.YES, Sold.NO]
    assert identities.was_sold(plain, "SN-1") is Sold.UNKNOWN
    assert identities.sell_serial(other, "SN-1", at=NOON) == unit  # sold again: the same unit, the same number
    assert identities.was_sold(line, "SN-1") is Sold.UNKNOWN
    assert Unit.objects.count() == 2


def test_a_lot_goes_out_and_comes_back_no_more_than_was_sold() -> None:
    line = a_line()
    assert line.product is not None
    identities.receive_lot(line.product, "L-7", 5, cause="bill/1", **TOLD)
    identities.receive_lot(line.product, "L-8", 5, cause="bill/1", **TOLD)
    with pytest.raises(NotThatManyOfLot, match="Lot L-7: 6 asked for, 5 here"):
        identities.issue_lot(line, "L-7", 6, cause="order_line/1", **TOLD)
    with pytest.raises(NotThatManyOfLot):
        identities.issue_lot(line, "L-9", 1, cause="order_line/1", **TOLD)
    identities.issue_lot(line, "L-7", 2, cause="order_line/1", **TOLD)
    assert [identities.was_sold(line, code) for code in ("L-7", "L-8")] == [Sold.YES, Sold.NO]
    identities.take_lot_back(line, "L-7", 1, cause="receipt/1", **TOLD)
    with pytest.raises(LotNotSold, match="Of MUG, 1 units of lot L-7 are with the customer"):
        identities.take_lot_back(line, "L-7", 2, cause="receipt/2", **TOLD)
    with pytest.raises(LotNotSold):
        identities.take_lot_back(line, "L-8", 1, cause="receipt/2", **TOLD)
    assert identities.out_on(line) == {"L-7": 1}
    assert identities.on_hand(LotMovement.objects.filter(lot__code="L-7")[0].lot) == 4


def test_a_lot_moves_once_for_a_cause_and_never_otherwise() -> None:
    product = a_line().product
    assert product is not None
    moved = identities.receive_lot(product, "L-7", 5, cause="bill/1", **TOLD)
    with pytest.raises(IntegrityError), transaction.atomic():
        identities.receive_lot(product, "L-7", 5, cause="bill/1", **TOLD)
    with pytest.raises(DatabaseError), transaction.atomic():
        LotMovement.objects.filter(pk=moved.pk).update(quantity=50)
