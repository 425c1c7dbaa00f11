"""Layout *native*: orders of a shop with everything a return needs to know; `native.md` here describes it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from oms.importing import values
from oms.importing.documents import Buyer, Sale, SaleLine
from oms.importing.report import BadRow, ImportReport
from oms.importing.tables import Table
from oms.importing.terms import Priced, TermsRefused, freeze, promotion
from oms.money import MoneyError, check_amount, exponent
from oms.states import OrderSource, PaymentMethod

NAME = "native"
COLUMNS = ("order_number", "placed_at", "currency", "sku", "quantity", "unit_price")
PERSON = ("customer_number", "name", "email", "phone", "street", "city", "postcode", "region", "country")
OPTIONAL = (
    *PERSON,
    *("title", "category", "style", "options", "discount", "tax_rate", "final_sale", "duty", "kit", "kit_price"),
    *("serials", "lot", "hazardous", "weight_grams", "longest_cm"),
    *(
        "shipping",
        "shipping_tax",
        "order_discount",
        "discount_minimum",
        "discount_label",
        "prices_include_tax",
        "payment_method",
        "payment_id",
        "credit_number",
        "credit_amount",
    ),
    *("shipped_at", "delivered_at", "carrier", "tracking"),
)
AMOUNTS = ("shipping", "shipping_tax", "order_discount", "discount_minimum", "duty", "kit_price", "credit_amount")
LARGEST = {"weight_grams": 1_000_000, "longest_cm": 1_000}
NEARBY = 2_000
YES, NO = ("1", "yes", "true"), ("", "0", "no", "false")


def is_goods(sku: str) -> bool:
    """All a shop lists is merchandise; postage has a column of its own."""
    return True


@dataclass(slots=True)
class _Open:
    sale: Sale
    seen: int
    rows: list[Priced] = field(default_factory=list)


class Reader:
    def __init__(self) -> None:
        self.number = values.code("order_number", 40)
        self.sku = values.sku("sku")
        self.quantity = values.whole("quantity")
        self.prices = {name: values.number(name) for name in ("unit_price", "discount", "tax_rate")}
        self.amounts = {name: values.number(name) for name in AMOUNTS}
        self.times = {name: values.instant(name) for name in ("placed_at", "shipped_at", "delivered_at")}
        lengths = {"title": 200, "category": 60, "region": 60, "country": 60, "carrier": 40, "tracking": 60}
        lengths |= {"style": 60, "kit": 40, "discount_label": 40, "payment_id": 80, "customer_number": 40, "email": 254}
        lengths |= {"postcode": 20, "phone": 40, "credit_number": 40, "lot": 40}
        self.words = {name: values.words(name, lengths.get(name, 200)) for name in OPTIONAL}
        self.serials = values.codes("serials", 60)
        self.sizes = {name: values.whole(name) for name in LARGEST}
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
                    yield from self._finished(found.pop(number), report)
        for one in found.values():
            yield from self._finished(one, report)

    def _finished(self, order: _Open, report: ImportReport) -> Iterator[Sale]:
        sale = order.sale
        try:
            sale.lines = freeze(
                order.rows, discount=sale.discount, included=sale.prices_include_tax, currency=sale.currency
            )
            if sale.discount and sale.discount_minimum:
                told = promotion(
                    order.rows,
                    sale.lines,
                    label=sale.discount_label or sale.number,
                    minimum=sale.discount_minimum,
                    included=sale.prices_include_tax,
                    currency=sale.currency,
                )
                sale.promotions = json.dumps([told])
        except TermsRefused as refused:
            report.reject(sale.line, refused.column, str(refused))
        else:
            yield sale

    def _read(self, line: int, row: dict[str, str], found: dict[str, _Open], seen: int) -> None:
        sale = self._sale(line, row)
        one = self._line(row, sale.currency)
        if not sale.is_shipped and (named := "serials" if one.line.serials else "lot" if one.line.lot else ""):
            raise BadRow(named, "Nothing of this order was sent yet: what goes out is noted when it is packed.")
        known = found.get(sale.number)
        if known is None:
            found[sale.number] = _Open(sale, seen, [one])
            return
        if differing := next((name for name in _TERMS if getattr(sale, name) != getattr(known.sale, name)), ""):
            raise BadRow(_TERMS[differing], f"Line {known.sale.line} of this order says something else.")
        known.seen = seen
        known.rows.append(one)

    def _line(self, row: dict[str, str], currency: str) -> Priced:
        quantity, price = self.quantity[row["quantity"]], self.prices["unit_price"][row["unit_price"]]
        if quantity <= 0:
            raise BadRow("quantity", f"{quantity}: an order line has at least one unit.")
        if price < 0:
            raise BadRow("unit_price", f"{price} is negative.")
        discount = self._amount("discount", self.prices["discount"], row, currency)
        rate = self.prices["tax_rate"][row.get("tax_rate") or "0"]
        if not 0 <= rate < 1000:
            raise BadRow("tax_rate", f"{rate} is no tax rate in percent.")
        value = values.plausible("unit_price", self.rounders[currency](price * quantity))
        kit = self._word(row, "kit")
        if discount > value and not kit:
            raise BadRow("discount", f"{discount} is more than the {value} of the line.")
        serials = self.serials[row.get("serials", "")]
        if len(serials) > quantity:
            raise BadRow("serials", f"{len(serials)} serials for {quantity} of them.")
        line = SaleLine(
            self.sku[row["sku"]],
            self._word(row, "title"),
            quantity,
            price,
            value,
            tax_rate=rate,
            is_final_sale=_is_yes(row, "final_sale"),
            category=self._word(row, "category"),
            style=self._word(row, "style"),
            options=_options(self._word(row, "options")),
            serials=serials,
            lot=self._word(row, "lot"),
            is_hazardous=_is_yes(row, "hazardous"),
            weight_grams=self._size(row, "weight_grams"),
            longest_cm=self._size(row, "longest_cm"),
        )
        duty = self._amount("duty", self.amounts["duty"], row, currency)
        if kit and not row.get("kit_price"):
            raise BadRow("kit_price", f"The kit {kit} needs a price.")
        kit_price = self._amount("kit_price", self.amounts["kit_price"], row, currency) if kit else None
        return Priced(line, value, discount, duty, kit, kit_price)

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
        credit, credit_amount = self._credit(row, method, currency)
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
            discount=self._amount("order_discount", self.amounts["order_discount"], row, currency),
            discount_minimum=self._amount("discount_minimum", self.amounts["discount_minimum"], row, currency),
            discount_label=self._word(row, "discount_label"),
            prices_include_tax=_is_yes(row, "prices_include_tax", unsaid="yes"),
            payment_method=method,
            payment_id=self._word(row, "payment_id") if method else "",
            credit=credit,
            credit_amount=credit_amount,
            is_shipped=shipped_at is not None,
            shipped_at=shipped_at,
            delivered_at=delivered_at,
            carrier=self._word(row, "carrier"),
            tracking=self._word(row, "tracking"),
        )

    def _credit(self, row: dict[str, str], method: PaymentMethod | None, currency: str) -> tuple[str, Decimal]:
        number = self._word(row, "credit_number")
        amount = self._amount("credit_amount", self.amounts["credit_amount"], row, currency)
        if bool(number) != bool(amount):
            raise BadRow("credit_amount", "Name both the store credit and how much of the order it pays.")
        if number and method == PaymentMethod.STORE_CREDIT:
            raise BadRow("credit_number", "The payment method says that all of it is paid with store credit.")
        return number, amount

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

    def _size(self, row: dict[str, str], column: str) -> int:
        size = self.sizes[column][row.get(column) or "0"]
        if not 0 <= size <= LARGEST[column]:
            raise BadRow(column, f"{size} is not between 0 and {LARGEST[column]}.")
        return size

    def _word(self, row: dict[str, str], column: str) -> str:
        return self.words[column][row.get(column, "")]

    def _method(self, text: str) -> PaymentMethod | None:
        if not text:
            return None
        if text not in PaymentMethod.values:
            raise BadRow("payment_method", f"{values.shown(text)} is none of {', '.join(PaymentMethod.values)}.")
        return PaymentMethod(text)


def _is_yes(row: dict[str, str], column: str, *, unsaid: str = "no") -> bool:
    text = row.get(column, "").strip().casefold() or unsaid
    if text not in YES + NO:
        raise BadRow(column, f"{values.shown(text)} is neither yes nor no.")
    return text in YES


def _options(text: str) -> tuple[tuple[str, str], ...]:
    """Read "Color: red; Size: M" as pairs."""
    pairs = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, value = (word.strip() for word in part.partition(":"))
        if not (colon and name and value):
            raise BadRow("options", f"{values.shown(part)} is no option such as “Color: red”.")
        pairs.append((name, value))
    return tuple(pairs)


# What all rows of an order must agree on: attribute of the sale → column to name.
_TERMS = {
    "placed_at": "placed_at",
    "buyer": "customer_number",
    "currency": "currency",
    "country": "country",
    "region": "region",
    "shipping": "shipping",
    "shipping_tax": "shipping_tax",
    "discount": "order_discount",
    "discount_minimum": "discount_minimum",
    "discount_label": "discount_label",
    "prices_include_tax": "prices_include_tax",
    "payment_method": "payment_method",
    "payment_id": "payment_id",
    "credit": "credit_number",
    "credit_amount": "credit_amount",
    "shipped_at": "shipped_at",
    "delivered_at": "delivered_at",
    "carrier": "carrier",
    "tracking": "tracking",
}
