"""A run over the movements of one product: what each cost, and what is left."""

import gc
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from typing import NamedTuple

from inventory.valuation.layers import STOCKS, ZERO, Layer, Method, Stock
from inventory.valuation.refusals import (
    LotMissing,
    MoreThanIssued,
    MoreThanOnHand,
    NegativeCost,
    QuantityNotPositive,
    UnknownEvent,
)

_EXACT = Context(prec=60)


class Op(StrEnum):
    RECEIVE = "receive"
    ISSUE = "issue"
    RETURN = "return"  # from a customer, of an issue
    VENDOR_RETURN = "vendor_return"  # to the vendor, of a receipt


@dataclass(frozen=True, slots=True)
class StockEvent:
    """One movement of one product. `of` is the position of an issue or receipt, `lot` of the receipt issued from."""

    op: Op
    quantity: Decimal
    unit_cost: Decimal = ZERO
    of: int | None = None
    lot: int | None = None


class EventValue(NamedTuple):
    """What an event of so many units cost in all, and stock after it. One is made per movement, so it is a tuple."""

    cost: Decimal
    units: Decimal
    quantity: Decimal
    value: Decimal

    @property
    def unit_cost(self) -> Decimal:
        return _EXACT.divide(self.cost, self.units)

    @property
    def average(self) -> Decimal | None:
        """Value ÷ quantity after the event; None when nothing is left."""
        return _EXACT.divide(self.value, self.quantity) if self.quantity else None


@dataclass(frozen=True, slots=True)
class Valuation:
    """Every event valued, and what is left. cogs = issues − customer returns.

    `layers` are the units left by receipt, the first to have come first; under the average their costs mean nothing.
    """

    method: Method
    events: tuple[EventValue, ...]
    quantity: Decimal
    value: Decimal
    cogs: Decimal
    layers: tuple[Layer, ...] = ()


@dataclass(slots=True)
class _Issue:
    """What left together, in the order it left; `back` units of it have returned."""

    parts: list[Layer]
    out: Decimal
    next: int = 0

    def come_back(self, quantity: Decimal) -> list[Layer]:
        """The units that left first and are still out."""
        self.out -= quantity
        parts = []
        while quantity:
            part = self.parts[self.next].take(quantity)
            quantity -= part.quantity
            parts.append(part)
            self.next += not self.parts[self.next].quantity
        return parts


@dataclass(slots=True)
class _Books:
    """The run over the events of one product."""

    method: Method
    stock: Stock
    receipts: set[int] = field(default_factory=set)
    issues: dict[int, _Issue] = field(default_factory=dict)
    cogs: Decimal = ZERO

    def receive(self, at: int, event: StockEvent) -> Decimal:
        if event.unit_cost < 0:
            raise NegativeCost(at=at)
        self.receipts.add(at)
        self.stock.enter(Layer(at, event.quantity, event.unit_cost))
        return event.quantity * event.unit_cost

    def issue(self, at: int, event: StockEvent) -> Decimal:
        lot = event.lot if self.method is Method.SPECIFIC else None
        if self.method is Method.SPECIFIC:
            if lot is None:
                raise LotMissing(at=at)
            self._refuse_unknown(at, lot, self.receipts, Op.RECEIVE)
        parts = self._leave(at, event.quantity, self.stock.available(lot), lambda: self.stock.pick(event.quantity, lot))
        self.issues[at] = _Issue(parts, event.quantity)
        cost = _cost(parts)
        self.cogs += cost
        return cost

    def come_back(self, at: int, event: StockEvent) -> Decimal:
        issue = self.issues[self._refuse_unknown(at, event.of, self.issues, Op.ISSUE)]
        if event.quantity > issue.out:
            raise MoreThanIssued(at=at, asked=_plain(event.quantity), left=_plain(issue.out))
        parts = issue.come_back(event.quantity)
        cost = _cost(parts)
        for part in parts:
            self.stock.put_back(part)
        self.cogs -= cost
        return cost

    def send_back(self, at: int, event: StockEvent) -> Decimal:
        receipt = self._refuse_unknown(at, event.of, self.receipts, Op.RECEIVE)
        left = self.stock.left_of(receipt)
        return _cost(self._leave(at, event.quantity, left, lambda: self.stock.pick_receipt(receipt, event.quantity)))

    def _leave(self, at: int, quantity: Decimal, left: Decimal, pick: Callable[[], list[Layer]]) -> list[Layer]:
        if quantity > left:
            raise MoreThanOnHand(at=at, asked=_plain(quantity), left=_plain(left))
        parts = pick()
        self.stock.leave(parts)
        return parts

    def _refuse_unknown(self, at: int, reference: int | None, known: Container[int], op: Op) -> int:
        if reference is None or reference not in known:
            raise UnknownEvent(at=at, reference=reference, op=op.value)
        return reference


def _cost(parts: Sequence[Layer]) -> Decimal:
    if len(parts) == 1:
        return parts[0].quantity * parts[0].unit_cost
    return sum([part.quantity * part.unit_cost for part in parts], ZERO)


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


@contextmanager
def without_collector(events: Sequence[StockEvent]) -> Iterator[None]:
    """Long histories make many small objects and no cycles; walking them again and again takes most of the time."""
    pause = len(events) > 10_000 and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()


def value_events(events: Sequence[StockEvent], method: Method) -> Valuation:
    """Value `events` of one product in order.

    Raises QuantityNotPositive, NegativeCost, MoreThanOnHand, MoreThanIssued, UnknownEvent (a reference to no earlier
    event of the right kind), LotMissing.
    """
    books = _Books(method, STOCKS[method]())
    book = {
        Op.RECEIVE: books.receive,
        Op.ISSUE: books.issue,
        Op.RETURN: books.come_back,
        Op.VENDOR_RETURN: books.send_back,
    }
    rows: list[EventValue] = []
    stock, keep = books.stock, rows.append
    with localcontext(_EXACT), without_collector(events):
        for at, event in enumerate(events):
            if event.quantity <= 0:
                raise QuantityNotPositive(at=at)
            cost = book[event.op](at, event)
            keep(EventValue(cost, event.quantity, stock.quantity, stock.value))
    return Valuation(method, tuple(rows), stock.quantity, stock.value, books.cogs, tuple(stock.layers()))
