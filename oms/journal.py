"""The books: double entry, written in the transaction of the movement itself.

Debit is positive, credit negative. Every entry sums to zero per currency (a trigger refuses others) and has a cause
that is booked at most once.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.models import JournalEntry, Order, Posting


class Account(TextChoices):
    PROVIDER = "provider", _("money at the payment provider")
    SALES = "sales", _("sales")
    SALES_TAX = "sales_tax", _("sales tax owed")
    RETURNS = "returns", _("returned sales")
    FEES = "fees", _("fees kept from returns")
    STORE_CREDIT = "store_credit", _("store credit owed")
    GOODWILL = "goodwill", _("goodwill")
    INVENTORY = "inventory", _("goods in stock")
    COST_OF_GOODS = "cost_of_goods", _("cost of goods sold")
    WRITE_OFF = "write_off", _("goods written off")
    CARRIAGE = "carriage", _("return shipping bought")
    CARRIER_PAYABLE = "carrier_payable", _("owed to carriers")


def post(
    cause: str,
    postings: Iterable[tuple[Account, Decimal]],
    *,
    currency: str,
    at: datetime,
    order: Order | None = None,
) -> JournalEntry:
    """Book one entry; all its postings go in with one statement, so that the zero-sum trigger sees it whole.

    Amounts of zero are left out. Raises IntegrityError when the cause is booked already or the sum is not zero.
    """
    entry = JournalEntry.objects.create(cause=cause, order=order, booked_at=at)
    Posting.objects.bulk_create(
        Posting(entry=entry, account=account, amount=amount, currency=currency)
        for account, amount in postings
        if amount
    )
    return entry
