"""Store credit to test with, and what stands in the books about it."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.db.models import F, Sum

from oms.models import Customer, Posting
from refunds import lifecycle
from refunds.models import StoreCredit, StoreCreditEntry, StoreCreditGrant
from refunds.store_credit import Category
from refunds.store_credit.kinds import balance_change
from tests.builders import NOON, a_customer

DESK = "user:7"
LATER = NOON + timedelta(days=3)


def some_credit(
    amount: str, customer: Customer | None = None, *, category: Category = Category.GOODWILL, currency: str = "GBP"
) -> StoreCredit:
    entry = lifecycle.grant_credit(
        customer or a_customer(),
        Decimal(amount),
        currency,
        category=category,
        cause=f"test/{uuid4()}",
        by=DESK,
        at=NOON,
    )
    return entry.account


def remaining(account: StoreCredit) -> Decimal:
    left = account.grants.aggregate(left=Sum(F("amount") - F("used") - F("authorized")))["left"]
    return left or Decimal(0)


def by_entries(account: StoreCredit) -> Decimal:
    entries = StoreCreditEntry.objects.filter(account=account)
    return sum((balance_change(one.kind, one.amount) for one in entries), Decimal(0))


def owed() -> Decimal:
    """What all grants together still oblige us to."""
    return StoreCreditGrant.objects.aggregate(owed=Sum(F("amount") - F("used")))["owed"] or Decimal(0)


def owed_in_the_books() -> Decimal:
    booked = Posting.objects.filter(account="store_credit").aggregate(sum=Sum("amount"))["sum"]
    return -(booked or Decimal(0))
