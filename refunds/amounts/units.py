"""The price of claimed units: one pure function for the portal's quote, the confirmed quote and the refund.

Equal inputs pay equal amounts, so the refund equals the quote to the cent when inspection confirms the declared
condition. A line's gross and tax are frozen on the order; unit i of n is worth R(i + 1) − R(i), R(i) = round(total ×
i ÷ n), so any sequence of partial returns that ends in everything pays exactly the line's total (rules 1–3, p26,
p27, p30). Which units come back first makes no difference to the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from oms.money import cumulative, exponent, from_minor, to_minor
from refunds.amounts.fees import FeeBase, FeeTerm, charge_at_most
from refunds.amounts.quote import WHOLE, Quote, QuotedLine, Units, paid
from refunds.refusals import TermsUnusable


@dataclass(frozen=True, slots=True)
class ClaimedLine:
    """Units of one order line that come back in one condition.

    `line_gross` and `line_tax` are the totals of the whole order line after discounts, tax inside the gross;
    `payout_percent` is what the condition pays (100 = all). The same order line may appear several times with
    different units and conditions.
    """

    key: str
    description: str
    line_gross: Decimal
    line_tax: Decimal
    line_quantity: int
    units: Units
    payout_percent: Decimal = WHOLE
    tax_rate: Decimal | None = None


def price_units(
    lines: Sequence[ClaimedLine],
    fees: Sequence[FeeTerm],
    currency: str,
    shipping: Sequence[ClaimedLine] = (),
) -> Quote:
    """What these units pay, less the fees.

    Fees are reckoned on what the lines pay and never exceed what comes back; what they could not take is `waived`.
    Raises UnknownCurrency, TooManyDecimals, TermsUnusable (a unit that the line does not have, or twice).
    """
    exponent(currency)
    _refuse_units_twice(lines)
    quoted = tuple(price_line(line, currency) for line in lines)
    freight = tuple(price_line(entry, currency) for entry in shipping)
    base = [FeeBase(line.key, line.net, line.gross, line.quantity) for line in quoted]
    limit = sum((entry.gross for entry in (*quoted, *freight)), Decimal(0))
    return Quote(currency, quoted, freight, charge_at_most(fees, base, limit, currency))


def price_line(line: ClaimedLine, currency: str) -> QuotedLine:
    """The units of one claim, without a loop over them: the units of a line have at most two different values."""
    gross, tax = to_minor(line.line_gross, currency), to_minor(line.line_tax, currency)
    if gross < 0 or not 0 <= tax <= gross:
        raise TermsUnusable(what=line.key, why="a line's tax lies between zero and its gross")
    if not 0 <= line.payout_percent <= WHOLE:
        raise TermsUnusable(what=line.key, why="a condition pays between 0 and 100 percent")
    _refuse_foreign_units(line)
    value, value_tax, pays, pays_tax = 0, 0, 0, 0
    for first, last in line.units:
        part, part_pays = _range_value(gross, line.line_quantity, first, last, line.payout_percent)
        part_tax, part_pays_tax = _range_value(tax, line.line_quantity, first, last, line.payout_percent)
        value, value_tax, pays, pays_tax = (
            value + part,
            value_tax + part_tax,
            pays + part_pays,
            pays_tax + part_pays_tax,
        )
    return QuotedLine(
        key=line.key,
        description=line.description,
        quantity=sum(last - first for first, last in line.units),
        value=from_minor(value, currency),
        value_tax=from_minor(value_tax, currency),
        gross=from_minor(pays, currency),
        tax=from_minor(pays_tax, currency),
        line_quantity=line.line_quantity,
        line_gross=from_minor(gross, currency),
        line_tax=from_minor(tax, currency),
        units=line.units,
        payout_percent=line.payout_percent,
        tax_rate=line.tax_rate,
    )


def _range_value(total: int, quantity: int, first: int, last: int, payout_percent: Decimal) -> tuple[int, int]:
    """Value of units [first, last) and what they pay, in minor units."""
    value = cumulative(total, quantity, last) - cumulative(total, quantity, first)
    low = total // quantity
    dearer = value - low * (last - first)
    pays = dearer * paid(low + 1, payout_percent) + (last - first - dearer) * paid(low, payout_percent)
    return value, pays


def _refuse_foreign_units(line: ClaimedLine) -> None:
    if line.line_quantity <= 0 or not line.units:
        raise TermsUnusable(what=line.key, why="a claim names at least one unit of a line")
    end = 0
    for first, last in line.units:
        if not end <= first < last <= line.line_quantity:
            raise TermsUnusable(
                what=line.key, why=f"[{first}, {last}) is no further range of its {line.line_quantity} units"
            )
        end = last


def _refuse_units_twice(lines: Sequence[ClaimedLine]) -> None:
    by_key: dict[str, list[tuple[int, int]]] = {}
    for line in lines:
        by_key.setdefault(line.key, []).extend(line.units)
    for key, ranges in by_key.items():
        ranges.sort()
        for (_, end), (first, _last) in pairwise(ranges):
            if first < end:
                raise TermsUnusable(what=key, why=f"unit {first} is claimed twice")
