"""Goods that go out because of a return: set aside with the request, and every way they may end (R85, R110, p52)."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from inventory import ledger
from inventory.models import Bin, Reservation, StockLevel
from inventory.refusals import NotAvailable
from inventory.states import BinKind
from oms.models import Event, Order, OrderLine, Product, UnitClaim
from oms.states import OrderKind
from refunds.pricing import price_return
from returns import lifecycle
from returns.eligibility import Wanted
from returns.exchanges import Instead
from returns.lifecycle import Arrived, Finding
from returns.lifecycle.parcels import Bought
from returns.models import RMA, Dispatch, Receipt
from returns.refusals import AlreadySent, NotExchangeable, NothingInstead, NothingToPack, QuoteChanged
from returns.states import DispatchStatus
from tests.builders import NOON, Sold, an_order

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=1)


def on_the_shelf(product: Product, quantity: int) -> None:
    shelf = Bin.objects.get(warehouse__is_default=True, kind=BinKind.SHELF)
    ledger.adjust(shelf, product, quantity, cause=f"opening/{product.sku}", by="system", at=NOON)


def a_green_mug(*, price: str = "10.00", stock: int = 5) -> Product:
    """Another option of the blue mug that `an_order` sells."""
    Product.objects.filter(sku="MUG").update(style="mug", options={"Color": "blue"}, price="10.00")
    green = Product.objects.create(
        sku="MUG-G", title="Mug", style="mug", options={"Color": "green"}, category="kitchen", price=price,
        standard_cost="3.00", currency="GBP",
    )  # fmt: skip
    if stock:
        on_the_shelf(green, stock)
    return green


def exchange(order: Order, product: Product | None, *, quantity: int = 1, **more: object) -> RMA:
    line = order.lines.get()
    chosen = [Instead(line.pk, product.pk)] if product else []
    terms: dict[str, object] = {"resolution": "exchange", "instead": chosen, "form_token": uuid4(), "at": NOON}
    wanted = [Wanted(line.pk, quantity, "wrong_size", "opened")]
    return lifecycle.request(order.number, wanted, price=price_return, by=order.customer.actor, **(terms | more))  # type: ignore[arg-type]


def replacement(order: Order) -> RMA:
    line = order.lines.get()
    wanted = [Wanted(line.pk, 1, "defective", "", photos=1)]
    return lifecycle.request(
        order.number, wanted, resolution="replacement", price=price_return, form_token=uuid4(),
        by=order.customer.actor, at=NOON,
    )  # fmt: skip


def told(rma: RMA) -> list[str]:
    return list(Event.objects.filter(stream=rma.stream).order_by("sequence").values_list("name", flat=True))


def reserved(product: Product) -> int:
    return sum(StockLevel.objects.filter(product=product).values_list("reserved", flat=True))


BOUGHT = Bought("Royal Mail", "Tracked 24", "", "OUT1", "", Decimal("3.20"), "GBP", b"%PDF", "application/pdf")


def through_the_dock(dispatch: Dispatch) -> None:
    line = dispatch.order.lines.get()
    lifecycle.pack(dispatch.pk, line.pk, line.quantity, seen=0, by="user:7", at=LATER)
    lifecycle.label_dispatch(dispatch.pk, BOUGHT, by="carrier", at=LATER)


# ── Set aside with the request ────────────────────────────────────────────────────────────────────────────────────


def test_what_is_wanted_instead_is_an_order_of_its_own_and_set_aside() -> None:
    order, green = an_order(), None
    green = a_green_mug()
    rma = exchange(order, green)
    dispatch = Dispatch.objects.get(rma=rma)
    assert (rma.resolution, rma.status, dispatch.status) == ("exchange", "approved", "waiting")
    assert (dispatch.order.kind, dispatch.order.customer_id) == (OrderKind.EXCHANGE, order.customer_id)
    line = dispatch.order.lines.get()
    assert (line.sku, line.description, line.quantity) == ("MUG-G", "Mug, green", 1)
    assert (line.gross, line.tax) == (Decimal("10.00"), Decimal("1.67"))
    assert reserved(green) == 1
    assert rma.quote["exchange"]["gross"] == "10.00"
    assert Reservation.objects.get().expires_at == NOON + timedelta(days=30)


def test_the_same_price_costs_what_was_paid_and_another_its_price() -> None:
    paid_less = an_order(lines=[Sold(gross="16.00", tax="2.67")])
    green = a_green_mug()
    assert exchange(paid_less, green).quote["exchange"]["gross"] == "8.00"
    Product.objects.filter(pk=green.pk).update(price="12.50")
    assert exchange(an_order(), green).quote["exchange"]["gross"] == "12.50"


def test_asked_twice_is_one_exchange() -> None:
    order, token = an_order(), uuid4()
    green = a_green_mug()
    first, again = (exchange(order, green, form_token=token) for _time in range(2))
    assert (first.pk, Dispatch.objects.count(), reserved(green)) == (again.pk, 1, 1)


def test_what_is_not_there_is_refused_with_a_sentence_and_nothing_is_written() -> None:
    order = an_order()
    with pytest.raises(NotAvailable, match="MUG-G: 1 asked for, 0 available now"):
        exchange(order, a_green_mug(stock=0))
    assert (RMA.objects.count(), Order.objects.count(), UnitClaim.objects.count()) == (0, 1, 0)


def test_only_what_the_policy_offers_can_be_chosen() -> None:
    order = an_order()
    a_green_mug()
    tea = Product.objects.create(sku="TEA", title="Tea", category="kitchen", price="10.00", currency="GBP")
    on_the_shelf(tea, 5)
    with pytest.raises(NotExchangeable, match="MUG cannot be exchanged for TEA"):
        exchange(order, tea)
    with pytest.raises(NothingInstead):
        exchange(order, None)
    assert RMA.objects.count() == 0


def test_a_price_that_changed_meanwhile_is_shown_again() -> None:
    order = an_order()
    green = a_green_mug()
    with pytest.raises(QuoteChanged, match=r"from £9\.00 to £10\.00"):
        exchange(order, green, confirmed_gross=Decimal("9.00"))
    assert reserved(green) == 0


# ── Called off ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("verb", ["cancel", "expire"])
def test_a_return_that_ends_frees_what_was_set_aside(verb: str) -> None:
    order = an_order()
    green = a_green_mug()
    rma = exchange(order, green)
    getattr(lifecycle, verb)(rma.number, by="system", at=LATER)
    dispatch = Dispatch.objects.get(rma=rma)
    assert (dispatch.status, reserved(green), dispatch.order.lines.get().canceled) == ("canceled", 0, 1)
    assert exchange(order, green, at=LATER).dispatches.get().status == "waiting"


def test_what_nobody_fetches_in_time_may_be_sold_again_and_is_taken_again_when_it_is_there() -> None:
    green_order = an_order()
    green = a_green_mug(stock=1)
    rma = exchange(green_order, green)
    dispatch = Dispatch.objects.get(rma=rma)
    lifecycle.lapse(dispatch.pk, by="system", at=LATER)
    assert (told(rma)[-1], reserved(green)) == ("dispatch.lapsed", 0)
    other = exchange(an_order(), green)
    assert lifecycle.release(rma.number, owed=Decimal(0), by="system", at=LATER).status == DispatchStatus.SHORT
    lifecycle.cancel(other.number, by="system", at=LATER)
    assert lifecycle.release(rma.number, owed=Decimal(0), by="system", at=LATER).status == DispatchStatus.RELEASED
    assert reserved(green) == 1


def test_money_instead_of_goods_makes_it_a_return_like_any_other() -> None:
    order = an_order()
    green = a_green_mug()
    rma = lifecycle.prefer_money(exchange(order, green).number, by=order.customer.actor, at=LATER)
    rma.refresh_from_db()
    assert (rma.resolution, rma.status, reserved(green)) == ("refund", "approved", 0)
    assert told(rma)[-1] == "dispatch.canceled"


# ── Out of the door ───────────────────────────────────────────────────────────────────────────────────────────────


def test_held_until_paid_then_picked_packed_sent_and_delivered() -> None:
    order = an_order()
    green = a_green_mug(stock=3)
    rma = exchange(order, green)
    assert lifecycle.release(rma.number, owed=Decimal("4.00"), by="system", at=LATER).status == DispatchStatus.HELD
    dispatch = lifecycle.release(rma.number, owed=Decimal(0), by="stripe", at=LATER)
    assert dispatch.status == DispatchStatus.RELEASED
    through_the_dock(dispatch)
    lifecycle.send(dispatch.pk, by="user:7", at=LATER)
    lifecycle.send(dispatch.pk, by="user:7", at=LATER)
    lifecycle.arrive(dispatch.pk, by="carrier", at=LATER)
    dispatch.refresh_from_db()
    level = StockLevel.objects.get(product=green)
    assert (dispatch.status, level.quantity, level.reserved) == ("delivered", 2, 0)
    assert dispatch.order.shipments.get().status == "delivered"
    assert told(rma)[1:] == [
        "dispatch.held",
        "dispatch.released",
        "dispatch.packed",
        "dispatch.labeled",
        "dispatch.shipped",
        "dispatch.delivered",
    ]


def test_packing_counts_each_scan_once_and_refuses_what_is_not_in_the_order() -> None:
    order = an_order()
    rma = exchange(order, a_green_mug(), quantity=2)
    dispatch = lifecycle.release(rma.number, owed=Decimal(0), by="system", at=LATER)
    line = dispatch.order.lines.get()
    for _sent in range(2):
        dispatch = lifecycle.pack(dispatch.pk, line.pk, 1, seen=0, by="user:7", at=LATER)
    assert (dispatch.packed, dispatch.status) == ({str(line.pk): 1}, "released")
    for wrong in (order.lines.get().pk, 0):
        with pytest.raises(NothingToPack):
            lifecycle.pack(dispatch.pk, wrong, 1, seen=1, by="user:7", at=LATER)
    with pytest.raises(NothingToPack):
        lifecycle.pack(dispatch.pk, line.pk, 2, seen=1, by="user:7", at=LATER)
    assert lifecycle.pack(dispatch.pk, line.pk, 1, seen=1, by="user:7", at=LATER).status == "packed"


def test_an_empty_shelf_is_told_and_the_count_put_right() -> None:
    rma = exchange(an_order(), a_green_mug(stock=1))
    dispatch = lifecycle.release(rma.number, owed=Decimal(0), by="system", at=LATER)
    dispatch = lifecycle.miss(dispatch.pk, dispatch.order.lines.get().pk, by="user:7", at=LATER)
    level = StockLevel.objects.get(product__sku="MUG-G")
    assert (dispatch.status, level.quantity, level.reserved) == ("short", 0, 0)


def test_something_else_goes_out_instead_of_what_ran_short() -> None:
    order = an_order()
    rma = exchange(order, a_green_mug(stock=1))
    dispatch = lifecycle.release(rma.number, owed=Decimal(0), by="system", at=LATER)
    lifecycle.miss(dispatch.pk, dispatch.order.lines.get().pk, by="user:7", at=LATER)
    lifecycle.prefer_money(rma.number, by="user:3", at=LATER)
    assert Dispatch.objects.get().status == "canceled"


# ── Sent again at no charge ───────────────────────────────────────────────────────────────────────────────────────


def test_a_replacement_costs_nothing_and_leaves_when_the_broken_one_was_seen() -> None:
    order = an_order()
    on_the_shelf(Product.objects.get(sku="MUG"), 4)
    rma = replacement(order)
    dispatch = Dispatch.objects.get(rma=rma)
    assert (dispatch.order.total, dispatch.order.kind, dispatch.status) == (0, OrderKind.REPLACEMENT, "waiting")
    receipts: list[Receipt] = lifecycle.receive(
        rma.number, [Arrived(rma.lines.get().pk, 1)], form_token=uuid4(), by="user:7", at=LATER
    )
    dispatch.refresh_from_db()
    assert dispatch.status == "waiting"
    found = [Finding(receipts[0].pk, 1, "defective", "")]
    lifecycle.inspect(rma.number, found, form_token=uuid4(), by="user:7", at=LATER)
    dispatch.refresh_from_db()
    rma.refresh_from_db()
    assert (dispatch.status, rma.status, rma.settlement) == ("released", "inspected", "nothing")


def test_what_was_replaced_and_never_came_back_is_not_paid_back_as_well() -> None:
    order = an_order(lines=[Sold(quantity=1, gross="10.00", tax="1.67")])
    on_the_shelf(Product.objects.get(sku="MUG"), 4)
    rma = replacement(order)
    dispatch = lifecycle.release(rma.number, owed=Decimal(0), by="user:3", at=LATER)
    through_the_dock(dispatch)
    with pytest.raises(AlreadySent):
        lifecycle.cancel(rma.number, by=order.customer.actor, at=LATER)
    lifecycle.expire(rma.number, by="system", at=LATER)
    assert UnitClaim.objects.get(order_line=order.lines.get()).active
    assert OrderLine.objects.get(order=dispatch.order).canceled == 0
