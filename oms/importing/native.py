"""Layout *native*: orders of a shop with everything a return needs to know; `native.md` here describes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms.importing import values
from oms.importing.documents import Buyer, Sale, SaleLine
from oms.importing.report import BadRow, ImportReport
from oms.importing.tables import Table
from oms.money import MoneyError, check_amount, exponent
from oms.orders.creation import tax_within
from oms.states import OrderSource, PaymentMethod

NAME = "native"
COLUMNS = ("order_number", "placed_at", "currency", "sku", "quantity", "unit_price")
PERSON = ("customer_number", "name", "email", "phone", "street", "city", "postcode", "region", "country")
OPTIONAL = (
    *PERSON,
    *("title", "category", "discount", "tax_rate", "final_sale"),
    *("shipping", "shipping_tax", "payment_method", "payment_id"),
    *("shipped_at", "delivered_at", "carrier", "tracking"),
)
NEARBY = 2_000
YES, NO = ("1", "yes", "true"), ("", "0", "no", "false")


def is_goods(sku: str) -> bool:
    """All a shop lists is merchandise; postage has a column of its own."""
    return True


@dataclass(slots=True)
class _Open:
    sale: Sale
    seen: int


class Reader:
    def __init__(self) -> None:
        self.number = values.code("order_number", 40)
        self.sku = values.sku("sku")
        self.quantity = values.whole("quantity")
        self.prices = {name: values.number(name) for name in ("unit_price", "discount", "tax_rate")}
        self.amounts = {name: values.number(name) for name in ("shipping", "shipping_tax")}
        self.times = {name: values.instant(name) for name in ("placed_at", "shipped_at", "delivered_at")}
        lengths = {"title": 200, "category": 60, "region": 60, "country": 60, "carrier": 40, "tracking": 60}
        lengths |= {"payment_id": 80, "customer_number": 40, "email": 254, "postcode": 20, "phone": 40}
        self.words = {name: values.words(name, lengths.get(name, 200)) for name in OPTIONAL}
        self.rounders: dict[str, Any] = {}

    def documents(self, table: Table, report: ImportReport) -> Iterator[Sale]:
        """Yield each order as soon as its rows have ended."""
        found: dict[str, _Open] = {}
        for line, row in table.rows(report):
            try:
                self._read(line, dict(zip(table.found, row, strict=True)), found, report.rows)
            except BadRow as bad:
                report.reject(line, bad.column, str(bad))
            if not report.rows % 500:
                for number in [number for number, one in found.items() if one.seen < report.rows - NEARBY]:
                    yield found.pop(number).sale
        for one in found.values():
            yield one.sale

    def _read(self, line: int, row: dict[str, str], found: dict[str, _Open], seen: int) -> None:
        sale = self._sale(line, row)
        one = self._line(row, sale.currency)
        known = found.get(sale.number)
        if known is None:
            sale.lines.append(one)
            found[sale.number] = _Open(sale, seen)
            return
        if differing := next((name for name in _TERMS if getattr(sale, name) != getattr(known.sale, name)), ""):
            raise BadRow(_TERMS[differing], f"Line {known.sale.line} of this order says something else.")
        known.seen = seen
        known.sale.lines.append(one)

    def _line(self, row: dict[str, str], currency: str) -> SaleLine:
        quantity, price = self.quantity[row["quantity"]], self.prices["unit_price"][row["unit_price"]]
        if quantity <= 0:
            raise BadRow("quantity", f"{quantity}: an order line has at least one unit.")
        if price < 0:
            raise BadRow("unit_price", f"{price} is negative.")
        discount = self._amount("discount", self.prices["discount"], row, currency)
        rate = self.prices["tax_rate"][row.get("tax_rate") or "0"]
        if not 0 <= rate < 1000:
            raise BadRow("tax_rate", f"{rate} is no tax rate in percent.")
        gross = self.rounders[currency](price * quantity) - discount
        if gross < 0:
            raise BadRow("discount", f"{discount} is more than the {gross + discount} of the line.")
        final = row.get("final_sale", "").strip().casefold()
        if final not in YES + NO:
            raise BadRow("final_sale", f"{values.shown(final)} is neither yes nor no.")
        return SaleLine(
            self.sku[row["sku"]],
            self._word(row, "title"),
            quantity,
            price,
            gross,
            tax_within(gross, rate, currency),
            rate,
            final in YES,
            self._word(row, "category"),
        )

    def _sale(self, line: int, row: dict[str, str]) -> Sale:
        currency = row["currency"]
        try:
            exponent(currency)
        except MoneyError as problem:
            raise BadRow("currency", str(problem)) from None
        self.rounders.setdefault(currency, values.rounder(currency))
        placed_at = self.times["placed_at"][row["placed_at"]]
        shipped_at, delivered_at = (self._time(row, name) for name in ("shipped_at", "delivered_at"))
        if delivered_at and (not shipped_at or delivered_at < shipped_at):
            raise BadRow("delivered_at", "Delivered before it was shipped.")
        if shipped_at and shipped_at < placed_at:
            raise BadRow("shipped_at", "Shipped before it was placed.")
        method = self._method(row.get("payment_method", ""))
        shipping = self._amount("shipping", self.amounts["shipping"], row, currency)
        shipping_tax = self._amount("shipping_tax", self.amounts["shipping_tax"], row, currency)
        if shipping_tax > shipping:
            raise BadRow("shipping_tax", f"{shipping_tax} is more than the shipping itself.")
        return Sale(
            line,
            self.number[row["order_number"]],
            placed_at,
            self._buyer(row),
            self._word(row, "country"),
            currency,
            [],
            region=self._word(row, "region"),
            source=OrderSource.NATIVE,
            shipping=shipping,
            shipping_tax=shipping_tax,
            payment_method=method,
            payment_id=self._word(row, "payment_id") if method else "",
            is_shipped=shipped_at is not None,
            shipped_at=shipped_at,
            delivered_at=delivered_at,
            carrier=self._word(row, "carrier"),
            tracking=self._word(row, "tracking"),
        )

    def _buyer(self, row: dict[str, str]) -> Buyer | None:
        person = {name: self._word(row, name) for name in PERSON}
        number = person.pop("customer_number")
        if person["email"] and "@" not in person["email"]:
            raise BadRow("email", "This is no e-mail address.")
        if number or person["email"]:
            return Buyer(number, **person)
        if any(person[name] for name in ("name", "phone", "street")):
            raise BadRow("customer_number", "A person needs a customer number or an e-mail address.")
        return None

    def _amount(self, column: str, read: values.Remembered[Decimal], row: dict[str, str], currency: str) -> Decimal:
        amount = read[row.get(column) or "0"]
        try:
            if amount >= 0:
                return check_amount(amount, currency)
        except MoneyError as problem:
            raise BadRow(column, str(problem)) from None
        raise BadRow(column, f"{amount} is negative.")

    def _time(self, row: dict[str, str], column: str) -> Any:
        return self.times[column][row[column]] if row.get(column) else None

    def _word(self, row: dict[str, str], column: str) -> str:
        return self.words[column][row.get(column, "")]

    def _method(self, text: str) -> PaymentMethod | None:
        if not text:
            return None
        if text not in PaymentMethod.values:
            raise BadRow("payment_method", f"{values.shown(text)} is none of {', '.join(PaymentMethod.values)}.")
        return PaymentMethod(text)


# What all rows of an order must agree on: attribute of the sale → column to name.
_TERMS = {
    "placed_at": "placed_at",
    "buyer": "customer_number",
    "currency": "currency",
    "shipping": "shipping",
    "payment_method": "payment_method",
    "payment_id": "payment_id",
    "shipped_at": "shipped_at",
    "delivered_at": "delivered_at",
    "tracking": "tracking",
}
