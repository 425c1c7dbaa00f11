"""A small shop with a return in every state, people who can log in, and the mails that came of it."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from oms.demo import seeding
from oms.models import Order
from refunds import lifecycle as refunds
from refunds.models import StoreCredit
from refunds.store_credit import Category
from returns import lookups
from returns.models import RMA, GiftLink, Hold
from returns.states import HoldStatus
from tests.builders import Sold, an_order
from tests.jobs import run_jobs

SEED = 360
AGENT = "user:900"  # nobody who logs in, so that whoever may agree can
ORDERS = 60  # enough for a return in every state; some orders cannot have the one that is tried on them
DEAR = Sold(sku="CHAIR", title="Armchair with a rather long name, moss green, oak legs", quantity=1, gross="640.00")
GOODS = (
    Sold(),
    Sold(sku="TEA", title="Earl Grey tea, loose leaf, 250 g tin", quantity=3, gross="21.00", tax="3.50"),
    Sold(sku="LAMP", title="Lamp", quantity=1, gross="48.00", tax="8.00"),
)


def a_shop(data: Path) -> list[dict[str, Any]]:
    """Fill the shop; returns the people with role, email, password and `totp_secret`."""
    now, random = timezone.now(), Random(SEED)
    for number in range(ORDERS):
        _an_order(number, now)
    seeding.make_stock(now=now, random=random)
    seeding.make_staff(data)
    seeding.make_returns(now=now, random=random, progress=lambda words, done, total: None, count=0)
    seeding.make_found_goods(now=now, random=Random(SEED))
    seeding.make_gifts(now=now, random=Random(SEED))
    _some_credit(now)
    run_jobs("mail")
    return json.loads((data / "demo.json").read_text())


def _an_order(number: int, now: datetime) -> None:
    placed = now - timedelta(days=8 + number % 20, hours=number)
    # No two have the same price: the few that are dear enough for a second person are found by it.
    lines = [DEAR] if number % 6 == 0 else list(GOODS[: 1 + number % 3])
    an_order(
        lines=lines,
        placed_at=placed,
        shipped_at=placed + timedelta(days=1),
        delivered_at=placed + timedelta(days=2),
    )


def _some_credit(now: datetime) -> None:
    """One customer with credit that lasts, some that soon expires, some that an order holds, and some to agree to."""
    customer = Order.objects.select_related("customer").order_by("pk")[0].customer
    given = {"category": Category.GIFT, "by": AGENT}
    for number, days in enumerate((710, 3)):
        refunds.grant_credit(
            customer, Decimal(20), "GBP", cause=f"shop/{number}", at=now - timedelta(days=days), **given
        )
    refunds.spend(customer, Decimal(6), "GBP", cause="shop", by=AGENT, at=now)
    number = customer.store_credits.get().number
    refunds.authorize(number, Decimal(4), "GBP", customer=customer, cause="shop/2", by=AGENT, at=now)
    refunds.offer_credit(customer, Decimal(90), "GBP", reason="late", form_token=uuid4(), at=now, **given)


def customer_pages() -> list[str]:
    """Where a customer's own pages start: a return in each state, one that asks something, a return just begun."""
    numbers = {
        rma.status: rma for rma in RMA.objects.filter(recipient=None).select_related("order__customer").order_by("pk")
    }
    held = Hold.objects.filter(status=HoldStatus.WAITING).select_related("outcome__receipt__line__rma").first()
    assert held is not None
    begun = lookups.draft_for(Order.objects.filter(rmas=None).order_by("pk")[0].pk, at=timezone.now())
    returns = [*numbers.values(), held.outcome.receipt.line.rma]
    credit = StoreCredit.objects.order_by("pk").last().get_portal_url().removeprefix(settings.PUBLIC_URL)
    link = GiftLink.objects.get(rmas=None).get_portal_url().removeprefix(settings.PUBLIC_URL)
    gift = RMA.objects.filter(gift_link__isnull=False).select_related("recipient").order_by("pk")[0].get_portal_path()
    return [*(rma.get_portal_path() for rma in returns), f"/return/{begun.ref}/items/", link, gift, credit]
