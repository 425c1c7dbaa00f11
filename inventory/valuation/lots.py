"""Lots for issues that named none, so that the same movements can be valued by specific identification too. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from heapq import heappop, heappush

from inventory.valuation.books import EventValue, Op, StockEvent, Valuation, value_events, without_collector
from inventory.valuation.layers import ZERO, Method


@dataclass(slots=True)
class _Piece:
    """The part of an issue that came out of one lot; `out` units of it have not returned."""

    at: int
    out: Decimal


@dataclass(slots=True)
class _Naming:
    """Events rewritten so far. An issue over several lots becomes several events, and so do its returns."""

    events: list[StockEvent] = field(default_factory=list)
    place: dict[int, int] = field(default_factory=dict)  # of a receipt: where it stood, where it stands
    left: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    oldest: list[int] = field(default_factory=list)  # a heap of receipts that may have units
    pieces: dict[int, list[_Piece]] = field(default_factory=dict)

    def receive(self, at: int, event: StockEvent) -> None:
        self.place[at] = len(self.events)
        self._add(len(self.events), event.quantity)
        self.events.append(event)

    def issue(self, at: int, event: StockEvent) -> None:
        if event.lot is None:
            lots = self._oldest(event.quantity)
        else:
            lots = [(self.place[event.lot], event.quantity)]
            self.left[self.place[event.lot]] -= event.quantity
        self.pieces[at] = []
        for lot, quantity in lots:
            self.pieces[at].append(_Piece(len(self.events), quantity))
            self.events.append(StockEvent(Op.ISSUE, quantity, lot=lot))

    def come_back(self, at: int, event: StockEvent) -> None:
        wanted = event.quantity
        for piece in self.pieces.get(-1 if event.of is None else event.of, ()):
            back = min(wanted, piece.out)
            if back:
                piece.out -= back
                wanted -= back
                lot = self.events[piece.at].lot
                self._add(-1 if lot is None else lot, back)
                self.events.append(StockEvent(Op.RETURN, back, of=piece.at))

    def send_back(self, at: int, event: StockEvent) -> None:
        receipt = self.place[-1 if event.of is None else event.of]
        self.left[receipt] -= event.quantity
        self.events.append(StockEvent(Op.VENDOR_RETURN, event.quantity, of=receipt))

    def _add(self, lot: int, quantity: Decimal) -> None:
        if self.left[lot] <= ZERO:
            heappush(self.oldest, lot)
        self.left[lot] += quantity

    def _oldest(self, wanted: Decimal) -> list[tuple[int | None, Decimal]]:
        """Take from the oldest lots. What is more than there is stays on the last: the arithmetic refuses it."""
        found: list[tuple[int | None, Decimal]] = []
        while wanted and self.oldest:
            lot = self.oldest[0]
            if self.left[lot] > ZERO:
                found.append((lot, min(wanted, self.left[lot])))
                self.left[lot] -= found[-1][1]
                wanted -= found[-1][1]
            if self.left[lot] <= ZERO:
                heappop(self.oldest)
        return [*found, (found[-1][0] if found else None, wanted)] if wanted else found


def value_by_lots(events: Sequence[StockEvent]) -> Valuation:
    """Specific identification of movements that may name no lots: an issue takes the one it named, else the oldest.

    One row per movement, like `value_events`, which says what it raises.
    """
    with without_collector(events):
        return _value_by_lots(events)


def _value_by_lots(events: Sequence[StockEvent]) -> Valuation:
    naming = _Naming()
    write = {
        Op.RECEIVE: naming.receive,
        Op.ISSUE: naming.issue,
        Op.RETURN: naming.come_back,
        Op.VENDOR_RETURN: naming.send_back,
    }
    origins: list[int] = []
    for at, event in enumerate(events):
        write[event.op](at, event)
        origins += [at] * (len(naming.events) - len(origins))
    valued = value_events(naming.events, Method.SPECIFIC)
    costs = [ZERO] * len(events)
    lasts = [valued.events[0]] * len(events) if valued.events else []
    for origin, row in zip(origins, valued.events, strict=True):
        costs[origin] += row.cost
        lasts[origin] = row
    rows = [
        EventValue(cost, event.quantity, last.quantity, last.value)
        for cost, event, last in zip(costs, events, lasts, strict=True)
    ]
    layers = (replace(layer, receipt=origins[layer.receipt]) for layer in valued.layers)
    return replace(valued, events=tuple(rows), layers=tuple(layers))
