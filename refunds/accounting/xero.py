"""Credit memos in the columns of Xero's sales invoice import: there a credit is an invoice of negative quantities.

Prices are without tax, dates DD/MM/YYYY. Xero takes at most 500 invoices a file and reckons tax from the rate itself.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from oms.journal import Account
from oms.spreadsheets import lines as csv_lines
from refunds.accounting.base import Days, Layout
from refunds.accounting.memos import Memo, MemoLine, memos
from refunds.states import RefundSource

HEADER = (
    "*ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4", "POCity",
    "PORegion", "POPostalCode", "POCountry", "*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate",
    "InventoryItemCode", "*Description", "*Quantity", "*UnitAmount", "Discount", "*AccountCode", "*TaxType",
    "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2", "Currency", "BrandingTheme",
)  # fmt: skip
ACCOUNTS = {"fee": Account.FEES, "goodwill": Account.GOODWILL}


def lines(days: Days) -> Iterator[str]:
    yield from csv_lines(HEADER, (_row(memo, line) for memo in memos(days) for line in memo.lines))


def _row(memo: Memo, line: MemoLine) -> list[Any]:
    quantity, price, what = line.priced(memo.currency)
    day = f"{memo.day:%d/%m/%Y}"
    account = ACCOUNTS.get(line.kind, Account.SALES if memo.source == RefundSource.CANCELLATION else Account.RETURNS)
    # What is kept is charged: a fee has a price above zero and is not taken back.
    pieces, price = (quantity, -price) if line.kind == "fee" else (-quantity, price)
    return [
        memo.name, memo.email, memo.street, "", "", "", memo.city, memo.region, memo.postcode, memo.country,
        memo.document, memo.reference, day, day, line.sku, f"Returned: {what}" if line.kind == "goods" else what,
        pieces, price, "", account.number, f"{line.rate.normalize():f}% (VAT on Income)" if line.rate else "No VAT",
        "", "", "", "", memo.currency, "",
    ]  # fmt: skip


XERO = Layout(
    "xero_sales_credit_note",
    _("Xero credit notes"),
    _("Credit memos as invoices with negative quantities. Xero takes at most 500 a file."),
    "csv",
    lines,
)
