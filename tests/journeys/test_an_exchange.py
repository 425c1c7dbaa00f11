"""Goods instead of money: even, dearer, cheaper, called off; books and provider agree at every end (R85, p52)."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from inventory import ledger
from inventory.models import Bin, StockLevel
from inventory.states import BinKind
from notifications.models import Message
from oms.models import Order, Product
from refunds import payment_links
from refunds.conservation import balances
from refunds.gateways.base import DisputeNews
from refunds.lifecycle import hear_dispute
from refunds.models import PaymentLink, Refund
from refunds.pricing import price_return
from refunds.refusals import NothingToPay
from refunds.states import DisputeStatus
from returns import exchanges, lifecycle, outbound
from returns.eligibility import Wanted
from returns.exchanges import Instead
from returns.models import RMA, Dispatch, ParcelCase
from returns.refusals import NotOffered
from tests.builders import NOON
from tests.jobs import run_jobs
from tests.journeys import traveler as on
from tests.policies import less_is_paid_at_once
from tests.returns.test_parcel_cases import a_case
from tests.sandbox import Sandbox
from tests.staff import staff_client

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


def held(vendors: Sandbox) -> tuple[RMA, Dispatch]:
    rma = exchange(on.an_order_paid_at(vendors), a_green_mug("14.00"))
    return rma, comes_back(vendors, rma)


def page_for(rma: RMA) -> str:
    return payment_links.page_for(rma.number, "Exchange", "http://shop.test/r/", by="customer:x", now=timezone.now)


def pay(url: str) -> httpx.Response:
    return httpx.post(url, data={"pay": "pm_card_visa"}, follow_redirects=False)


def test_the_rest_is_paid_once_on_the_providers_page_and_the_goods_leave(vendors: Sandbox) -> None:
    rma, dispatch = held(vendors)
    url = page_for(rma)
    assert page_for(rma) == url
    assert "14.00" not in httpx.get(url).text
    assert "4.00 GBP" in httpx.get(url).text
    answers = [pay(url).status_code for _twice in range(2)]
    link = PaymentLink.objects.get()
    for _twice in range(2):
        payment_links.look_up(link, now=timezone.now)
    dispatch.refresh_from_db()
    assert (answers, dispatch.status, link.amount) == ([303, 200], "released", Decimal("4.00"))
    assert paid_for(dispatch.order) == [("card", "10.000", True), ("card", "4.000", False)]
    with pytest.raises(NothingToPay):
        page_for(rma)
    assert drift() == 0
    assert on.books_balance()


def test_a_page_that_ran_out_gives_way_to_a_new_one(vendors: Sandbox) -> None:
    rma, _dispatch = held(vendors)
    first = page_for(rma)
    PaymentLink.objects.update(expires_at=timezone.now())
    assert page_for(rma) != first
    assert "expired" in pay(first).text
    assert sorted(PaymentLink.objects.values_list("status", flat=True)) == ["expired", "open"]


def test_called_off_while_the_page_is_open_it_cannot_be_paid_any_more(vendors: Sandbox) -> None:
    rma, _dispatch = held(vendors)
    url = page_for(rma)
    lifecycle.prefer_money(rma.number, by="customer:x", at=timezone.now())
    run_jobs()
    assert PaymentLink.objects.get().status == "expired"
    assert "expired" in pay(url).text
    assert drift() == 0


def test_paid_at_the_last_moment_and_called_off_all_of_it_goes_back(vendors: Sandbox) -> None:
    rma, dispatch = held(vendors)
    pay(page_for(rma))
    lifecycle.prefer_money(rma.number, by="customer:x", at=timezone.now())
    run_jobs()
    assert sorted(went(dispatch.order)) == [("original", "10.000", "settled"), ("original", "4.000", "settled")]
    assert drift() == 0
    assert on.books_balance()


def test_unpaid_for_too_long_it_becomes_money(vendors: Sandbox) -> None:
    rma, dispatch = held(vendors)
    lifecycle.lapse(dispatch.pk, by="system", at=timezone.now())
    run_jobs()
    rma.refresh_from_db()
    assert (rma.resolution, went(dispatch.order)) == ("refund", [("original", "10.000", "settled")])


def test_a_worse_condition_than_declared_leaves_more_to_pay(vendors: Sandbox) -> None:
    less_is_paid_at_once()
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


def leaves(vendors: Sandbox, dispatch: Dispatch, *words: str) -> Dispatch:
    """Packed, labeled and handed over; then the carrier says this."""
    lifecycle.pack(dispatch.pk, dispatch.order.lines.get().pk, 1, seen=0, by=on.DOCK, at=timezone.now())
    run_jobs()
    dispatch.refresh_from_db()
    for word in ("in_transit", *words):
        vendors.scan(dispatch.tracking_number, word)
        outbound.poll(at=timezone.now(), silent_since=timezone.now() + timedelta(days=1), limit=5)
        run_jobs()
    return dispatch


def test_lost_on_its_way_out_what_it_cost_goes_back_and_the_customer_is_told(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    out = leaves(vendors, comes_back(vendors, exchange(order, a_green_mug())), "failure")
    case = ParcelCase.objects.get()
    assert (case.kind, case.order, case.status) == ("lost", out.order, "open")
    assert [one.template for one in Message.objects.filter(order=out.order)] == ["parcel_wrong"]
    for _twice in range(2):
        lifecycle.decide_case(case.number, decision="refund", price=price_return, by=on.AGENT, at=timezone.now())
        run_jobs()
    assert went(out.order) == [("original", "10.000", "settled")]
    assert on.paid_by_provider(vendors, order) == Decimal("10.00")
    assert drift() == 0
    assert on.books_balance()


def test_not_taken_it_comes_back_and_is_paid_on_receipt(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    out = leaves(vendors, comes_back(vendors, exchange(order, a_green_mug())), "return_to_sender")
    case = ParcelCase.objects.select_related("rma").get()
    assert (case.kind, case.status, case.rma.status) == ("undeliverable", "asked", "in_transit")
    assert [one.template for one in Message.objects.filter(order=out.order)] == ["not_delivered"]
    on.arrive(case.rma)
    assert went(out.order) == [("original", "10.000", "settled")]
    assert on.paid_by_provider(vendors, order) == Decimal("10.00")
    assert drift() == 0


@pytest.mark.parametrize(("end", "paid"), [(DisputeStatus.WON, "10.00"), (DisputeStatus.LOST, "0.00")])
def test_while_the_first_card_is_disputed_nothing_goes_back_on_it(
    vendors: Sandbox, end: DisputeStatus, paid: str
) -> None:
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug("14.00"))
    dispatch, now = comes_back(vendors, rma), timezone.now()
    said = order.payments.get().provider_id
    hear_dispute(DisputeNews("dp_1", (said,), DisputeStatus.OPEN, "general"), by="stripe", at=now)
    lifecycle.prefer_money(rma.number, by=order.customer.actor, at=now)
    run_jobs()
    assert went(dispatch.order) == [("original", "10.000", "approved")]
    hear_dispute(DisputeNews("dp_1", (said,), end, "general"), by="stripe", at=now)
    run_jobs()
    assert on.paid_by_provider(vendors, order) == Decimal(paid)
    assert drift() == 0


def test_sold_out_something_else_goes_out_and_what_was_paid_pays_for_it(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = exchange(order, a_green_mug())
    first = comes_back(vendors, rma)
    lifecycle.miss(first.pk, first.order.lines.get().pk, by=on.DOCK, at=timezone.now())
    red = Product.objects.create(
        sku="MUG-R", title="Mug", style="mug", options={"Color": "red"}, category="kitchen", price="8.00",
        standard_cost="3.00", currency="GBP",
    )  # fmt: skip
    shelf = Bin.objects.get(warehouse__is_default=True, kind=BinKind.SHELF)
    ledger.adjust(shelf, red, 5, cause="opening/red", by="system", at=timezone.now())
    outgoing = exchanges.for_return(rma, [Instead(order.lines.get().pk, red.pk)])
    lifecycle.replan(rma.number, outgoing, reason="sold out", by=on.AGENT, at=timezone.now())
    run_jobs()
    second = Dispatch.objects.exclude(pk=first.pk).get()
    assert (second.status, second.order.total) == ("released", Decimal("8.00"))
    assert sorted(went(first.order)) == [("exchange", "8.000", "settled"), ("original", "2.000", "settled")]
    assert paid_for(second.order) == [("card", "8.000", True)]
    assert on.paid_by_provider(vendors, order) == Decimal("2.00")
    assert drift() == 0
    assert on.books_balance()


def test_a_replacement_costs_nothing_and_pays_nothing(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    shelf = Bin.objects.get(warehouse__is_default=True, kind=BinKind.SHELF)
    mug = Product.objects.get(sku="MUG")
    ledger.adjust(shelf, mug, 5, cause="opening/blue", by="system", at=timezone.now())
    rma = lifecycle.request(
        order.number,
        [Wanted(order.lines.get().pk, 1, "defective", "", photos=1)],
        resolution="replacement",
        price=price_return,
        form_token=uuid4(),
        by=order.customer.actor,
        at=timezone.now(),
    )
    run_jobs()
    dispatch = comes_back(vendors, rma, "defective")
    lifecycle.pack(dispatch.pk, dispatch.order.lines.get().pk, 1, seen=0, by=on.DOCK, at=timezone.now())
    run_jobs()
    dispatch.refresh_from_db()
    vendors.scan(dispatch.tracking_number, "in_transit")
    outbound.poll(at=timezone.now(), silent_since=timezone.now() + timedelta(days=1), limit=5)
    vendors.scan(dispatch.tracking_number, "delivered")
    outbound.poll(at=timezone.now(), silent_since=timezone.now() + timedelta(days=1), limit=5)
    run_jobs()
    dispatch.refresh_from_db()
    assert (dispatch.status, on.status(rma)) == ("delivered", ("closed", "nothing"))
    assert (Refund.objects.count(), on.paid_by_provider(vendors, order)) == (0, 0)
    assert StockLevel.objects.get(product=mug, bin=shelf).quantity == 4
    assert [mail for mail in on.mails(rma) if "exchange" in mail] == ["exchange_sent", "exchange_delivered"]
    assert drift() == 0


def a_replacement_that_met(vendors: Sandbox, word: str) -> tuple[Order, RMA, ParcelCase]:
    """A replacement on its way to the customer, of which the carrier said this."""
    order = on.an_order_paid_at(vendors)
    shelf = Bin.objects.get(warehouse__is_default=True, kind=BinKind.SHELF)
    ledger.adjust(shelf, Product.objects.get(sku="MUG"), 5, cause="opening/b", by="system", at=timezone.now())
    wanted = [Wanted(order.lines.get().pk, 1, "defective", "", photos=1)]
    who = {"by": order.customer.actor, "at": timezone.now()}
    rma = lifecycle.request(
        order.number, wanted, resolution="replacement", price=price_return, form_token=uuid4(), **who
    )
    run_jobs()
    out = leaves(vendors, comes_back(vendors, rma, "defective"), word)
    case = ParcelCase.objects.get(order=out.order)
    return order, rma, case


def test_a_replacement_that_is_lost_is_money_instead(vendors: Sandbox) -> None:
    order, rma, case = a_replacement_that_met(vendors, "failure")
    for _twice in range(2):
        lifecycle.decide_case(case.number, decision="refund", price=price_return, by=on.AGENT, at=timezone.now())
        run_jobs()
    assert (went(order), went(case.order)) == ([("original", "10.000", "settled")], [])
    assert on.status(rma) == ("closed", "settled")
    assert drift() == 0


def a_refused_replacement(vendors: Sandbox) -> tuple[Order, RMA, ParcelCase]:
    order, rma, case = a_replacement_that_met(vendors, "return_to_sender")
    told = Message.objects.get(order=case.order, template="not_delivered")
    assert "pay the goods back" not in told.text
    assert "shall it be sent once more" in told.text
    return order, rma, case


def test_a_refused_replacement_waits_for_a_person_and_goes_out_once_more(vendors: Sandbox, client: Client) -> None:
    order, rma, case = a_refused_replacement(vendors)
    on.inspect(case.rma, on.arrive(case.rma))
    case.refresh_from_db()
    assert (case.rma.status, case.status) == ("closed", "asked")  # the goods are here; somebody has still to decide
    desk = staff_client()
    assert case.number in desk.get("/returns/parcels/?view=ours").content.decode()
    assert "Send it once more" in desk.get(case.get_absolute_url()).content.decode()
    for _twice in range(2):
        desk.post(f"{case.get_absolute_url()}decision/", {"decision": "again"})
    first, again = Dispatch.objects.filter(rma=rma).order_by("pk")
    assert (first.status, again.status, again.order.total) == ("undelivered", "released", 0)
    assert "It goes out to you once more." in client.get(case.get_portal_path()).content.decode()
    assert "It is being packed." in client.get(rma.get_portal_path()).content.decode()
    assert (went(order), drift()) == ([], 0)


def test_a_refused_replacement_is_money_where_the_customer_likes_that_better(vendors: Sandbox) -> None:
    order, rma, case = a_refused_replacement(vendors)
    coming = case.rma
    for _twice in range(2):
        lifecycle.decide_case(case.number, decision="refund", price=price_return, by=on.AGENT, at=timezone.now())
        run_jobs()
    assert went(order) == [("original", "10.000", "settled")]
    assert on.status(rma) == ("closed", "settled")
    on.inspect(coming, on.arrive(coming))
    case.refresh_from_db()
    assert (case.rma, case.status) == (coming, "closed")
    assert drift() == 0
    with pytest.raises(NotOffered):
        lifecycle.decide_case(a_case("lost").number, decision="again", price=price_return, by=on.AGENT, at=NOON)


def test_money_instead_of_a_replacement_pays_what_was_found(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    shelf = Bin.objects.get(warehouse__is_default=True, kind=BinKind.SHELF)
    ledger.adjust(shelf, Product.objects.get(sku="MUG"), 5, cause="opening/b", by="system", at=timezone.now())
    wanted = [Wanted(order.lines.get().pk, 1, "defective", "", photos=1)]
    who = {"by": order.customer.actor, "at": timezone.now()}
    rma = lifecycle.request(
        order.number, wanted, resolution="replacement", price=price_return, form_token=uuid4(), **who
    )
    run_jobs()
    comes_back(vendors, rma, "defective")
    lifecycle.prefer_money(rma.number, **who)
    run_jobs()
    assert went(order) == [("original", "10.000", "settled")]
    assert on.status(rma) == ("closed", "settled")
