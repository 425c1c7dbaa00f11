"""Goods instead of money: even, dearer, cheaper, called off; books and provider agree at every end (R85, p52)."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from inventory import ledger
from inventory.models import Bin, StockLevel
from inventory.states import BinKind
from oms.models import Order, Product
from refunds.conservation import balances
from refunds.models import Refund
from refunds.pricing import price_return
from returns import lifecycle
from returns.eligibility import Wanted
from returns.exchanges import Instead
from returns.models import RMA, Dispatch
from tests.jobs import run_jobs
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def a_green_mug(price: str = "10.00", stock: int = 5) -> Product:
    Product.objects.filter(sku="MUG").update(style="mug", options={"Color": "blue"}, price="10.00")
    green = Product.objects.create(
        sku="MUG-G", title="Mug", style="mug", options={"Color": "green"}, category="kitchen", price=price,
        standard_cost="3.00", currency="GBP",
    )  # fmt: skip
    shelf = Bin.objects.get(warehouse__is_default=True, kind=BinKind.SHELF)
    ledger.adjust(shelf, green, stock, cause="opening/green", by="system", at=timezone.now())
    return green


def exchange(order: Order, product: Product) -> RMA:
    line = order.lines.get()
    rma = lifecycle.request(
        order.number,
        [Wanted(line.pk, 1, "wrong_size", "opened")],
        resolution="exchange",
        instead=[Instead(line.pk, product.pk)],
        price=price_return,
        form_token=uuid4(),
        by=order.customer.actor,
        at=timezone.now(),
    )
    run_jobs()
    return rma


def comes_back(vendors: Sandbox, rma: RMA, condition: str = "opened") -> Dispatch:
    on.travel(vendors, rma)
    on.inspect(rma, on.arrive(rma), condition)
    return Dispatch.objects.select_related("order").get(rma=rma)


def paid_for(order: Order) -> list[tuple[str, str, bool]]:
    return [(one.method, str(one.captured), one.carried_from_id is not None) for one in order.payments.order_by("pk")]


def went(order: Order) -> list[tuple[str, str, str]]:
    found = Refund.objects.filter(order=order).order_by("pk")
    return [(one.destination, str(one.amount), one.status) for one in found]


def drift() -> Decimal:
    """How far the books are apart; the first sale was built without its entry."""
    built = [one for one in balances() if not one.captured_in_journal]
    assert [one.captured for one in built] == [Decimal("20.000")]
    return sum((one.drift for one in balances()), Decimal(0)) - built[0].captured


def test_like_for_like_moves_no_money(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug())
    dispatch = comes_back(vendors, rma)
    assert dispatch.status == "released"
    assert went(order) == [("exchange", "10.000", "settled")]
    assert paid_for(dispatch.order) == [("card", "10.000", True)]
    assert on.paid_by_provider(vendors, order) == 0
    assert on.status(rma) == ("closed", "settled")
    assert drift() == 0
    assert on.books_balance()


def test_something_cheaper_pays_the_rest_back(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug("6.50"))
    dispatch = comes_back(vendors, rma)
    assert dispatch.status == "released"
    assert went(order) == [("original", "3.500", "settled"), ("exchange", "6.500", "settled")]
    assert on.paid_by_provider(vendors, order) == Decimal("3.50")
    assert on.status(rma) == ("closed", "settled")
    assert drift() == 0


def test_something_dearer_is_held_until_it_is_paid(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug("14.00"))
    dispatch = comes_back(vendors, rma)
    assert dispatch.status == "held"
    assert went(order) == [("exchange", "10.000", "settled")]
    assert on.paid_by_provider(vendors, order) == 0
    assert StockLevel.objects.get(product__sku="MUG-G").reserved == 1


def test_a_worse_condition_than_declared_leaves_more_to_pay(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug())
    dispatch = comes_back(vendors, rma, "used")
    assert dispatch.status == "held"
    assert dispatch.order.total - dispatch.order.payments.get().captured > 0


def test_canceled_before_anything_came_back_the_goods_are_free(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug())
    lifecycle.cancel(rma.number, by=order.customer.actor, at=timezone.now())
    run_jobs()
    assert Dispatch.objects.get(rma=rma).status == "canceled"
    assert StockLevel.objects.get(product__sku="MUG-G").reserved == 0
    assert Refund.objects.count() == 0
    assert drift() == 0


def test_money_after_all_goes_back_to_the_first_card(vendors: Sandbox) -> None:
    """The value had moved to the exchange: it goes back to the card it came from, and only once."""
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug("14.00"))
    dispatch = comes_back(vendors, rma)
    for _twice in range(2):
        lifecycle.prefer_money(rma.number, by=order.customer.actor, at=timezone.now())
        run_jobs()
    assert went(dispatch.order) == [("original", "10.000", "settled")]
    assert on.paid_by_provider(vendors, order) == Decimal("10.00")
    assert StockLevel.objects.get(product__sku="MUG-G").reserved == 0
    assert drift() == 0
    assert on.books_balance()


def test_the_exchanged_thing_comes_back_as_well(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug())
    dispatch = comes_back(vendors, rma)
    line, now = dispatch.order.lines.get(), timezone.now()
    lifecycle.pack(dispatch.pk, line.pk, 1, seen=0, by=on.DOCK, at=now)
    run_jobs()
    dispatch.refresh_from_db()
    assert dispatch.status == "labeled"
    lifecycle.arrive(dispatch.pk, by="carrier", at=now)
    second = on.ask(dispatch.order, Wanted(line.pk, 1, "changed_mind", "opened"))
    on.travel(vendors, second)
    on.inspect(second, on.arrive(second))
    assert on.status(second) == ("closed", "settled")
    assert on.paid_by_provider(vendors, order) == Decimal("10.00")
    assert drift() == 0
