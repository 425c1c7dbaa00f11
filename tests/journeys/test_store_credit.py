"""Credit taken instead of money, spent on a later order, and back again when that order comes back (R83, R84, p43)."""

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oms import shops
from oms.models import Customer, Order
from refunds import lifecycle as refunds
from refunds import payment_links
from refunds.conservation import balances
from refunds.liability import totals
from refunds.models import PaymentLink, StoreCredit
from refunds.store_credit import Category
from tests.journeys import traveler as on
from tests.journeys.test_an_exchange import held, page_for, paid_for, pay
from tests.policies import a_rule
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db
D = Decimal


def a_later_order(folder: Path, customer: Customer, credit: StoreCredit, amount: str) -> Order:
    """Two pieces from the shop's own file, paid with the credit that it names, delivered two days ago."""
    now = timezone.now()
    row = {
        "order_number": f"LATER-{credit.event_sequence}",
        "placed_at": (now - timedelta(days=4)).isoformat(timespec="seconds"),
        "shipped_at": (now - timedelta(days=3)).isoformat(timespec="seconds"),
        "delivered_at": (now - timedelta(days=2)).isoformat(timespec="seconds"),
        "email": customer.email,
        "currency": "GBP",
        "sku": "TEA",
        "quantity": "2",
        "unit_price": amount,
        "tax_rate": "20",
        "payment_method": "store_credit",
        "payment_id": credit.number,
    }
    path = folder / f"{row['order_number']}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    call_command("import_orders", str(path), layout="native")
    return Order.objects.get(number=row["order_number"])


def left(credit: StoreCredit) -> dict[str, Decimal]:
    return {grant.category: grant.remaining for grant in credit.grants.all()}


def test_credit_instead_of_money_is_spent_later_and_comes_back_with_the_goods(vendors: Sandbox, tmp_path: Path) -> None:
    a_rule("resolutions", allowed=["refund", "store_credit"], default="refund")
    shops.change({"credit_bonus": D(10)}, by="user:1", at=timezone.now())
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"), resolution="store_credit")
    on.inspect(rma, on.arrive(rma))
    assert on.status(rma) == ("closed", "settled")
    assert on.mails(rma)[-2:] == ["credited", "survey"]
    assert on.paid_by_provider(vendors, order) == 0
    credit = order.customer.store_credits.get()
    assert left(credit) == {"refund": D("20"), "bonus": D("2")}

    later = a_later_order(tmp_path, order.customer, credit, "8.00")
    assert (later.total, later.payments.get().method) == (D("16"), "store_credit")
    assert left(credit) == {"refund": D("6"), "bonus": D("0")}

    half = on.ask(later, on.Wanted(later.lines.get().pk, 1, "changed_mind", "opened"), resolution="store_credit")
    assert "bonus" not in half.quote
    on.inspect(half, on.arrive(half))
    assert on.status(half) == ("closed", "settled")
    assert left(credit) == {"refund": D("14"), "bonus": D("0")}
    rest = on.ask(later)
    on.inspect(rest, on.arrive(rest))
    assert left(credit) == {"refund": D("20"), "bonus": D("2")}
    assert on.paid(later) == later.total

    assert on.books_balance()
    assert [one.drift for one in balances() if one.order == later.number] == [0]
    assert [(one.owed, one.drift) for one in totals(timezone.now())] == [(D("22"), 0)]


def test_what_an_exchange_costs_more_is_paid_with_credit_and_the_goods_leave(vendors: Sandbox, client: Client) -> None:
    rma, dispatch = held(vendors)
    customer, now = rma.order.customer, timezone.now()
    granted = {"category": Category.GIFT, "cause": "gift/1", "by": on.AGENT, "at": now}
    refunds.grant_credit(customer, D(9), "GBP", **granted)
    page = reverse("portal:payment", args=[rma.number, rma.signature])
    assert "Use £4.00 of my store credit" in client.get(page).content.decode()
    answers = [client.post(f"{page}credit/") for _twice in range(2)]
    assert [answer["Location"] for answer in answers] == [page, page]
    assert "Paid. Your exchange leaves next." in client.get(page).content.decode()
    dispatch.refresh_from_db()
    assert dispatch.status == "released"
    assert paid_for(dispatch.order) == [("card", "10.000", True), ("store_credit", "4.000", False)]
    assert left(customer.store_credits.get()) == {"gift": D(5)}
    assert [(one.owed, one.drift) for one in totals(now)] == [(D(5), 0)]
    assert on.books_balance()


def test_credit_that_is_not_enough_leaves_the_rest_to_the_card(vendors: Sandbox, client: Client) -> None:
    rma, dispatch = held(vendors)
    page = reverse("portal:payment", args=[rma.number, rma.signature])
    assert client.post(f"{page}credit/").status_code == 409
    granted = {"category": Category.GIFT, "cause": "gift/1", "by": on.AGENT, "at": timezone.now()}
    refunds.grant_credit(rma.order.customer, D("1.50"), "GBP", **granted)
    client.post(f"{page}credit/")
    shown = client.get(page).content.decode()
    assert ("£2.50 to pay" in shown, "Your return and your store credit pay" in shown) == (True, True)
    pay(page_for(rma))
    payment_links.look_up(PaymentLink.objects.get(), now=timezone.now)
    dispatch.refresh_from_db()
    assert dispatch.status == "released"
    assert [method for method, _amount, _carried in paid_for(dispatch.order)] == ["card", "store_credit", "card"]


def test_while_the_providers_page_is_open_credit_waits(vendors: Sandbox, client: Client) -> None:
    rma, _dispatch = held(vendors)
    granted = {"category": Category.GIFT, "cause": "gift/1", "by": on.AGENT, "at": timezone.now()}
    refunds.grant_credit(rma.order.customer, D(9), "GBP", **granted)
    page_for(rma)
    answer = client.post(reverse("portal:credit_payment", args=[rma.number, rma.signature]))
    assert (answer.status_code, "A payment page is open" in answer.content.decode()) == (409, True)
    assert left(rma.order.customer.store_credits.get()) == {"gift": D(9)}


def test_staff_pay_the_rest_of_an_exchange_and_the_goods_leave(vendors: Sandbox) -> None:
    rma, dispatch = held(vendors)
    granted = {"category": Category.GIFT, "cause": "gift/1", "by": on.AGENT, "at": timezone.now()}
    number = refunds.grant_credit(rma.order.customer, D(9), "GBP", **granted).account.number
    told = {"form_token": uuid4(), "by": on.AGENT, "at": timezone.now()}
    payments = {refunds.pay_order_with_credit(number, dispatch.order.number, D(4), **told) for _twice in range(2)}
    dispatch.refresh_from_db()
    assert (len(payments), dispatch.status) == (1, "released")
