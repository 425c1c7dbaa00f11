"""Lots for issues that named none, so that the same movements can be valued by specific identification too. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from heapq import heappop, heappush

from inventory.valuation.books import Op, StockEvent
from inventory.valuation.layers import ZERO


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
        lots = self._oldest(event.quantity) if event.lot is None else [(self.place[event.lot], event.quantity)]
        self.pieces[at] = []
        for lot, quantity in lots:
            self.left[lot] -= quantity
            self.pieces[at].append(_Piece(len(self.events), quantity))
            self.events.append(replace(event, quantity=quantity, lot=lot))

    def come_back(self, at: int, event: StockEvent) -> None:
        wanted = event.quantity
        for piece in self.pieces.get(-1 if event.of is None else event.of, ()):
            back = min(wanted, piece.out)
            if back:
                piece.out -= back
                wanted -= back
                lot = self.events[piece.at].lot
                self._add(-1 if lot is None else lot, back)
                self.events.append(replace(event, quantity=back, of=piece.at))

    def send_back(self, at: int, event: StockEvent) -> None:
        receipt = self.place[-1 if event.of is None else event.of]
        self.left[receipt] -= event.quantity
        self.events.append(replace(event, of=receipt))

    def _add(self, lot: int, quantity: Decimal) -> None:
        if self.left[lot] <= ZERO:
            heappush(self.oldest, lot)
        self.left[lot] += quantity

    def _oldest(self, wanted: Decimal) -> Iterator[tuple[int, Decimal]]:
        while wanted and self.oldest:
            lot = self.oldest[0]
            taken = min(wanted, max(self.left[lot], ZERO))
            if taken:
                wanted -= taken
                yield lot, taken
            if self.left[lot] <= ZERO:
                heappop(self.oldest)


def with_lots(events: Sequence[StockEvent]) -> list[StockEvent]:
    """The same movements with a lot on every issue: the one it named, else the oldest there are."""
    naming = _Naming()
    write = {
        Op.RECEIVE: naming.receive,
        Op.ISSUE: naming.issue,
        Op.RETURN: naming.come_back,
        Op.VENDOR_RETURN: naming.send_back,
    }
    for at, event in enumerate(events):
        write[event.op](at, event)
    return naming.events
