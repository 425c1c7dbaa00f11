"""An exchange in the portal, as a browser without script would go (R85)."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inventory.models import StockLevel
from oms.models import Event, Product
from refunds.models import PaymentLink
from returns import lifecycle
from returns.models import RMA, Dispatch
from tests.returns.test_dispatching import a_green_mug, exchange, on_the_shelf, replacement
from tests.returns.test_portal_walk import fields_of, look_up

pytestmark = pytest.mark.django_db


def chosen(client: Client, order: Any, reason: str = "wrong_size", **more: Any) -> str:
    """The address of the draft's exchange page, after one piece of the order's line was chosen."""
    line = order.lines.get()
    data = {"line": line.pk, f"l{line.pk}-quantity": 1, f"l{line.pk}-reason": reason, f"l{line.pk}-condition": "opened"}
    return client.post(look_up(client, order.number)["Location"], data | more)["Location"].replace(
        "resolution", "exchange"
    )


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_from_the_card_to_the_goods_set_aside(client: Client, recent: Any) -> None:
    order, green = recent(), a_green_mug()
    page = chosen(client, order)
    card = client.get(page.replace("exchange", "resolution"))
    assert "Something else instead" in text_of(card)
    items = client.get(page)["Location"]
    shown = text_of(client.get(items))
    assert "green same price Mug · £10.00 · 5 left" in shown
    whole = client.post(items, {"product": "MUG-G"})["Location"]
    html = client.get(whole)
    assert "Nothing to pay" in text_of(html)
    agreed = fields_of(html.content.decode())
    assert agreed | {"chosen": ""} == {"chosen": "", "confirmed_total": "10.00", "confirmed_gross": "10.00"}
    sent = [client.post(whole, fields_of(html.content.decode())) for _twice in range(2)]
    rma = RMA.objects.get()
    assert [one["Location"] for one in sent] == [rma.get_portal_path()] * 2
    assert (rma.resolution, StockLevel.objects.get(product=green).reserved) == ("exchange", 1)
    assert "Your exchange Waiting for the return" in text_of(client.get(rma.get_portal_path()))


@pytest.mark.parametrize(
    ("price", "words"), [("14.00", "You pay £4.00"), ("6.50", "You get £3.50 back"), ("10.00", "Nothing to pay")]
)
def test_one_net_amount_whoever_owes_it(client: Client, recent: Any, price: str, words: str) -> None:
    order = recent()
    a_green_mug(price=price)
    items = client.get(chosen(client, order))["Location"]
    assert words in text_of(client.get(client.post(items, {"product": "MUG-G"})["Location"]))


def test_without_anything_to_choose_the_way_is_not_there(client: Client, recent: Any) -> None:
    order = recent()
    a_green_mug(stock=0)
    offer = chosen(client, order).replace("exchange", "resolution")
    assert "Something else instead" not in text_of(client.get(offer))


@pytest.mark.parametrize("sku", ["NOPE", "", "MUG", "\0", "x" * 50])
def test_what_was_not_offered_is_refused_with_a_sentence(client: Client, recent: Any, sku: str) -> None:
    order = recent()
    a_green_mug()
    items = client.get(chosen(client, order))["Location"]
    answer = client.post(items, {"product": sku})
    assert answer.status_code == 422
    assert "Please choose again" in text_of(answer)
    assert RMA.objects.count() == 0


def test_sold_out_meanwhile_another_can_be_chosen(client: Client, recent: Any) -> None:
    order, green = recent(), a_green_mug(stock=1)
    items = client.get(chosen(client, order))["Location"]
    whole = client.post(items, {"product": "MUG-G"})["Location"]
    form = fields_of(client.get(whole).content.decode())
    exchange(recent(), green)
    answer = client.post(whole, form)
    assert answer.status_code == 409
    assert "MUG-G: 1 asked for, 0 available now" in text_of(answer)
    assert client.post(items, {"product": "MUG-G"}).status_code == 409
    assert Event.objects.filter(name="verb.refused", facts__code="not_available").count() == 1


@pytest.mark.parametrize("amount", ["", "-1", "abc", "9.999", "1e30"])
def test_amounts_that_are_none_are_refused(client: Client, recent: Any, amount: str) -> None:
    order = recent()
    a_green_mug()
    items = client.get(chosen(client, order))["Location"]
    whole = client.post(items, {"product": "MUG-G"})["Location"]
    assert client.post(whole, {"confirmed_total": "10.00", "confirmed_gross": amount}).status_code == 422
    assert RMA.objects.count() == 0


def test_another_size_chosen_in_another_tab_is_shown_before_it_is_sent(client: Client, recent: Any) -> None:
    """Both cost the same, so the amounts would not tell."""
    order, black = recent(), a_green_mug()
    black.pk, black.sku, black.options = None, "MUG-B", {"Color": "black"}
    black.save()
    on_the_shelf(black, 5)
    items = client.get(chosen(client, order))["Location"]
    whole = client.post(items, {"product": "MUG-G"})["Location"]
    form = fields_of(client.get(whole).content.decode())
    client.post(items, {"product": black.sku})
    answer = client.post(whole, form)
    assert answer.status_code == 409
    assert "You chose something else meanwhile" in text_of(answer)
    assert RMA.objects.count() == 0
    assert client.post(whole, fields_of(answer.content.decode())).status_code == 302
    assert Dispatch.objects.get().order.lines.get().sku == black.sku


def test_a_changed_price_is_shown_before_anything_happens(client: Client, recent: Any) -> None:
    order, green = recent(), a_green_mug()
    items = client.get(chosen(client, order))["Location"]
    whole = client.post(items, {"product": "MUG-G"})["Location"]
    form = fields_of(client.get(whole).content.decode())
    Product.objects.filter(pk=green.pk).update(price="12.00")
    answer = client.post(whole, form)
    assert answer.status_code == 409
    assert "The amount has changed" in text_of(answer)
    assert RMA.objects.count() == 0


def test_the_same_again_costs_nothing_and_is_said_so(client: Client, recent: Any) -> None:
    order = recent()
    on_the_shelf(Product.objects.get(sku="MUG"), 3)
    rma = replacement(order)
    assert "Your replacement" in text_of(client.get(rma.get_portal_path()))
    assert "no charge" in text_of(client.get(rma.get_portal_path()))


# ── The rest ──────────────────────────────────────────────────────────────────────────────────────────────────────


def held(recent: Any) -> RMA:
    rma = exchange(recent(), a_green_mug(price="14.00"), at=timezone.now())
    lifecycle.release(rma.number, owed=Decimal("4.00"), by="system", at=timezone.now())
    return rma


def test_the_payment_page_alone_may_send_its_form_to_the_provider(client: Client, recent: Any) -> None:
    rma = held(recent)
    page = f"{rma.get_portal_path()}payment/"
    shown = client.get(page)
    assert "form-action 'self' https://checkout.stripe.com" in shown["Content-Security-Policy"]
    assert "form-action 'self';" in client.get(rma.get_portal_path())["Content-Security-Policy"] + ";"
    assert PaymentLink.objects.count() == 0


def test_money_after_all_from_the_status_page(client: Client, recent: Any) -> None:
    rma = held(recent)
    path = rma.get_portal_path()
    assert "Pay £14.00" in text_of(client.get(path))
    answers = [client.post(f"{path}money/") for _twice in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert Dispatch.objects.get().status == "canceled"
    assert "Your exchange" not in text_of(client.get(path))


def test_nothing_to_pay_is_said(client: Client, recent: Any) -> None:
    rma = exchange(recent(), a_green_mug())
    page = f"{rma.get_portal_path()}payment/"
    assert "There is nothing to pay" in text_of(client.get(page))
    assert client.post(page).status_code == 409
    assert PaymentLink.objects.count() == 0


# ── Sold out ──────────────────────────────────────────────────────────────────────────────────────────────────────


def short(recent: Any) -> RMA:
    rma = exchange(recent(), a_green_mug(stock=1), at=timezone.now())
    dispatch = lifecycle.release(rma.number, owed=Decimal(0), by="system", at=timezone.now())
    lifecycle.miss(dispatch.pk, dispatch.order.lines.get().pk, by="user:7", at=timezone.now())
    return rma


def a_red_mug() -> Product:
    terms = {"style": "mug", "category": "kitchen", "price": "10.00", "standard_cost": "3.00", "currency": "GBP"}
    red = Product.objects.create(sku="MUG-R", title="Mug", options={"Color": "red"}, **terms)
    on_the_shelf(red, 2)
    return red


def test_sold_out_something_else_can_be_chosen(client: Client, recent: Any) -> None:
    rma, red = short(recent), a_red_mug()
    page = f"{rma.get_portal_path()}something-else/"
    assert "Choose something else" in text_of(client.get(rma.get_portal_path()))
    assert "red same price Mug" in text_of(client.get(page))
    field = f"p{rma.lines.get().order_line_id}"
    refused = [client.post(page, {field: value}).status_code for value in ("", "x", "999999", "MUG-R")]
    assert refused == [409] * 4
    for _twice in range(2):
        assert client.post(page, {field: str(red.pk)})["Location"] == rma.get_portal_path()
    assert sorted(Dispatch.objects.values_list("status", flat=True)) == ["canceled", "waiting"]
    assert StockLevel.objects.get(product=red).reserved == 1
