"""Gifts sent back by whoever was given them: one on its way, one settled as store credit of theirs, and a link that
nobody has used yet."""

from collections.abc import Callable
from datetime import datetime
from random import Random

from django.db import transaction

from oms import outbox
from oms.demo.seeding.history import RECENT, orders_of
from oms.demo.seeding.story import Story
from oms.models import Order, OrderLine
from oms.refusals import Refused
from refunds import lifecycle as money
from refunds.pricing import price_return
from refunds.protocol import carry_out
from returns import gifts, lifecycle
from returns.eligibility import Wanted

RECIPIENTS = {
    "in_transit": gifts.Recipient("Rosa Hallam", "rosa.hallam@example.test", "3 Orchard Row", "York", "YO1 7HH"),
    "closed": gifts.Recipient("Edwin Marsh", "edwin.marsh@example.test", "27 Station Road", "Exeter", "EX4 4NT"),
    "unused": None,
}


def make_gifts(*, now: datetime, random: Random) -> int:
    """One gift of each standing; returns how many were made."""
    orders = orders_of(now - RECENT, now, random)
    return sum(next((1 for order in orders if _make(order, standing, now, random)), 0) for standing in RECIPIENTS)


def _make(order: Order, standing: str, now: datetime, random: Random) -> bool:
    sold = order.lines.filter(gross__gte=5, shipped__gt=0, returned=0, claims=None, product__is_merchandise=True)
    line = sold.exclude(product__is_hazardous=True).order_by("position").first()
    if line is None:
        return False
    try:
        with outbox.as_history(), transaction.atomic():
            _Gift(order, line, standing, now, random).tell(standing)
    except Refused:
        return False
    return True


class _Gift(Story):
    """The buyer makes the link; somebody else sends it back."""

    def __init__(self, order: Order, line: OrderLine, standing: str, now: datetime, random: Random) -> None:
        super().__init__(order, [line], now, random)
        self.recipient = RECIPIENTS[standing]

    def tell(self, state: str) -> None:
        link = gifts.make_link(self.order.number, [self.lines[0].pk], by=self.sam, at=self.at)
        if self.recipient is None:
            return
        self.draft = gifts.begin(link, self.recipient, at=self._later(hours=5))
        self.sam = self.draft.sender.actor
        super().tell(state)

    def _steps(self, state: str) -> tuple[Callable[[], bool], ...]:
        on_its_way = (self.label, self.ship)
        whole = (*on_its_way, self.deliver, self.receive, self.inspect, self.credit, self.close)
        return whole if state == "closed" else on_its_way

    def request(self, state: str) -> None:
        rma = lifecycle.request(
            self.order.number,
            [Wanted(self.lines[0].pk, 1, "unwanted_gift", "sealed")],
            resolution="store_credit",
            price=price_return,
            form_token=self.draft.ref,
            by=self.sam,
            at=self.at,
            recipient=self.draft.recipient,
            gift_link=self.draft.gift_link,
        )
        self.number = rma.number

    def credit(self) -> bool:
        at = self._later(minutes=2)
        for refund in money.request_for_return(self.number, by="system", at=at):
            carry_out(refund.number, by="system", now=lambda: at)
        return True
