"""A little store credit: of each category, one spent on a later order, one held, one expired, one waiting for Fay."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from oms import outbox, shops
from oms.lifecycle import deliver, ship
from oms.models import Order, User
from oms.orders.creation import NewLine, NewPayment, create
from oms.roles import Role
from oms.states import PaymentMethod
from refunds import lifecycle
from refunds.store_credit import Category

BONUS = Decimal(5)  # percent on top for taking store credit instead of money
# category, amount, days ago: one account each
GIVEN = (
    (Category.REFUND, "32.40", 70),
    (Category.BONUS, "3.10", 70),
    (Category.GOODWILL, "5.00", 20),
    (Category.GOODWILL, "10.00", 345),  # ends soon
    (Category.GIFT, "10.00", 9),
    (Category.GOODWILL, "7.50", 400),
)


def make_store_credit(*, now: datetime, random: Random) -> int:
    """Give, spend, hold and expire credit at made-up times, as history: nobody is told. Returns how many were given."""
    orders = list(
        Order.objects.filter(customer__isnull=False, placed_at__lt=now - timedelta(days=80), total__gt=20)
        .select_related("customer")
        .order_by("number")[:400]
    )
    if len(orders) < len(GIVEN):
        return 0
    by = _actor(Role.AGENT)
    with outbox.as_history():
        shops.change({"credit_bonus": BONUS}, by=_actor(Role.MANAGER), at=now)
        chosen = random.sample(orders, len(GIVEN))
        for order, (category, amount, days) in zip(chosen, GIVEN, strict=True):
            lifecycle.grant_credit(
                order.customer,
                Decimal(amount),
                order.currency,
                category=category,
                cause=f"demo/{order.number}",
                order=order,
                reason="late parcel" if category == Category.GOODWILL else "",
                by=by,
                at=now - timedelta(days=days),
            )
        _spend(chosen[0], now - timedelta(days=30), by)
        held = lifecycle.credit_of(chosen[3].customer, chosen[3].currency)
        assert held is not None
        lifecycle.authorize(
            held.number,
            Decimal(4),
            held.currency,
            customer=chosen[3].customer,
            cause="demo/held",
            by=by,
            at=now - timedelta(days=1),
        )
        expired = lifecycle.credit_of(chosen[5].customer, chosen[5].currency)
        assert expired is not None
        lifecycle.expire_credit(expired.number, by="system", at=now - timedelta(days=30))
        lifecycle.offer_credit(
            chosen[4].customer,
            Decimal(60),
            chosen[4].currency,
            category=Category.GOODWILL,
            reason="three late parcels",
            form_token=UUID(int=random.getrandbits(128), version=4),
            by=by,
            at=now - timedelta(hours=5),
        )
    # Not history: the credit of nearly a year ago ends soon, and its customer is told now.
    for order in chosen:
        account = lifecycle.credit_of(order.customer, order.currency)
        if account is not None:
            lifecycle.remind_of_credit(account.number, by="system", at=now)
    return len(GIVEN)


def _spend(order: Order, at: datetime, by: str) -> None:
    """The customer comes back and pays with what they have: an order of their own, which may be returned."""
    line = order.lines.select_related("product").filter(product__is_merchandise=True, unit_price__gt=0).first()
    if line is None or line.product is None:
        return
    price = min(line.unit_price, Decimal(6))
    number, total = f"{order.number}-2", price.quantize(Decimal("0.01")) * 2
    spent = lifecycle.spend(order.customer, total, order.currency, cause=f"order/{number}", by=by, at=at)
    create(
        number=number,
        customer=order.customer,
        lines=[NewLine(line.product, 2, price.quantize(Decimal("0.01")), tax_rate=Decimal(20))],
        payments=[NewPayment(PaymentMethod.STORE_CREDIT, spent.reference)],
        currency=order.currency,
        country=order.country,
        by=by,
        at=at,
    )
    ship(number, carrier="Royal Mail", tracking=f"SC{order.pk:09d}GB", by=by, at=at + timedelta(days=1))
    deliver(number, by="carrier", at=at + timedelta(days=3))


def _actor(role: Role) -> str:
    return User.objects.get(email=f"{role.value}@homeward.example").actor
