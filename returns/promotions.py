"""Discounts that asked for a minimum of goods: what a return does to them (rule 14, p26). Pure.

Kept, each unit pays its frozen share, whatever happens to the rest. Requalified, the units that stay are charged what
they would have cost without the discount as soon as they no longer reach the minimum; from then on they come back at
that price. Once everything is back, what was charged has been given back, to the cent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms.models.claims import Units
from oms.money import units_value

CODE = "promotion"  # of the fee that takes a discount back


@dataclass(frozen=True, slots=True)
class Share:
    """What a discount took off one line, tax included, and the tax in it."""

    gross: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Promotion:
    """One discount of an order; `shares` by the key of each line."""

    label: str
    minimum: Decimal
    shares: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class Staying:
    """The units of one line that stay with the customer after the return."""

    key: str
    gross: Decimal
    tax_rate: Decimal
    quantity: int
    units: Units
    refused: Units = ()  # announced before and not taken back: they stay too, and cannot come back any more


@dataclass(frozen=True, slots=True)
class Lost:
    """A discount that the goods that stay no longer reach: what they cost without it, and what is charged by rate."""

    promotion: Promotion
    stays: Decimal
    charged: Mapping[Decimal, Decimal]


def promotions_of(stored: Sequence[Mapping[str, Any]] | None, keys: Sequence[str]) -> list[Promotion]:
    """The promotions of an order as it keeps them; `keys` are its lines by position."""
    return [
        Promotion(
            one["label"],
            Decimal(one["minimum"]),
            {key: Share(Decimal(gross), Decimal(tax)) for key, (gross, tax) in zip(keys, one["shares"], strict=True)},
        )
        for one in stored or ()
    ]


def lost_by(promotions: Iterable[Promotion], staying: Sequence[Staying], currency: str) -> list[Lost]:
    """Discounts whose minimum the goods that stay do not reach. Where nothing stays, nothing is lost."""
    found = []
    for promotion in promotions:
        stays, charged = Decimal(0), dict[Decimal, Decimal]()
        for line in staying:
            whole = line.gross + promotion.shares[line.key].gross
            without = _value(whole, line, line.units, currency)
            stays += without + _value(whole, line, line.refused, currency)
            if difference := without - _value(line.gross, line, line.units, currency):
                charged[line.tax_rate] = charged.get(line.tax_rate, Decimal(0)) + difference
        if 0 < stays < promotion.minimum and charged:
            found.append(Lost(promotion, stays, charged))
    return found


def stays_after_all(promotion: Promotion, told: Mapping[str, Any], refused: Iterable[Staying], currency: str) -> bool:
    """Whether a discount that a return was to take back is kept: with the units of it that were not taken back, in
    `refused` of each line, what stays reaches the minimum. `told` is what the return's quote says about it."""
    more = (
        _value(line.gross + promotion.shares[line.key].gross, line, line.refused, currency)
        for line in refused
        if line.key in promotion.shares
    )
    return sum(more, Decimal(told["stays"])) >= promotion.minimum


def _value(total: Decimal, line: Staying, units: Units, currency: str) -> Decimal:
    return sum((units_value(total, line.quantity, first, last, currency) for first, last in units), Decimal(0))
