"""Credit memos in the columns of the common QuickBooks Online importers: one row a line, prices without tax.

RefNumber has at most 21 characters. Quantity × price must be the amount: where a price would not be exact, the line is
one piece at its whole amount and says in words how many it stands for.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from oms.money import check_amount
from oms.spreadsheets import lines as csv_lines
from refunds.accounting.base import Days, Layout
from refunds.accounting.memos import Memo, MemoLine, memos

HEADER = (
    "RefNumber", "Customer", "TxnDate", "Class", "Location", "BillAddrLine1", "BillAddrCity", "BillAddrState",
    "BillAddrPostalCode", "BillAddrCountry", "PrivateNote", "Msg", "BillEmail", "ShipAmt", "TaxAmt", "LineItem",
    "LineQty", "LineUnitPrice", "LineAmount", "LineDesc", "LineTaxable",
)  # fmt: skip
ITEMS = {"goods": "GOODS", "shipping": "SHIPPING", "fee": "RESTOCK-FEE", "goodwill": "GOODWILL", "other": "REFUND"}


def lines(days: Days) -> Iterator[str]:
    yield from csv_lines(HEADER, _rows(days))


def _rows(days: Days) -> Iterator[list[Any]]:
    for memo in memos(days):
        goods = [line for line in memo.lines if line.kind != "shipping"]
        shipping = sum((line.net for line in memo.lines if line.kind == "shipping"), Decimal(0))
        for line in goods or memo.lines:
            yield _row(memo, line, shipping if goods else Decimal(0))


def _row(memo: Memo, line: MemoLine, shipping: Decimal) -> list[Any]:
    quantity, price, what = line.priced(memo.currency)
    return [
        memo.document, memo.name, memo.day.isoformat(), "", "", memo.street, memo.city, memo.region, memo.postcode,
        memo.country, memo.reference, f"Refund for {'return' if memo.rma else 'order'} {memo.reference}", memo.email,
        check_amount(shipping, memo.currency), memo.tax, line.sku or ITEMS[line.kind], quantity, price, line.net,
        f"Returned: {what}" if line.kind == "goods" else what, "Y" if line.tax else "N",
    ]  # fmt: skip


QUICKBOOKS = Layout(
    "quickbooks_credit_memo",
    _("QuickBooks credit memos"),
    _("One row for each line of a credit memo, as the common importers read it."),
    "csv",
    lines,
)
