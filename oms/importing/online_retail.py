"""Layout *online-retail*: the invoices of a gift wholesaler (UCI, doi 10.24432/C5BW33), one row per invoice line.

Columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country. Digits alone are a
sale, C… is a credit note, A… a bad-debt adjustment. A row of a sale with Quantity ≤ 0 is a stock write-off. Times are
on the wall of Europe/London, money is GBP. The rows of an invoice stand together, at most `NEARBY` rows apart.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from oms.importing import values
from oms.importing.documents import Buyer, CreditLine, CreditNote, Sale, SaleLine
from oms.importing.report import BadRow, ImportReport
from oms.importing.tables import Table

NAME = "online-retail"
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
OPTIONAL: tuple[str, ...] = ()
CURRENCY = "GBP"
NEARBY = 2_000
_INVOICE = re.compile(r"[CA]?[0-9]{1,11}", re.ASCII)
_GOODS = re.compile(r"[0-9]{5}", re.ASCII)


def is_goods(stock_code: str) -> bool:
    """Merchandise has a code of five digits; all else is postage, discounts, fees, vouchers."""
    return _GOODS.match(stock_code) is not None


@dataclass(slots=True)
class _Invoice:
    line: int
    at: datetime
    customer: str
    country: str
    seen: int
    lines: list[SaleLine] = field(default_factory=list)


class Reader:
    """Checks rows one by one; remembers what repeats."""

    def __init__(self) -> None:
        self.invoice = values.Remembered(_invoice)
        self.sku = values.sku("StockCode")
        self.description = values.words("Description", 200)
        self.quantity = values.whole("Quantity")
        self.lines = values.Remembered(self._line)
        self.at = values.local_time("InvoiceDate", ZoneInfo("Europe/London"))
        self.price = values.number("UnitPrice")
        self.customer = values.Remembered(_customer)
        self.country = values.words("Country", 60)
        self.goods = values.Remembered(is_goods)
        self.rounded = values.rounder(CURRENCY)

    def documents(self, table: Table, report: ImportReport) -> Iterator[Sale | CreditNote]:
        """Yield sales as soon as their invoice has ended, then all credit notes by time."""
        open_invoices: dict[str, _Invoice] = {}
        notes: dict[str, CreditNote] = {}
        for line, row in table.rows(report):
            try:
                self._read(line, row, open_invoices, notes, report)
            except BadRow as bad:
                report.reject(line, bad.column, str(bad))
            if not report.rows % 500:
                ended = [number for number, one in open_invoices.items() if one.seen < report.rows - NEARBY]
                for number in ended:
                    yield _sale(number, open_invoices.pop(number))
        for number, invoice in open_invoices.items():
            yield _sale(number, invoice)
        yield from sorted(notes.values(), key=lambda note: (note.credited_at, note.line))

    def _read(
        self,
        line: int,
        row: tuple[str, ...],
        open_invoices: dict[str, _Invoice],
        notes: dict[str, CreditNote],
        report: ImportReport,
    ) -> None:
        number = self.invoice[row[0]]
        bought = self.lines[row[1], row[2], row[3], row[5]]
        at, customer, country = self.at[row[4]], self.customer[row[6]], self.country[row[7]]
        if number[0] == "A" or (number[0] != "C" and bought.quantity <= 0):
            report.adjustments += 1
            return
        if bought.unit_price < 0:
            raise BadRow("UnitPrice", f"{row[5]} is negative; only adjustments (A…) may be.")
        if number[0] == "C":
            self._credit(line, number, bought, at, customer, country, notes)
            return
        invoice = open_invoices.get(number)
        if invoice is None:
            invoice = open_invoices[number] = _Invoice(line, at, customer, country, report.rows)
        elif invoice.customer != customer:
            raise BadRow("CustomerID", f"Line {invoice.line} of this invoice names another customer.")
        elif at < invoice.at:
            invoice.at = at
        invoice.seen = report.rows
        invoice.lines.append(bought)

    def _line(self, texts: tuple[str, str, str, str]) -> SaleLine:
        """One line as it may stand on many invoices."""
        sku, description = self.sku[texts[0]], self.description[texts[1]]
        quantity, price = self.quantity[texts[2]], self.price[texts[3]]
        return SaleLine(sku, description, quantity, price, self.rounded(price * quantity))

    def _credit(
        self,
        line: int,
        number: str,
        given: SaleLine,
        at: datetime,
        customer: str,
        country: str,
        notes: dict[str, CreditNote],
    ) -> None:
        quantity, price = -given.quantity, given.unit_price
        if quantity <= 0:
            raise BadRow("Quantity", f"{given.quantity} on a credit note; it must be negative.")
        amount = values.plausible("UnitPrice", -given.gross)
        note = notes.get(number)
        if note is None:
            note = notes[number] = CreditNote(line, number, at, customer, country, CURRENCY)
        elif note.customer != customer:
            raise BadRow("CustomerID", f"Line {note.line} of this credit note names another customer.")
        note.credited_at = min(note.credited_at, at)
        note.lines.append(CreditLine(given.sku, given.description, quantity, price, amount, self.goods[given.sku]))


def _sale(number: str, invoice: _Invoice) -> Sale:
    buyer = Buyer(invoice.customer, invoice.country) if invoice.customer else None
    return Sale(invoice.line, number, invoice.at, buyer, invoice.country, CURRENCY, invoice.lines)


def _invoice(text: str) -> str:
    if not text:
        raise BadRow("InvoiceNo", "This is empty.")
    if not _INVOICE.fullmatch(text):
        raise BadRow("InvoiceNo", f"{values.shown(text)} is not digits, nor C or A and digits.")
    return text


def _customer(text: str) -> str:
    if not text:
        return ""
    number = text.removesuffix(".0")  # how a spreadsheet writes 17850
    return values.code("CustomerID", 40)[number]
