"""Refunds paid as people do it: finance lets out what needs a second person, and pays by hand what no provider pays.

And one that waits with a choice: its order was paid by two cards.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from oms import outbox
from oms.demo.seeding import charges
from oms.lifecycle import deliver, ship
from oms.models import Order, Payment, User
from oms.orders import NewLine, NewPayment, create
from oms.roles import Role
from oms.states import OrderKind, PaymentMethod
from refunds import lifecycle as money
from refunds.evidence import Evidence
from refunds.models import Refund
from refunds.states import GoodwillReason, ManualMethod, RefundStatus


def send(refund: Refund, *, at: datetime) -> None:
    """To the provider, or to whoever pays it; finance agrees where a second person has to."""
    if refund.status == RefundStatus.AWAITING_APPROVAL:
        money.approve(refund.number, by=_actor(Role.FINANCE), at=at)
    money.submit(refund.number, by="system", at=at)


def settle(refund: Refund, *, at: datetime) -> None:
    """The money is back: as the provider says, or as finance does who paid it."""
    if refund.is_by_hand:
        proof = Evidence(ManualMethod.TRANSFER, f"SEPA {refund.pk:08d}")
        money.confirm_paid(refund.number, by=_actor(Role.FINANCE), at=at, proof=proof)
    else:
        money.settle(refund.number, provider_id=f"made_{refund.number}", by="provider", at=at)


def make_split_payment(*, now: datetime, random: Random) -> int:
    """An order paid by two cards, with goodwill that waits: finance chooses which card gets it. Returns how many."""
    sold = Order.objects.filter(kind=OrderKind.SALE, customer__isnull=False, lines__product__is_merchandise=True)
    first = sold.select_related("customer").order_by("-placed_at").first()
    line = first.lines.filter(product__is_merchandise=True).select_related("product").first() if first else None
    if first is None or line is None or line.product is None:
        return 0
    number, at = f"{first.number}-3", now - timedelta(days=6)
    with outbox.as_history():
        create(
            number=number,
            customer=first.customer,
            lines=[NewLine(line.product, 4, Decimal("15.00"), tax_rate=Decimal(20))],
            payments=[
                NewPayment(PaymentMethod.CARD, f"pi_demo_{number}_{card}", Decimal(amount))
                for card, amount in (("first", "40.00"), ("second", "20.00"))
            ],
            currency=first.currency,
            country=first.country,
            by=_actor(Role.AGENT),
            at=at,
        )
        charges.tell(Payment.objects.filter(order__number=number).order_by("pk"))
        ship(number, carrier="Royal Mail", tracking=f"SP{first.pk:09d}GB", by="system", at=at + timedelta(days=1))
        deliver(number, by="carrier", at=at + timedelta(days=3))
        money.request_goodwill(
            number,
            Decimal("9.00"),
            form_token=UUID(int=random.getrandbits(128), version=4),
            reason=GoodwillReason.LATE,
            by=_actor(Role.AGENT),
            at=now - timedelta(hours=4),
        )
    return 1


def _actor(role: Role) -> str:
    return User.objects.get(email=f"{role.value}@homeward.example").actor
