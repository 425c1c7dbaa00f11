"""Layers of stock and the four methods: which units leave next, and where returned ones go."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from heapq import heappop, heappush

ZERO = Decimal(0)


class Method(StrEnum):
    FIFO = "fifo"
    LIFO = "lifo"
    AVERAGE = "average"
    SPECIFIC = "specific"


@dataclass(slots=True)
class Layer:
    """Units of one receipt at one cost."""

    receipt: int
    quantity: Decimal
    unit_cost: Decimal

    def take(self, wanted: Decimal) -> "Layer":
        """Up to `wanted` units of it, as a part of their own."""
        if wanted >= self.quantity:
            part = Layer(self.receipt, self.quantity, self.unit_cost)
            self.quantity = ZERO
        else:
            part = Layer(self.receipt, wanted, self.unit_cost)
            self.quantity -= wanted
        return part


class Stock:
    """Layers of stock; subclasses say which units leave next and where returned ones go."""

    def __init__(self) -> None:
        self.quantity = ZERO
        self.value = ZERO
        self.by_receipt: dict[int, list[Layer]] = defaultdict(list)

    def enter(self, layer: Layer) -> None:
        self.quantity += layer.quantity
        self.value += layer.quantity * layer.unit_cost
        self.place(layer)

    def leave(self, parts: Iterable[Layer]) -> None:
        for part in parts:
            self.quantity -= part.quantity
            self.value -= part.quantity * part.unit_cost
        if not self.quantity:
            self.value = ZERO

    def place(self, layer: Layer) -> None:
        """Put a received layer into its place."""
        raise NotImplementedError

    def put_back(self, layer: Layer) -> None:
        """Put returned units into their place; the same as receiving unless the method says otherwise."""
        self.enter(layer)

    def pick(self, quantity: Decimal, lot: int | None) -> list[Layer]:
        """The units that an issue takes; the quantity is on hand."""
        raise NotImplementedError

    def available(self, lot: int | None) -> Decimal:
        """How many units an issue may take."""
        return self.quantity

    def left_of(self, receipt: int) -> Decimal:
        """How many units of a receipt are on hand."""
        return sum((layer.quantity for layer in self.by_receipt[receipt]), ZERO)

    def layers(self) -> Iterator[Layer]:
        """What is left, in the order it came."""
        for receipt in sorted(self.by_receipt):
            yield from (layer for layer in self.by_receipt[receipt] if layer.quantity)

    def pick_receipt(self, receipt: int, quantity: Decimal) -> list[Layer]:
        """Units of one receipt, the ones in their first place before those that came back."""
        return _take_from(self.by_receipt[receipt], quantity)


def _take_from(layers: Iterable[Layer], quantity: Decimal) -> list[Layer]:
    parts = []
    for layer in layers:
        if not quantity:
            break
        if layer.quantity:
            parts.append(layer.take(quantity))
            quantity -= parts[-1].quantity
    return parts


class _Lots(Stock):
    """Specific identification: every receipt is a lot; an issue names its lot, a return goes back into it."""

    def place(self, layer: Layer) -> None:
        lots = self.by_receipt[layer.receipt]
        if lots:
            lots[0].quantity += layer.quantity
        else:
            lots.append(layer)

    def available(self, lot: int | None) -> Decimal:
        return ZERO if lot is None else self.left_of(lot)

    def left_of(self, receipt: int) -> Decimal:
        lots = self.by_receipt[receipt]
        return lots[0].quantity if lots else ZERO

    def pick(self, quantity: Decimal, lot: int | None) -> list[Layer]:
        return [] if lot is None else self.pick_receipt(lot, quantity)


class _Fifo(_Lots):
    """The oldest receipt leaves first; a returned unit is as old as it ever was (R76)."""

    def __init__(self) -> None:
        super().__init__()
        self.oldest: list[int] = []  # a heap of receipts that may have units

    def place(self, layer: Layer) -> None:
        if not self.left_of(layer.receipt):
            heappush(self.oldest, layer.receipt)
        super().place(layer)

    def available(self, lot: int | None) -> Decimal:
        return self.quantity

    def pick(self, quantity: Decimal, lot: int | None) -> list[Layer]:
        parts = []
        while quantity:
            layer = self.by_receipt[self.oldest[0]][0]
            if layer.quantity:
                parts.append(layer.take(quantity))
                quantity -= parts[-1].quantity
            if not layer.quantity:
                heappop(self.oldest)
        return parts


class _Lifo(Stock):
    """The newest layer leaves first; a returned unit is the newest (N2)."""

    def __init__(self) -> None:
        super().__init__()
        self.newest: list[Layer] = []

    def place(self, layer: Layer) -> None:
        self.newest.append(layer)
        self.by_receipt[layer.receipt].append(layer)

    def layers(self) -> Iterator[Layer]:
        return (layer for layer in self.newest if layer.quantity)

    def pick(self, quantity: Decimal, lot: int | None) -> list[Layer]:
        parts = []
        while quantity:
            layer = self.newest[-1]
            if layer.quantity:
                parts.append(layer.take(quantity))
                quantity -= parts[-1].quantity
            if not layer.quantity:
                self.newest.pop()
        return parts


class _Average(Stock):
    """Every unit costs the same: value ÷ quantity. Receipts only count what may still go back to their vendor."""

    def place(self, layer: Layer) -> None:
        self.by_receipt[layer.receipt].append(layer)

    def put_back(self, layer: Layer) -> None:
        self.quantity += layer.quantity
        self.value += layer.quantity * layer.unit_cost

    def pick(self, quantity: Decimal, lot: int | None) -> list[Layer]:
        return [Layer(-1, quantity, self.value / self.quantity)]

    def left_of(self, receipt: int) -> Decimal:
        return min(self.quantity, super().left_of(receipt))

    def pick_receipt(self, receipt: int, quantity: Decimal) -> list[Layer]:
        _take_from(self.by_receipt[receipt], quantity)
        return self.pick(quantity, None)


STOCKS: dict[Method, type[Stock]] = {
    Method.FIFO: _Fifo,
    Method.LIFO: _Lifo,
    Method.AVERAGE: _Average,
    Method.SPECIFIC: _Lots,
}
