"""Credit notes as accounting programs write them: several rows a document, put together into one amount.

Xero: a credit note is a sales invoice with negative quantities (https://central.xero.com: import sales invoices); its
other import wants positive amounts, so a document that is positive in all is refused. QuickBooks: the fields of the
common importers, where tax and shipping stand on each row and count once a document.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from oms.money import EXPONENTS, round_ratio
from refunds.reconciliation.records import Kind, Line
from refunds.reconciliation.statements.reading import Bad, Rows, code, currency, day, minor, note

XERO = ("*InvoiceNumber", "Reference", "*InvoiceDate", "*Quantity", "*UnitAmount", "*TaxType")
QUICKBOOKS = ("RefNumber", "TxnDate", "PrivateNote", "ShipAmt", "TaxAmt", "LineQty", "LineUnitPrice", "LineAmount")
_RATE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)\s*%", re.ASCII)
_SHARE = 6  # decimals of quantities, prices and percentages


@dataclass(slots=True)
class _Document:
    line: int
    reference: str
    at: datetime
    currency: str
    once: tuple[str, str]
    amounts: list[int] = field(default_factory=list)


class _Documents:
    """Rows by document, checked for agreeing on what belongs to the whole."""

    def __init__(self, number: str) -> None:
        self.number, self.found = number, dict[str, _Document]()

    def of(self, id: str, line: int, reference: str, at: datetime, money: str, once: tuple[str, str]) -> _Document:
        document = self.found.setdefault(id, _Document(line, reference, at, money, once))
        if (document.at, document.currency, document.once) != (at, money, once):
            raise Bad(self.number, f"Line {document.line} of {id} says something else about the whole document.")
        return document

    def lines(self, rows: Rows, amount: Callable[[_Document], int]) -> list[Line]:
        made = []
        for id, one in self.found.items():
            try:
                made.append(
                    Line(Kind.CREDIT, id, id, amount(one), one.currency, one.at, reference=one.reference, line=one.line)
                )
            except Bad as bad:
                rows.note(bad, one.line)
        return made


def read_xero(rows: Rows, default: str, prices_include_tax: bool) -> list[Line]:
    rows.choose((*XERO, "Currency", "Discount"))
    days, documents = day("*InvoiceDate", "%d/%m/%Y", "27/03/2026"), _Documents("*InvoiceNumber")
    for line, (id, reference, at, quantity, price, tax, money, discount) in rows:
        try:
            code_ = currency("Currency", money) if money.strip() else default
            amount = _product("*Quantity", quantity, "*UnitAmount", price, discount, code_)
            if not prices_include_tax:
                amount += _tax(amount, tax)
            one = documents.of(
                code("*InvoiceNumber", id), line, note("Reference", reference), days[at], code_, ("", "")
            )
            one.amounts.append(amount)
        except Bad as bad:
            rows.note(bad, line)
    return documents.lines(rows, lambda one: _credited(-sum(one.amounts), "*Quantity", "negative"))


def read_quickbooks(rows: Rows, default: str, _prices_include_tax: bool) -> list[Line]:
    rows.choose((*QUICKBOOKS, "Currency"))
    days, documents = day("TxnDate", "%Y-%m-%d", "2026-03-27"), _Documents("RefNumber")
    for line, (id, at, reference, shipping, tax, _quantity, _price, amount, money) in rows:
        try:
            code_ = currency("Currency", money) if money.strip() else default
            whole = (shipping or "0", tax or "0")
            for column, text in zip(("ShipAmt", "TaxAmt"), whole, strict=True):
                minor(column, text, code_)
            one = documents.of(code("RefNumber", id), line, note("PrivateNote", reference), days[at], code_, whole)
            one.amounts.append(minor("LineAmount", amount, code_))
        except Bad as bad:
            rows.note(bad, line)

    def total(one: _Document) -> int:
        once = sum(minor("TaxAmt", text, one.currency) for text in one.once)
        return _credited(sum(one.amounts) + once, "LineAmount", "positive")

    return documents.lines(rows, total)


def _credited(amount: int, column: str, sign: str) -> int:
    if amount <= 0:
        raise Bad(column, f"This document gives nothing back: amounts of a credit note are {sign} in this layout.")
    return amount


def _product(quantity_column: str, quantity: str, price_column: str, price: str, discount: str, money: str) -> int:
    """Quantity × price less a discount in percent, rounded once, in the smallest unit."""
    scaled = minor(quantity_column, quantity, money, places=_SHARE) * minor(price_column, price, money, places=_SHARE)
    percent = minor("Discount", discount or "0", money, places=_SHARE)
    if not 0 <= percent <= 100 * 10**_SHARE:
        raise Bad("Discount", f"{discount} is no percentage.")
    left = scaled * (100 * 10**_SHARE - percent)
    return round_ratio(left * 10 ** EXPONENTS[money], 100 * 10 ** (3 * _SHARE))


def _tax(amount: int, tax_type: str) -> int:
    """The tax on top of a net amount, by the rate that begins the name of a tax type; names without one are untaxed."""
    found = _RATE.search(tax_type)
    if found is None:
        return 0
    whole, _dot, rest = found[1].partition(".")
    return round_ratio(amount * int(whole + rest.ljust(4, "0")), 100 * 10**4)
