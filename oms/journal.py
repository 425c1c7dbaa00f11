"""The books: double entry, written in the transaction of the movement itself.

Debit is positive, credit negative. Every entry sums to zero per currency (a trigger refuses others) and has a cause
that is booked at most once.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.models import JournalEntry, Order, Posting
from oms.states import PaymentMethod


class Kind(TextChoices):
    """What an account is, and with it on which side it grows."""

    ASSET = "asset", _("asset")
    LIABILITY = "liability", _("liability")
    INCOME = "income", _("income")
    EXPENSE = "expense", _("expense")

    @property
    def grows_by_debit(self) -> bool:
        return self in (Kind.ASSET, Kind.EXPENSE)


class Account(TextChoices):
    """The chart of accounts. What is stored is the value; `number`, `kind` and the normal side stand in CHART."""

    BANK = "bank", _("bank and cash")
    PROVIDER = "provider", _("money at the payment provider")
    PAYPAL = "paypal", _("money at PayPal")
    INVENTORY = "inventory", _("goods in stock")
    IMPAIRED = "impaired", _("expected loss on graded goods")
    SALES_TAX = "sales_tax", _("sales tax owed")
    STORE_CREDIT = "store_credit", _("store credit owed")
    EXCHANGES = "exchanges", _("exchanges under way")
    CARRIER_PAYABLE = "carrier_payable", _("owed to carriers")
    GOODS_RECEIVED = "goods_received", _("goods received, not invoiced")
    SALES = "sales", _("sales")
    RETURNS = "returns", _("returned sales")
    FEES = "fees", _("fees kept from returns")
    EXPIRED_CREDIT = "expired_credit", _("store credit expired")
    RECOVERED = "recovered", _("returned goods sold off")
    COST_OF_GOODS = "cost_of_goods", _("cost of goods sold")
    WRITE_OFF = "write_off", _("goods written off")
    IMPAIRMENT = "impairment", _("loss of value by grade")
    REVALUATION = "revaluation", _("change of costing method")
    WORKSHOP = "workshop", _("repairs and refurbishing")
    CARRIAGE = "carriage", _("shipping of returns and exchanges")
    GOODWILL = "goodwill", _("goodwill")
    BONUS = "bonus", _("bonuses on store credit")
    CHARGEBACKS = "chargebacks", _("money lost in disputes")
    PROVIDER_FEES = "provider_fees", _("fees of payment providers")

    @property
    def number(self) -> str:
        """Its number in the chart: 1… assets, 2… liabilities, 4… income, 5… expenses."""
        return CHART[self][0]

    @property
    def kind(self) -> Kind:
        return CHART[self][1]

    @property
    def grows_by_debit(self) -> bool:
        """Its normal side. Returned sales lower income, so they grow by debit; expected losses lower goods."""
        if self in (Account.RETURNS, Account.IMPAIRED):
            return not self.kind.grows_by_debit
        return self.kind.grows_by_debit


CHART: dict[Account, tuple[str, Kind]] = {
    Account.BANK: ("1000", Kind.ASSET),
    Account.PROVIDER: ("1100", Kind.ASSET),
    Account.PAYPAL: ("1110", Kind.ASSET),
    Account.INVENTORY: ("1300", Kind.ASSET),
    Account.IMPAIRED: ("1310", Kind.ASSET),
    Account.SALES_TAX: ("2000", Kind.LIABILITY),
    Account.STORE_CREDIT: ("2100", Kind.LIABILITY),
    Account.EXCHANGES: ("2200", Kind.LIABILITY),
    Account.CARRIER_PAYABLE: ("2300", Kind.LIABILITY),
    Account.GOODS_RECEIVED: ("2400", Kind.LIABILITY),
    Account.SALES: ("4000", Kind.INCOME),
    Account.RETURNS: ("4100", Kind.INCOME),
    Account.FEES: ("4200", Kind.INCOME),
    Account.EXPIRED_CREDIT: ("4300", Kind.INCOME),
    Account.RECOVERED: ("4400", Kind.INCOME),
    Account.COST_OF_GOODS: ("5000", Kind.EXPENSE),
    Account.WRITE_OFF: ("5100", Kind.EXPENSE),
    Account.IMPAIRMENT: ("5110", Kind.EXPENSE),
    Account.REVALUATION: ("5120", Kind.EXPENSE),
    Account.WORKSHOP: ("5130", Kind.EXPENSE),
    Account.CARRIAGE: ("5200", Kind.EXPENSE),
    Account.GOODWILL: ("5300", Kind.EXPENSE),
    Account.BONUS: ("5310", Kind.EXPENSE),
    Account.CHARGEBACKS: ("5400", Kind.EXPENSE),
    Account.PROVIDER_FEES: ("5410", Kind.EXPENSE),
}

# Where value stands while it is neither the customer's nor earned: what a payment puts in, and a refund takes out.
MONEY = (Account.BANK, Account.PROVIDER, Account.PAYPAL, Account.STORE_CREDIT, Account.EXCHANGES)
# Of these, what is credited rather than paid: it stays with us until it is spent.
CREDIT = (Account.STORE_CREDIT, Account.EXCHANGES)

PAID_INTO: dict[str, Account] = {
    PaymentMethod.CARD: Account.PROVIDER,
    PaymentMethod.PAYPAL: Account.PAYPAL,
    PaymentMethod.MANUAL: Account.BANK,
    PaymentMethod.STORE_CREDIT: Account.STORE_CREDIT,
    PaymentMethod.GIFT_CARD: Account.BANK,  # sold elsewhere: what we owe as store credit is on our own ledger only
    PaymentMethod.IMPORTED: Account.BANK,
}


def paid_into(method: str) -> Account:
    """The account a payment by this method debits when it is captured, and its refund credits."""
    return PAID_INTO[method]


# An account, an amount, and of sales tax its rate in percent.
Booking = tuple[Account, Decimal] | tuple[Account, Decimal, Decimal | None]


_POST = """
    WITH entry AS (
        INSERT INTO oms_journalentry (cause, order_id, occurred_at) VALUES (%s, %s, %s) RETURNING id, booked_at
    ), posted AS (
        INSERT INTO oms_posting (entry_id, currency, account, amount, tax_rate)
        SELECT entry.id, %s::text, booked.* FROM entry, unnest(%s::text[], %s::numeric[], %s::numeric[]) AS booked
    )
    SELECT id, booked_at FROM entry
"""


def post(
    cause: str,
    postings: Iterable[Booking],
    *,
    currency: str,
    at: datetime,
    order: Order | None = None,
) -> JournalEntry:
    """Book one entry; it and all its postings go in with one statement, so that the zero-sum trigger sees it whole.

    `at` is when it happened. PostgreSQL books it then, or at the start of the first month that is still open: what the
    system books is never refused for its date. Amounts of zero are left out. Raises IntegrityError when the cause is
    booked already or the sum is not zero.
    """
    booked = [(account, amount, rate[0] if rate else None) for account, amount, *rate in postings if amount]
    accounts, amounts, rates = ([one[column] for one in booked] for column in range(3))
    entry = JournalEntry(cause=cause, order=order, occurred_at=at, by="", note="")
    with connection.cursor() as cursor:
        cursor.execute(_POST, [cause, entry.order_id, at, currency, accounts, amounts, rates])
        entry.pk, entry.booked_at = cursor.fetchone()
    entry._state.adding, entry._state.db = False, connection.alias
    return entry


def post_by_hand(
    cause: str, postings: Iterable[Booking], *, currency: str, occurred_at: datetime, note: str, by: str
) -> JournalEntry:
    """Book what a person wants booked at just this instant: PostgreSQL refuses one in a closed month."""
    entry = JournalEntry.objects.create(
        cause=cause, occurred_at=occurred_at, booked_at=occurred_at, note=note[:200], by=by
    )
    _add(entry, postings, currency)
    return entry


def _add(entry: JournalEntry, postings: Iterable[Booking], currency: str) -> None:
    Posting.objects.bulk_create(
        Posting(entry=entry, account=account, amount=amount, currency=currency, tax_rate=rate[0] if rate else None)
        for account, amount, *rate in postings
        if amount
    )
