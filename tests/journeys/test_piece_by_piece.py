"""Three pieces for 10.00, returned one by one: 3.33, 3.34, 3.33, and together exactly what was paid (p27, p29, W1b)."""

import pytest

from returns.lifecycle import Arrived
from returns.refusals import TooMany
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_three_returns_of_one_piece_pay_exactly_the_line(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, Sold(quantity=3, gross="10.00", tax="1.67"))
    quoted = []
    for _piece in range(3):
        rma = on.ask(order)
        on.inspect(rma, on.arrive(rma))
        assert on.status(rma) == ("closed", "settled")
        quoted.append(rma.quote["total"])
    assert quoted == ["3.33", "3.34", "3.33"]
    assert on.paid(order) == on.paid_by_provider(vendors, order) == order.total
    with pytest.raises(TooMany):
        on.ask(order)
    assert on.books_balance()


def test_one_return_in_two_parcels_is_paid_for_each(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, Sold(quantity=3, gross="10.00", tax="1.67"))
    line = order.lines.get().pk
    rma = on.ask(order, on.Wanted(line, 3, "changed_mind", "opened"))
    mine = rma.lines.get().pk
    on.inspect(rma, on.arrive(rma, Arrived(mine, 1)))
    assert on.status(rma) == ("receiving", "settled")
    assert str(on.paid(order)) == "3.330"
    on.inspect(rma, on.arrive(rma, Arrived(mine, 2)))
    assert on.status(rma) == ("closed", "settled")
    assert on.paid(order) == on.paid_by_provider(vendors, order) == order.total
