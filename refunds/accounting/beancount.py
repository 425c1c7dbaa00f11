"""The journal for beancount (https://beancount.github.io/docs/beancount_language_syntax.html): `bean-check` passes.

A file stands alone: it opens every account, brings forward what stood on them before its first day, and asserts what
stands on them after its last.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext_lazy as _

from oms.journal import Account, Kind
from oms.models import JournalEntry, Posting
from oms.money import amount_text
from oms.trial_balance import Balance, trial_balance
from refunds.accounting.base import Days, Layout

ROOTS = {Kind.ASSET: "Assets", Kind.LIABILITY: "Liabilities", Kind.INCOME: "Income", Kind.EXPENSE: "Expenses"}
OPENING = "Equity:Opening"
CHUNK = 2000
_NOT_IN_A_LINK = re.compile(r"[^A-Za-z0-9\-_/.]+")
WHAT = {
    "capture": "Payment captured",
    "outcome": "Goods taken back",
    "dispute": "Dispute lost",
    "manual": "Made by hand",
}


def account_name(account: Account) -> str:
    """SALES_TAX → Liabilities:SalesTax."""
    return f"{ROOTS[account.kind]}:{''.join(part.capitalize() for part in account.value.split('_'))}"


def lines(days: Days) -> Iterator[str]:
    """Yield the file: options, accounts, what was brought forward, entries by day, balances."""
    before = _standing(days, first=True)
    after = _standing(days, first=False)
    currencies = sorted({one.currency for one in after})
    yield f'option "title" "Homeward, {days.first} to {days.last}"\n'
    for currency in currencies:
        yield f'option "operating_currency" "{currency}"\n'
    yield "\n"
    for account, used in groupby(
        sorted(after, key=lambda one: (one.account.number, one.currency)), lambda o: o.account
    ):
        yield f"{days.first} open {account_name(account)} {','.join(one.currency for one in used)}\n"
    if currencies:
        yield f"{days.first} open {OPENING} {','.join(currencies)}\n"
    yield from _brought_forward(days.first, [one for one in before if one.balance])
    yield from _entries(days)
    if after:
        yield "\n"
    for one in after:
        amount = amount_text(one.balance, one.currency)
        yield f"{days.last + timedelta(days=1)} balance {account_name(one.account)} {amount} {one.currency}\n"


def _standing(days: Days, *, first: bool) -> list[Balance]:
    instant = days.begins_at if first else days.ends_at
    return trial_balance(instant - timedelta(microseconds=1))


def _brought_forward(day: date, balances: Sequence[Balance]) -> Iterator[str]:
    for currency, found in groupby(balances, lambda one: one.currency):
        yield f'\n{day} * "Brought forward"\n'
        sums = Decimal(0)
        for one in found:
            sums += one.balance
            yield _posting(account_name(one.account), one.balance, currency)
        yield _posting(OPENING, -sums, currency)


def _entries(days: Days) -> Iterator[str]:
    postings = (
        Posting.objects.filter(entry__booked_at__gte=days.begins_at, entry__booked_at__lt=days.ends_at)
        .select_related("entry__order")
        .order_by("entry__booked_at", "entry_id", "id")
    )
    for entry, parts in groupby(postings.iterator(chunk_size=CHUNK), lambda posting: posting.entry):
        yield from _entry(entry, parts, days)


def _entry(entry: JournalEntry, postings: Iterator[Posting], days: Days) -> Iterator[str]:
    order = entry.order
    payee = f"Order {order.number}" if order else "Homeward"
    link = f" ^order-{_NOT_IN_A_LINK.sub('-', order.number)}" if order else ""
    words = entry.note or _words(entry.cause)
    yield f"\n{days.day_of(entry.booked_at)} * {_text(payee)} {_text(words)}{link}\n"
    yield f"  cause: {_text(entry.cause)}\n"
    if entry.booked_at != entry.occurred_at:
        yield f"  occurred: {days.day_of(entry.occurred_at)}\n"
    for one in postings:
        yield _posting(account_name(Account(one.account)), one.amount, one.currency)
        if one.tax_rate is not None:
            yield f"    rate: {one.tax_rate.normalize():f}\n"


def _posting(account: str, amount: Decimal, currency: str) -> str:
    return f"  {account:<32} {amount_text(amount, currency):>16} {currency}\n"


def _words(cause: str) -> str:
    first, _slash, rest = cause.partition("/")
    if first == "refund":
        return "Refund failed after all" if "/failed/" in rest else "Refund paid"
    return WHAT.get(first, first.replace("_", " ").capitalize())


def _text(words: str) -> str:
    """A string of the language: no line break, quotes and backslashes escaped."""
    plain = " ".join(words.replace("\0", "").split())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


BEANCOUNT = Layout(
    "beancount",
    _("Beancount ledger"),
    _("Every entry, with balances that bean-check verifies."),
    "beancount",
    lines,
)
