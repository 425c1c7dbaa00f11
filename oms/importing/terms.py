"""What was paid for each line of an order, frozen on the day: kits, discounts, duty and tax find their cents once.

In this order: a kit's price is shared out over its parts (p13, p14), the line's own discount comes off, then that of
the order by value (p26), tax is worked out once per line, duty comes on top untaxed. Largest remainder everywhere, so
parts always come to the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms.importing.documents import SaleLine
from oms.money import allocate, amount_text, from_minor, round_half_up, to_minor
from oms.orders.creation import tax_within

ZERO = Decimal(0)


class TermsRefused(ValueError):
    """An order that does not add up; `column` is where, the message why."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column


@dataclass(frozen=True, slots=True)
class Priced:
    """One row as written: `value` is price × quantity in the order's price basis; `kit` names what it is a part of."""

    line: SaleLine
    value: Decimal
    discount: Decimal = ZERO
    duty: Decimal = ZERO
    kit: str = ""
    kit_price: Decimal | None = None


def freeze(rows: Sequence[Priced], *, discount: Decimal, included: bool, currency: str) -> list[SaleLine]:
    """The lines with what was paid for them. `discount` is off the whole order; amounts are net unless `included`.

    Raises TermsRefused.
    """
    values = [to_minor(value, currency) for value in _kits(rows, currency)]
    for at, row in enumerate(rows):
        values[at] -= to_minor(row.discount, currency)
        if values[at] < 0:
            raise TermsRefused("discount", f"{row.discount} is more than the line costs.")
    off = to_minor(discount, currency)
    if off > sum(values):
        raise TermsRefused("order_discount", f"{discount} is more than the lines cost.")
    shares = allocate(off, values)
    return [
        _paid(row, from_minor(value - share, currency), included=included, currency=currency)
        for row, value, share in zip(rows, values, shares, strict=True)
    ]


def promotion(
    rows: Sequence[Priced], sale: Sequence[SaleLine], *, label: str, minimum: Decimal, included: bool, currency: str
) -> dict[str, Any]:
    """What the order keeps of a discount that asked for `minimum`: what each line would have cost more without it."""
    without = freeze(rows, discount=ZERO, included=included, currency=currency)
    return {
        "label": label,
        "minimum": amount_text(minimum, currency),
        "shares": [
            [amount_text(full.gross - paid.gross, currency), amount_text(full.tax - paid.tax, currency)]
            for full, paid in zip(without, sale, strict=True)
        ],
    }


def _kits(rows: Sequence[Priced], currency: str) -> list[Decimal]:
    """Each row's value; parts of a kit share its price by what they would cost alone."""
    values = [row.value for row in rows]
    for kit in dict.fromkeys(row.kit for row in rows if row.kit):
        parts = [at for at, row in enumerate(rows) if row.kit == kit]
        prices = {rows[at].kit_price for at in parts}
        if len(prices) != 1 or None in prices:
            raise TermsRefused("kit_price", f"The parts of the kit {kit} need one price for all of them.")
        [price] = prices
        shares = allocate(to_minor(price or ZERO, currency), [to_minor(values[at], currency) for at in parts])
        for at, share in zip(parts, shares, strict=True):
            values[at] = from_minor(share, currency)
    return values


def _paid(row: Priced, value: Decimal, *, included: bool, currency: str) -> SaleLine:
    rate = row.line.tax_rate
    tax = tax_within(value, rate, currency) if included else round_half_up(value * rate / 100, currency)
    gross = value if included else value + tax
    title = f"{row.line.description or row.line.sku} ({row.kit})" if row.kit else row.line.description
    return row.line._replace(gross=gross + row.duty, tax=tax, description=title, kit=row.kit)
