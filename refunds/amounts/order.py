"""From an order's prices to the frozen totals of its lines: discounts spread, tax rounded once per line (p14, p26)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from oms.money import allocate, from_minor, to_minor
from refunds.amounts.fees import FeeTerm, tax_in
from refunds.refusals import TermsUnusable
from refunds.tenders import OLDEST_FIRST, PaymentTerms, TenderOrder


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One order line, or one new item of an exchange. `discount` is for the whole line, positive.

    Prices and discount are net, or gross when `prices_include_tax`. `tax_rate` is percent.
    """

    key: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    tax_rate: Decimal
    prices_include_tax: bool

    @property
    def value(self) -> Decimal:
        """What the line costs after its own discount, in its price basis."""
        return self.unit_price * self.quantity - self.discount


@dataclass(frozen=True, slots=True)
class PricedShipping:
    """One shipping entry of an order, with its own tax."""

    key: str
    amount: Decimal
    tax_rate: Decimal
    prices_include_tax: bool


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """An order as priced. `adjustments` are signed amounts on the order as a whole: −2.50 takes off."""

    lines: tuple[PricedLine, ...]
    adjustments: tuple[Decimal, ...]
    shipping: tuple[PricedShipping, ...]
    payments: tuple[PaymentTerms, ...]


@dataclass(frozen=True, slots=True)
class FrozenTotal:
    """What a line or shipping entry came to, in minor units; tax is inside the gross."""

    key: str
    quantity: int
    gross: int
    tax: int
    tax_rate: Decimal
    prices_include_tax: bool


@dataclass(frozen=True, slots=True)
class LineReturn:
    """An entry of a return: units (`quantity`), or money without goods (`gross` or `net`); None of them = the rest."""

    key: str
    quantity: int | None = None
    gross: Decimal | None = None
    net: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ReturnTerms:
    """One return of a sequence; `exchange_for` is what is sent instead."""

    lines: tuple[LineReturn, ...]
    shipping: tuple[LineReturn, ...]
    fees: tuple[FeeTerm, ...]
    exchange_for: tuple[PricedLine, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a sequence of quotes needs: the order and its returns, oldest first."""

    currency: str
    order: OrderTerms
    returns: tuple[ReturnTerms, ...]
    tender_order: TenderOrder = OLDEST_FIRST


def freeze_lines(lines: Sequence[PricedLine], adjustments: Sequence[Decimal], currency: str) -> list[FrozenTotal]:
    """Line totals: own discount, then each adjustment by value after line discount (largest remainder), then tax."""
    values = []
    for line in lines:
        value = to_minor(line.value, currency)
        if value < 0:
            raise TermsUnusable(what=f"Line {line.key}", why="its discount is more than its price")
        values.append(value)
    amounts = [to_minor(adjustment, currency) for adjustment in adjustments]
    if sum(values) + sum(amounts) < 0:
        raise TermsUnusable(what="Adjustments", why="they take off more than the lines cost")
    if amounts and not lines:
        raise TermsUnusable(what="Adjustments", why="there is no line to spread them over")
    return [_freeze(line, value, currency) for line, value in zip(lines, _adjusted(values, amounts), strict=True)]


def _adjusted(values: list[int], amounts: Sequence[int]) -> list[int]:
    """Each adjustment on its own; all as one when the cents of several would push a line below zero."""
    adjusted = list(values)
    for amount in amounts:
        adjusted = [value + share for value, share in zip(adjusted, allocate(amount, values), strict=True)]
    if min(adjusted, default=0) < 0:
        adjusted = [value + share for value, share in zip(values, allocate(sum(amounts), values), strict=True)]
    return adjusted


def _freeze(line: PricedLine, value: int, currency: str) -> FrozenTotal:
    amount = from_minor(value, currency)
    tax = to_minor(tax_in(amount, line.tax_rate, line.prices_include_tax, currency), currency)
    gross = value if line.prices_include_tax else value + tax
    return FrozenTotal(line.key, line.quantity, gross, tax, line.tax_rate, line.prices_include_tax)


def freeze_shipping(entries: Sequence[PricedShipping], currency: str) -> list[FrozenTotal]:
    """Shipping totals; adjustments never touch them."""
    return [
        _freeze(
            PricedLine(entry.key, 1, entry.amount, Decimal(0), entry.tax_rate, entry.prices_include_tax),
            to_minor(entry.amount, currency),
            currency,
        )
        for entry in entries
    ]


def exchange_gross(items: Sequence[PricedLine], currency: str) -> Decimal:
    """What the new items of an exchange cost, tax included, tax rounded once per item line (p17)."""
    return from_minor(sum(item.gross for item in freeze_lines(items, (), currency)), currency)
