"""Fees that a return costs: restocking, return shipping (p19, p28, p36, p37, W25)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from oms.money import round_half_up
from refunds.refusals import TermsUnusable

PER_UNIT, PER_LINE, PER_RETURN = "unit", "line", "return"
BASES = (PER_UNIT, PER_LINE, PER_RETURN)


@dataclass(frozen=True, slots=True)
class FeeTerm:
    """What the policy charges, fixed when the return is approved.

    Either `amount` (in the currency) or `percent` (of the returned lines after discounts and condition deductions,
    without shipping). `per` says what an amount is multiplied by; `maximum` caps the fee as a whole. `tax_rate` is
    percent, None = untaxed. Everything is net, or gross when `prices_include_tax`. `lines` are the keys of the lines it
    is about; () means all.
    """

    code: str
    amount: Decimal | None = None
    percent: Decimal | None = None
    per: str = PER_RETURN
    maximum: Decimal | None = None
    tax_rate: Decimal | None = None
    prices_include_tax: bool = True
    label: str = ""
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        name = f"Fee {self.code}"
        if (self.amount is None) == (self.percent is None):
            raise TermsUnusable(what=name, why="it has either an amount or a percentage")
        if self.per not in BASES:
            raise TermsUnusable(what=name, why=f"{self.per!r} is none of {', '.join(BASES)}")
        for value in (self.amount, self.percent, self.maximum, self.tax_rate):
            if value is not None and value < 0:
                raise TermsUnusable(what=name, why="nothing in it is negative")


@dataclass(frozen=True, slots=True)
class FeeBase:
    """What one returned line gives a fee to be reckoned on; shipping gives nothing."""

    line: str
    net: Decimal
    gross: Decimal
    units: int


@dataclass(frozen=True, slots=True)
class QuotedFee:
    """A fee as charged; listed positive, subtracted from the total. `waived` is what the return could not bear."""

    code: str
    label: str
    gross: Decimal
    tax: Decimal
    tax_rate: Decimal | None = None
    waived: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        return self.gross - self.tax


def charge(term: FeeTerm, returned: Sequence[FeeBase], currency: str) -> QuotedFee:
    """The fee of one return: rounded once, its tax rounded once; nothing when none of its lines comes back."""
    base = [line for line in returned if not term.lines or line.line in term.lines]
    if term.percent is not None:
        whole = sum((line.gross if term.prices_include_tax else line.net for line in base), Decimal(0))
        value = round_half_up(whole * term.percent / 100, currency)
    else:
        count = {
            PER_UNIT: sum(line.units for line in base),
            PER_LINE: len({line.line for line in base}),
            PER_RETURN: 1 if base or not term.lines else 0,
        }[term.per]
        value = round_half_up((term.amount or Decimal(0)) * count, currency)
    if term.maximum is not None:
        value = min(value, term.maximum)
    tax = tax_in(value, term.tax_rate or Decimal(0), term.prices_include_tax, currency)
    gross = value if term.prices_include_tax else value + tax
    return QuotedFee(term.code, term.label, gross, tax, term.tax_rate)


def charge_at_most(
    terms: Sequence[FeeTerm], returned: Sequence[FeeBase], limit: Decimal, currency: str
) -> tuple[QuotedFee, ...]:
    """The fees of one return, together never more than `limit`: a return alone never makes the customer owe."""
    fees = []
    for term in terms:
        fee = charge(term, returned, currency)
        kept = min(fee.gross, limit)
        if kept < fee.gross:
            tax = tax_in(kept, term.tax_rate or Decimal(0), True, currency)
            fee = QuotedFee(fee.code, fee.label, kept, tax, fee.tax_rate, waived=fee.gross - kept)
        limit -= kept
        fees.append(fee)
    return tuple(fees)


def tax_in(value: Decimal, rate: Decimal, included: bool, currency: str) -> Decimal:
    """Tax on a net `value`, or inside a gross one, at `rate` percent; rounded once, halves away from zero."""
    return round_half_up(Fraction(value) * Fraction(rate) / (100 + Fraction(rate) if included else 100), currency)
