"""Store credit beside money back, as a browser without script goes through it."""

import re
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oms import shops
from refunds import lifecycle, protocol
from refunds.models import Refund
from refunds.store_credit import Category
from returns.models import RMA
from tests.builders import NOON, an_order
from tests.policies import a_rule
from tests.refunds.cases import DOCK, LATER, inspect_all, receive_all
from tests.returns.test_portal_walk import fields_of, the_offer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    a_rule("resolutions", allowed=["refund", "store_credit"], default="refund")
    shops.change({"credit_bonus": D(10)}, by="user:1", at=NOON)


def cards(html: str) -> list[str]:
    found = re.findall(r'<(a|div) class="choice choice--way[^"]*"[^>]*>(.*?)</\1>', html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", card).split()) for _tag, card in found]


def an_order_now(**terms: Any) -> Any:
    now = timezone.now()
    return an_order(placed_at=now, shipped_at=now, delivered_at=now, **terms)


def paid_out(rma: RMA) -> Refund:
    inspect_all(rma, receive_all(rma))
    [refund] = lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)
    return protocol.carry_out(refund.number, by="system", now=timezone.now)


def test_the_card_shows_the_bonus_and_what_is_confirmed_is_what_is_given(client: Client) -> None:
    order = an_order_now()
    offer = the_offer(client, order)
    money, credit = cards(client.get(offer).content.decode())
    assert money.startswith("Money back chosen £10.00 Sent within 3 business days")
    assert credit == (
        "Store credit £11.00 Yours to spend within 3 business days after your parcel arrives. £1.00 of it is a bonus."
    )
    html = client.get(f"{offer}?resolution=store_credit").content.decode()
    assert ("You get £11.00 to spend with us" in html, "Bonus for taking store credit" in html) == (True, True)
    assert "bank" not in html.split("<main", 1)[1].split("What would you like?")[0]
    assert fields_of(html) | {"chosen": ""} == {"chosen": "", "resolution": "store_credit", "confirmed_total": "11.00"}
    confirmed = client.post(offer.replace("resolution", "confirmation"), fields_of(html))
    rma = RMA.objects.get()
    assert (confirmed["Location"], rma.resolution) == (rma.get_portal_path(), "store_credit")
    paid_out(rma)
    account = order.customer.store_credits.get()
    page = client.get(confirmed["Location"]).content.decode()
    assert f"It is on your store credit {account.number}, with a bonus of £1.00" in page
    assert (account.get_portal_url() in page, "Your store credit was added" in page) == (True, True)
    assert "Banks usually need" not in page
    assert "You have £11.00 to spend" in client.get(account.get_portal_url()).content.decode()


def test_a_bonus_that_has_changed_meanwhile_is_shown_again_before_it_counts(client: Client) -> None:
    offer = the_offer(client, an_order_now())
    sent = fields_of(client.get(f"{offer}?resolution=store_credit").content.decode())
    shops.change({"credit_bonus": D(5)}, by="user:1", at=NOON)
    answer = client.post(offer.replace("resolution", "confirmation"), sent)
    assert (answer.status_code, RMA.objects.count()) == (409, 0)
    assert "You get £10.50 to spend with us" in answer.content.decode()


def test_credit_that_goes_back_earns_no_bonus(client: Client) -> None:
    order = an_order_now()
    lifecycle.grant_credit(
        order.customer, D(20), "GBP", category=Category.GIFT, cause="test", by=DOCK, at=order.placed_at
    )
    spent = lifecycle.spend(order.customer, D(20), "GBP", cause="order/1", by=DOCK, at=order.placed_at)
    order.payments.update(method="store_credit", provider_id=spent.reference)
    _money, card = cards(client.get(the_offer(client, order)).content.decode())
    assert (card.startswith("Store credit £10.00"), "bonus" in card) == (True, False)


def test_without_a_bonus_the_cards_promise_none(client: Client) -> None:
    shops.change({"credit_bonus": D(0)}, by="user:1", at=NOON)
    html = client.get(the_offer(client, an_order_now())).content.decode()
    assert "bonus" not in html
