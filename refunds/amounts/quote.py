"""The Quote: what a return pays, itemised down to the unit, with its inputs, so that it can be shown and stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms.money import amount_text, check_amount, from_minor, round_ratio, to_minor, unit_value
from refunds.amounts.fees import QuotedFee

Units = tuple[tuple[int, int], ...]
"""Half-open ranges of unit numbers of an order line, in ascending order: ((0, 2), (5, 6)) is units 0, 1 and 5."""

WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class UnitWorking:
    """Where the cents of one unit come from: value = R(number + 1) − R(number), then the condition's percentage."""

    number: int
    value: Decimal
    value_tax: Decimal
    gross: Decimal
    tax: Decimal

    @property
    def deduction(self) -> Decimal:
        return self.value - self.gross


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """What one line entry of a return pays. Amounts in the quote's currency.

    `value` and `value_tax` are the frozen share of the units; `gross` and `tax` what is paid after the condition's
    percentage; the difference is the deduction. `units`, `line_quantity`, `line_gross`, `line_tax` and
    `payout_percent` are the inputs it was made from. A payment without goods has no units.
    """

    key: str
    description: str
    quantity: int
    value: Decimal
    value_tax: Decimal
    gross: Decimal
    tax: Decimal
    line_quantity: int
    line_gross: Decimal
    line_tax: Decimal
    units: Units = ()
    payout_percent: Decimal = WHOLE
    tax_rate: Decimal | None = None

    @property
    def net(self) -> Decimal:
        return self.gross - self.tax

    @property
    def deduction(self) -> Decimal:
        """What the condition takes off, tax included."""
        return self.value - self.gross

    def working(self, currency: str) -> Iterator[UnitWorking]:
        """One row per claimed unit, made when asked for: a line may have tens of thousands of units."""
        gross, tax = to_minor(self.line_gross, currency), to_minor(self.line_tax, currency)
        for first, last in self.units:
            for number in range(first, last):
                value, value_tax = (unit_value(total, self.line_quantity, number) for total in (gross, tax))
                amounts = (value, value_tax, paid(value, self.payout_percent), paid(value_tax, self.payout_percent))
                yield UnitWorking(number, *(from_minor(amount, currency) for amount in amounts))


def paid(value_minor: int, payout_percent: Decimal) -> int:
    """What a unit worth `value_minor` pays in a condition that pays `payout_percent` of it, rounded per unit.

    Per unit, so that the sum does not depend on which units are refunded together.
    """
    numerator, denominator = payout_percent.as_integer_ratio()
    return round_ratio(value_minor * numerator, denominator * 100)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a return pays: the portal's estimate, the confirmed promise and the refund are all one of these."""

    currency: str
    lines: tuple[QuotedLine, ...]
    shipping: tuple[QuotedLine, ...] = ()
    fees: tuple[QuotedFee, ...] = ()

    @property
    def goods(self) -> Decimal:
        """What the lines pay before fees, without shipping, tax included."""
        return _sum(line.gross for line in self.lines)

    @property
    def returned(self) -> Decimal:
        """What comes back before fees: lines and shipping, tax included."""
        return self.goods + _sum(entry.gross for entry in self.shipping)

    @property
    def deduction(self) -> Decimal:
        """What conditions take off in all, tax included."""
        return _sum(line.deduction for line in self.lines)

    @property
    def fees_total(self) -> Decimal:
        return _sum(fee.gross for fee in self.fees)

    @property
    def total(self) -> Decimal:
        """What the customer gets, tax included: returned − fees."""
        return self.returned - self.fees_total

    @property
    def tax(self) -> Decimal:
        """The tax inside `total`."""
        return _sum(entry.tax for entry in (*self.lines, *self.shipping)) - _sum(fee.tax for fee in self.fees)

    @property
    def net(self) -> Decimal:
        return self.total - self.tax

    @property
    def tax_by_rate(self) -> dict[str, Decimal]:
        """Tax per rate in percent, as text without trailing zeros; untaxed entries are left out."""
        by_rate: dict[str, Decimal] = {}
        for entry in (*self.lines, *self.shipping):
            if entry.tax_rate:
                by_rate[rate_text(entry.tax_rate)] = by_rate.get(rate_text(entry.tax_rate), Decimal(0)) + entry.tax
        for fee in self.fees:
            if fee.tax_rate:
                by_rate[rate_text(fee.tax_rate)] = by_rate.get(rate_text(fee.tax_rate), Decimal(0)) - fee.tax
        return by_rate

    def to_json(self) -> dict[str, Any]:
        """As stored: amounts as text in the currency's decimals, inputs beside the results."""

        def text(amount: Decimal) -> str:
            return amount_text(amount, self.currency)

        def entry(line: QuotedLine) -> dict[str, Any]:
            return {
                "key": line.key,
                "description": line.description,
                "quantity": line.quantity,
                "value": text(line.value),
                "value_tax": text(line.value_tax),
                "deduction": text(line.deduction),
                "gross": text(line.gross),
                "tax": text(line.tax),
                "net": text(line.net),
                "line_quantity": line.line_quantity,
                "line_gross": text(line.line_gross),
                "line_tax": text(line.line_tax),
                "units": [list(part) for part in line.units],
                "payout_percent": rate_text(line.payout_percent),
                "tax_rate": None if line.tax_rate is None else rate_text(line.tax_rate),
            }

        return {
            "currency": self.currency,
            "lines": [entry(line) for line in self.lines],
            "shipping": [entry(line) for line in self.shipping],
            "fees": [
                {
                    "code": fee.code,
                    "label": fee.label,
                    "gross": text(fee.gross),
                    "tax": text(fee.tax),
                    "net": text(fee.net),
                    "tax_rate": None if fee.tax_rate is None else rate_text(fee.tax_rate),
                    "waived": text(fee.waived),
                }
                for fee in self.fees
            ],
            "returned": text(self.returned),
            "deduction": text(self.deduction),
            "fees_total": text(self.fees_total),
            "net": text(self.net),
            "tax": text(self.tax),
            "total": text(self.total),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Quote":
        """The same quote again; raises ValueError when the stored total is not the sum of its parts."""
        currency = stored["currency"]

        def amount(text: str) -> Decimal:
            return check_amount(Decimal(text), currency)

        def rate(text: str | None) -> Decimal | None:
            return None if text is None else Decimal(text)

        def entries(rows: Sequence[Mapping[str, Any]]) -> tuple[QuotedLine, ...]:
            return tuple(
                QuotedLine(
                    key=row["key"],
                    description=row["description"],
                    quantity=row["quantity"],
                    value=amount(row["value"]),
                    value_tax=amount(row["value_tax"]),
                    gross=amount(row["gross"]),
                    tax=amount(row["tax"]),
                    line_quantity=row["line_quantity"],
                    line_gross=amount(row["line_gross"]),
                    line_tax=amount(row["line_tax"]),
                    units=tuple((first, last) for first, last in row["units"]),
                    payout_percent=Decimal(row["payout_percent"]),
                    tax_rate=rate(row["tax_rate"]),
                )
                for row in rows
            )

        fees = tuple(
            QuotedFee(
                row["code"],
                row["label"],
                amount(row["gross"]),
                amount(row["tax"]),
                rate(row["tax_rate"]),
                amount(row["waived"]),
            )
            for row in stored["fees"]
        )
        quote = cls(currency, entries(stored["lines"]), entries(stored["shipping"]), fees)
        if quote.total != amount(stored["total"]):
            raise ValueError("A stored quote does not add up to its total.")
        return quote


def rate_text(rate: Decimal) -> str:
    """A percentage without needless zeros: 20, 17.5, 0."""
    return f"{rate.normalize():f}"


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
