"""Exchanges in the machine of K6: goods instead of money, cheaper or dearer, paid, called off."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from inventory import ledger, places
from inventory.models import Bin
from inventory.states import BinKind
from oms.models import Product, UnitClaim
from refunds import lifecycle as money
from refunds.gateways.base import PageNews
from refunds.gateways.registry import IN_HOUSE
from refunds.lifecycle import linking
from refunds.models import Refund
from refunds.pricing import price_return
from refunds.states import LinkStatus, RefundDestination
from returns import lifecycle as returns
from returns.eligibility import Wanted
from returns.exchanges import Instead
from returns.models import Dispatch
from tests.builders import NOON
from tests.proofs.k6_invariants import pence, pounds
from tests.proofs.k6_machine import COUNT, LATER, PICK, TOLD, Machine
from tests.refunds.cases import FINANCE

STYLE, STOCK = "k6", 3
EXCHANGE = RefundDestination.EXCHANGE.value


def orders_and_returns(progress: Callable[[int], None]) -> type[RuleBasedStateMachine]:
    """The machine, telling `progress` how many examples have begun."""

    class Counting(WithExchanges):
        def __init__(self) -> None:
            super().__init__()
            TOLD["examples"] += 1
            progress(TOLD["examples"])

    return Counting


class WithExchanges(Machine):
    def begin(self, drawn: int) -> None:
        """In every third order a thing is exchanged: for something cheap or dear, three of each on the shelf."""
        if drawn % 3:
            super().begin(drawn)
            return
        Product.objects.filter(sku__in=[line.sku for line in self.order_lines]).update(style=STYLE, price="999.99")
        shelf = Bin.objects.get(warehouse=places.default_house(), kind=BinKind.SHELF)
        for price in (1 + drawn % 300, 300 + drawn):
            good = Product.objects.create(
                sku=f"K6-{uuid4().hex[:12]}", title="Something else", style=STYLE, options={}, category="kitchen",
                price=pounds(price), standard_cost="0.01", currency="GBP",
            )  # fmt: skip
            ledger.adjust(shelf, good, STOCK, cause=f"opening/{good.sku}", by="system", at=NOON)
            self.goods[good.sku] = good
            self.model.prices[good.sku], self.model.stock[good.sku] = price, STOCK
        self._exchange_at_once(0, 1, drawn // 3)
        if held := [number for number, one in self.model.exchanges.items() if one.status == "held" and drawn % 2]:
            self._pay_the_rest(held[0])

    @precondition(lambda self: self.goods)
    @rule(place=PICK, count=COUNT, pick=PICK)
    def ask_for_an_exchange(self, place: int, count: int, pick: int) -> None:
        self._exchange(place, count, pick)

    def _exchange(self, place: int, count: int, pick: int) -> str | None:
        at, sku = place % len(self.order_lines), self._one(self.goods, pick)
        line = self.order_lines[at]
        rma = self._do(
            "exchange",
            self.model.may_exchange(at, count, sku),
            lambda: returns.request(
                self.order.number, [Wanted(line.pk, count, "wrong_size", "opened")], resolution="exchange",
                instead=[Instead(line.pk, self.goods[sku].pk)], price=price_return, form_token=uuid4(),
                by=self.customer.actor, at=NOON,
            ),
        )  # fmt: skip
        if rma is not None:
            self._returned(rma, at, count)
            self.model.exchange(rma.number, sku, count)
        return rma.number if rma else None

    @precondition(lambda self: self.goods)
    @rule(place=PICK, count=COUNT, pick=PICK)
    def exchange_at_once(self, place: int, count: int, pick: int) -> None:
        self._exchange_at_once(place, count, pick)

    def _exchange_at_once(self, place: int, count: int, pick: int) -> None:
        """All of it in one go, so that few steps lead far."""
        number = self._exchange(place, count, pick)
        if number is not None:
            for _step in ("receive", "inspect", "ask for its money"):
                self.carry_on(number)
            self._give(number)

    @precondition(lambda self: self.model.exchanges)
    @rule(pick=PICK)
    def go_on_with_an_exchange(self, pick: int) -> None:
        """What comes next for it: receive, inspect, ask for its money, let it pay for the goods, pay the rest."""
        number = self._one(self.model.exchanges, pick)
        if self.model.exchanges[number].status == "held":
            self._pay_the_rest(number)
        elif not self._give(number):
            self.carry_on(number)

    def _give(self, number: str) -> int:
        waiting = [
            name
            for name, one in self.model.refunds.items()
            if (one.rma, one.way, one.status) == (number, EXCHANGE, "approved")
        ]
        for name in waiting:
            self._refund(name, "submit")
        return len(waiting)

    @precondition(lambda self: self.model.exchanges)
    @rule(pick=PICK)
    def pay_the_rest(self, pick: int) -> None:
        self._pay_the_rest(self._one(self.model.exchanges, pick))

    def _pay_the_rest(self, number: str) -> None:
        """On the provider's page, whose word comes twice."""
        link = self._do(
            "open a page",
            self.model.exchanges[number].status == "held",
            lambda: linking.open_link(number, by=self.customer.actor, at=LATER),
        )
        if link is None:
            return
        left = self.model.exchanges[number].left
        assert pence(link.amount) == left
        news = PageNews(LinkStatus.PAID, "", str(link.key), f"pi_{uuid4().hex}", left, "GBP")
        for again in (False, True):
            self._do("pay the rest", not again, lambda: linking.hear_page(news, by="stripe", at=LATER), quiet=again)
        self.model.pay_rest(number)

    @precondition(lambda self: self.model.exchanges)
    @rule(pick=PICK)
    def prefer_money(self, pick: int) -> None:
        """Goods after all not wanted: what was paid for them goes back."""
        number = self._one(self.model.exchanges, pick)
        dispatch = Dispatch.objects.select_related("order").filter(rma__number=number).get()
        back = self.model.prefer_money(number)
        done = self._do(
            "prefer money",
            back is not None,
            lambda: returns.prefer_money(number, by=self.customer.actor, at=LATER),
            quiet=True,
        )
        if done is None or not back:
            return
        claims = list(
            UnitClaim.objects.filter(order_line__order=dispatch.order, active=True).values_list("pk", flat=True)
        )
        made: list[Refund] = []
        for _twice in range(2):
            made += money.request_for_cancellation(dispatch.order.number, claims, by="system", at=LATER)
        assert sum(pence(one.amount) for one in made) == back
        for one in made:
            if one.status == "awaiting_approval":
                money.approve(one.number, by=FINANCE, at=LATER)
            money.submit(one.number, by="system", at=LATER)
            money.settle(one.number, provider_id=f"re_{one.number}", by="stripe", at=LATER)
        self._seen = None

    # ── What is otherwise than without ──

    def _pay(self, number: str) -> None:
        if number not in self.model.exchanges:
            super()._pay(number)
            return
        owed, one = self.model.owed(number), self.model.returns[number]
        known = set(Refund.objects.filter(order=self.order).values_list("number", flat=True))
        before = {name: (one.way, one.status) for name, one in self.model.refunds.items()}
        held = [payment.in_flight for payment in self.model.payments]
        may = self.model.turn(number)
        shares = self.model.ways(number, self.model.shares(owed)) if owed else []

        def call() -> Any:
            return money.request_for_return(number, by="system", at=LATER)

        may = may and shares is not None
        made = self._do("ask for an exchange's money", may, call) if owed or not may else call()
        self._seen = None
        if made is None:
            for name, (way, status) in before.items():
                self.model.refunds[name].way, self.model.refunds[name].status = way, status
            for payment, amount in zip(self.model.payments, held, strict=True):
                payment.in_flight = amount
            return
        fresh = {
            one.number: (self.payments.index(one.payment_id), pence(one.amount), one.destination)
            for one in made
            if one.number not in known
        }
        assert sorted(fresh.values()) == sorted(shares or [])
        if fresh:
            self.model.asked({name: share[:2] for name, share in fresh.items()}, "approved")
            for name, share in fresh.items():
                self.model.refunds[name].rma, self.model.refunds[name].way = number, share[2]
        one.is_asked = one.is_asked or one.phase == "inspected"
        self.model.advance(number)

    def _refund(self, number: str, verb: str) -> None:
        one = self.model.refunds[number]
        if one.way != EXCHANGE:
            super()._refund(number, verb)
        elif verb in ("submit", "settle"):
            house = IN_HOUSE[RefundDestination.EXCHANGE]
            self._do(
                f"give from {one.status}",
                self.model.give(number),
                lambda: money.give(number, house, by="system", at=LATER),
                quiet=True,
            )
        elif verb == "fail" and one.status in ("approved", "failed"):
            self._do(
                f"withhold from {one.status}",
                self.model.withhold(number),
                lambda: money.withhold(number, reason="x", by="system", at=LATER),
                quiet=True,
            )
        elif verb != "fail" or one.status != "settled":  # what we gave ourselves does not come back
            super()._refund(number, verb)
