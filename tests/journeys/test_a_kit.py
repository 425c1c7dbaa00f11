"""A kit was bought at one price; its parts come back one by one and come to exactly that price (p13, p14)."""

from decimal import Decimal as D

import pytest

from oms.importing.documents import SaleLine
from oms.importing.terms import Priced, freeze
from returns.lifecycle import Wanted
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_its_parts_come_to_its_price(vendors: Sandbox) -> None:
    skus = ("CUP", "TEA", "JAM")
    parts = [
        Priced(SaleLine(sku, sku.title(), 1, D("10.00"), D(0), tax_rate=D(20)), D("10.00"), kit="Box", kit_price=D(20))
        for sku in skus
    ]
    lines = freeze(parts, discount=D(0), included=True, currency="GBP")
    sold = [Sold(one.sku, one.description, 1, f"{one.gross}", f"{one.tax}") for one in lines]
    order = on.an_order_paid_at(vendors, *sold)
    paid = []
    for sku in reversed(skus):
        rma = on.ask(order, Wanted(order.lines.get(sku=sku).pk, 1, "arrived_late", "sealed"))
        on.travel(vendors, rma)
        on.inspect(rma, on.arrive(rma), "sealed")
        paid.append(rma.quote["total"])
    assert paid == ["6.66", "6.67", "6.67"]
    assert on.paid(order) == on.paid_by_provider(vendors, order) == D("20.00")
