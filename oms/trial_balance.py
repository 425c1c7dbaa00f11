"""The trial balance: what stands on each account at an instant. Every currency adds up to zero."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from oms.journal import Account

READ = """
    SELECT p.currency, p.account, coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0),
           coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0)
      FROM oms_posting p {}
     GROUP BY p.currency, p.account
"""
EVER = READ.format("")
UP_TO = READ.format("JOIN oms_journalentry e ON e.id = p.entry_id WHERE e.booked_at <= %s")


@dataclass(frozen=True)
class Balance:
    """One account in one currency: all debits, all credits, both ≥ 0, in the currency's major units."""

    currency: str
    account: Account
    debits: Decimal
    credits: Decimal

    @property
    def balance(self) -> Decimal:
        """Debits less credits."""
        return self.debits - self.credits

    @property
    def is_unusual(self) -> bool:
        """Whether it stands on the side it does not grow on: store credit that somebody owes us, say."""
        return bool(self.balance) and (self.balance > 0) != self.account.grows_by_debit


def trial_balance(at: datetime | None = None) -> list[Balance]:
    """Every account that was ever used up to and including `at` (None: ever), by currency and number."""
    with connection.cursor() as cursor:
        cursor.execute(EVER if at is None else UP_TO, [] if at is None else [at])
        found = [Balance(currency, Account(account), *sums) for currency, account, *sums in cursor.fetchall()]
    return sorted(found, key=lambda one: (one.currency, one.account.number))


@dataclass(frozen=True)
class Total:
    """All accounts of one currency; `off` is what they are apart and must be zero."""

    currency: str
    debits: Decimal
    credits: Decimal

    @property
    def off(self) -> Decimal:
        return self.debits - self.credits


def totals(balances: Iterable[Balance]) -> Iterator[Total]:
    """What the two columns of balances come to, per currency, in the order they come in."""
    sums: dict[str, list[Decimal]] = {}
    for one in balances:
        debits, credits = sums.setdefault(one.currency, [Decimal(0), Decimal(0)])
        left = one.balance
        sums[one.currency] = [debits + max(left, Decimal(0)), credits + max(-left, Decimal(0))]
    for currency, (debits, credits) in sums.items():
        yield Total(currency, debits, credits)
