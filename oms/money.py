"""Money: an exact amount with its currency beside it, and the arithmetic every refund rests on.

Nothing here knows Django, a database or a clock. Amounts are ``Decimal`` in the currency's own exponent ("major"
units: 12.50 GBP) or ``int`` in its smallest unit ("minor" units: 1250 pence); a name says which. No float is
accepted anywhere. Halves are rounded away from zero.

Rules cited by id: R82, correctness rules 3 and 4, p14, p29, p30, p31.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import total_ordering

# ISO 4217, active national currencies by number of decimals. Funds codes, metals and test codes are left out: nobody
# pays with them.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY "
        "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
        "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR "
        "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD "
        "SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}

EXPONENTS: dict[str, int] = {code: places for places, codes in _CODES.items() for code in codes.split()}
"""Currency code → number of decimals (ISO 4217)."""

LARGEST = Decimal(10) ** 18
"""Amounts stay below this, so that a sum of thousands of them is still exact in Python's 28 digits."""

# Wide enough for any amount this product accepts multiplied by any quantity, so that nothing is rounded by accident.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", re.ASCII)


class MoneyError(ValueError):
    """An amount that cannot be used; the message is a sentence for the person who typed it."""


class UnknownCurrency(MoneyError):
    """The code is not an active ISO 4217 currency."""


class CurrencyMismatch(MoneyError):
    """Two currencies met in one sum (p31)."""


class NotAnAmount(MoneyError):
    """Not a finite decimal number: a float, text, NaN, infinity."""


class TooManyDecimals(MoneyError):
    """More decimals than the currency has: 0.5 JPY, 1.005 GBP."""


def exponent(currency: str) -> int:
    """Number of decimals of `currency`: GBP 2, JPY 0, KWD 3. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except (KeyError, TypeError):
        raise UnknownCurrency(f"{currency!r} is not a currency code of ISO 4217.") from None


def check_amount(amount: Decimal, currency: str) -> Decimal:
    """`amount` with exactly the currency's decimals; refuses what would have to be rounded.

    Raises NotAnAmount for anything but a finite Decimal below LARGEST, TooManyDecimals, UnknownCurrency.
    """
    places = exponent(currency)
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise NotAnAmount(f"{amount!r} is not an exact amount of money.")
    exact = _quantized(amount, places)
    if abs(exact) >= LARGEST:
        raise NotAnAmount(f"{amount} is too large for an amount of money.")
    if exact != amount:
        raise TooManyDecimals(f"{amount} has too many decimals: {currency} has {places}.")
    return exact


def parse_amount(text: str, currency: str) -> Decimal:
    """The amount a person or a file wrote as plain digits: "12.50", "-3", never "1e3", "1,50" or " 5".

    Written decimals count, zeros too: "5.0" is no amount of JPY. Raises NotAnAmount, TooManyDecimals, UnknownCurrency.
    """
    number, places = parse_number(text), exponent(currency)
    if len(text.partition(".")[2]) > places:
        raise TooManyDecimals(f"{text} has too many decimals: {currency} has {places}.")
    return check_amount(number, currency)


def parse_number(text: str) -> Decimal:
    """A plain decimal number of at most 15 digits before and 12 after the point; -0 is 0. Raises NotAnAmount."""
    if not isinstance(text, str):
        raise NotAnAmount('a decimal number is written as text, like "12.50".')
    if not _PLAIN_NUMBER.fullmatch(text):
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise NotAnAmount(f"{shown!r} is not a plain decimal number.")
    number = Decimal(text)
    return number if number else abs(number)


def round_half_up(value: Decimal | Fraction | int, currency: str) -> Decimal:
    """`value` in the currency's exponent, halves away from zero: 0.125 GBP → 0.13, −0.125 GBP → −0.13."""
    places = exponent(currency)
    if isinstance(value, float):
        raise NotAnAmount(f"{value!r} is a float; money is Decimal.")
    if isinstance(value, Fraction):
        return from_minor(round_ratio(value.numerator * 10**places, value.denominator), currency)
    return _quantized(Decimal(value), places)


def _quantized(amount: Decimal, places: int) -> Decimal:
    try:
        return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_EXACT) + 0
    except InvalidOperation:
        raise NotAnAmount(f"{amount} is too large for an amount of money.") from None


def to_minor(amount: Decimal, currency: str) -> int:
    """12.50 GBP → 1250; 1000 JPY → 1000; 1.250 KWD → 1250. Refuses what is not whole in minor units."""
    return int(check_amount(amount, currency).scaleb(exponent(currency), context=_EXACT))


def from_minor(minor: int, currency: str) -> Decimal:
    """1250 GBP pence → Decimal("12.50")."""
    if isinstance(minor, bool) or not isinstance(minor, int):
        raise NotAnAmount(f"{minor!r} is not a whole number of the currency's smallest unit.")
    return Decimal(minor).scaleb(-exponent(currency), context=_EXACT)


def amount_text(amount: Decimal, currency: str) -> str:
    """The amount as stored and exchanged: "12.50", "1000", "1.250"; refuses what would have to be rounded."""
    return f"{check_amount(amount, currency):f}"


def round_ratio(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator as a whole number, halves away from zero. The denominator is positive."""
    if denominator <= 0:
        raise ValueError("The denominator of a ratio must be positive.")
    quotient, rest = divmod(abs(numerator), denominator)
    quotient += 2 * rest >= denominator
    return -quotient if numerator < 0 else quotient


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split `total_minor` over `weights` so that the shares add up exactly (largest remainder).

    Each share is floored, then one unit goes to the largest fractional parts, ties to the earlier. All-zero weights
    split evenly, again the earlier first. A negative total is the mirror of the positive one. Weights are whole
    numbers ≥ 0 (rule 4, p14, p29). Raises MoneyError for no weights or a negative one.
    """
    if not weights:
        raise MoneyError("There is nothing to split the amount over.")
    if any(weight < 0 for weight in weights):
        raise MoneyError("A weight cannot be negative.")
    if total_minor < 0:
        return [-share for share in allocate(-total_minor, weights)]
    scale = sum(weights)
    if scale == 0:
        weights, scale = [1] * len(weights), len(weights)
    shares, rests = [], []
    for weight in weights:
        share, rest = divmod(total_minor * weight, scale)
        shares.append(share)
        rests.append(rest)
    left = total_minor - sum(shares)
    for index in sorted(range(len(weights)), key=lambda at: (-rests[at], at))[:left]:
        shares[index] += 1
    return shares


def cumulative(total_minor: int, quantity: int, count: int) -> int:
    """R(count) = round(total × count ÷ quantity): what the first `count` of `quantity` units are worth together."""
    if not 0 <= count <= quantity:
        raise MoneyError(f"There are {quantity} units; {count} is outside.")
    return round_ratio(total_minor * count, quantity) if quantity else 0


def part_of(whole: Decimal, total: Decimal, before: Decimal, amount: Decimal, currency: str) -> Decimal:
    """The share of `whole` that goes with `amount` of `total` when `before` of it came earlier, in the same order.

    Cut cumulatively: the parts of amounts that come to `total` come to `whole`, to the last unit of the currency.
    """
    minor, of, first, more = (to_minor(value, currency) for value in (whole, total, before, amount))
    return from_minor(round_ratio(minor * (first + more), of) - round_ratio(minor * first, of), currency)


def unit_value(total_minor: int, quantity: int, unit: int) -> int:
    """Value of unit number `unit` (from 0) of `quantity`: R(unit + 1) − R(unit), in minor units (rule 3, p30).

    The units of a line always add up to its total, whatever order they come back in.
    """
    if not 0 <= unit < quantity:
        raise MoneyError(f"Units are numbered 0 to {quantity - 1}; there is no unit {unit}.")
    return cumulative(total_minor, quantity, unit + 1) - cumulative(total_minor, quantity, unit)


def units_value(total: Decimal, quantity: int, first: int, last: int, currency: str) -> Decimal:
    """Value of the half-open range of units [first, last) of a line of `quantity` units that was paid `total`."""
    if not 0 <= first <= last <= quantity:
        raise MoneyError(f"Units are numbered 0 to {quantity - 1}; [{first}, {last}) is no range of them.")
    minor = to_minor(total, currency)
    return from_minor(cumulative(minor, quantity, last) - cumulative(minor, quantity, first), currency)


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Two currencies are never added, subtracted or compared by size (p31)."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", check_amount(self.amount, self.currency))

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """From plain digits; see parse_amount."""
        return cls(parse_amount(text, currency), currency)

    @classmethod
    def rounded(cls, value: Decimal | Fraction | int, currency: str) -> Money:
        """The only way in for a value that may need rounding: halves away from zero."""
        return cls(round_half_up(value, currency), currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        return cls(from_minor(minor, currency), currency)

    @classmethod
    def total(cls, parts: Iterable[Money], currency: str) -> Money:
        """Sum of `parts`; an empty one is zero in `currency`."""
        result = cls.zero(currency)
        for part in parts:
            result += part
        return result

    @property
    def minor(self) -> int:
        return to_minor(self.amount, self.currency)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Parts by largest remainder that add up to this; see allocate."""
        return [Money.from_minor(share, self.currency) for share in allocate(self.minor, weights)]

    def _same(self, other: Money) -> Money:
        if not isinstance(other, Money):
            raise NotAnAmount(f"{other!r} has no currency.")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be put together.")
        return other

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, count: int) -> Money:
        if isinstance(count, bool) or not isinstance(count, int):
            raise NotAnAmount("Money is multiplied by whole numbers only; use Money.rounded for a rate.")
        return Money(self.amount * count, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other).amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"
