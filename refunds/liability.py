"""What we owe as store credit, by age, and whether the books say the same (for finance, at every close)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from oms.journal import Account
from oms.models import Posting

# Days since it was given, up to and with; the last one has no end.
AGES = (30, 90, 180, 365)

READ = """
    SELECT a.currency, g.category,
           width_bucket(extract(epoch FROM %s::timestamptz - g.granted_at) / 86400, %s::float8[]) AS age,
           sum(g.amount - g.used) AS owed, sum(g.authorized) AS held, count(*),
           sum(CASE WHEN g.expires_at <= %s THEN g.amount - g.used - g.authorized ELSE 0 END) AS overdue
      FROM refunds_storecreditgrant g JOIN refunds_storecredit a ON a.id = g.account_id
     WHERE g.amount > g.used
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class Owed:
    """Credit of one category and age in days. Parts of `owed`: `held` for orders, `overdue` since it expired."""

    currency: str
    category: str
    age: str
    grants: int
    owed: Decimal
    held: Decimal
    overdue: Decimal


@dataclass(frozen=True)
class Total:
    """All of one currency, as the ledger of store credit has it and as the journal has it."""

    currency: str
    owed: Decimal
    booked: Decimal

    @property
    def drift(self) -> Decimal:
        """What is between the two; must be zero."""
        return self.owed - self.booked


def by_age(at: datetime, currency: str = "") -> list[Owed]:
    """What is owed at `at`, by currency, category and days since it was given."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [at, [0.0, *map(float, AGES)], at])
        found = [
            Owed(code, category, age_words(bucket), count, owed, held, overdue)
            for code, category, bucket, owed, held, count, overdue in cursor.fetchall()
        ]
    return [one for one in found if currency in ("", one.currency)]


def age_words(bucket: int) -> str:
    """“0–30”, “31–90” … “366+”: days."""
    ends: Sequence[int] = AGES
    bucket = max(1, bucket)
    if bucket > len(ends):
        return f"{ends[-1] + 1}+"
    return f"{ends[bucket - 2] + 1 if bucket > 1 else 0}–{ends[bucket - 1]}"


def totals(at: datetime) -> list[Total]:
    """Every currency that owes something, or that the books say owes something."""
    owed: dict[str, Decimal] = {}
    for one in by_age(at):
        owed[one.currency] = owed.get(one.currency, Decimal(0)) + one.owed
    postings = Posting.objects.filter(account=Account.STORE_CREDIT).values_list("currency")
    booked = {currency: -total for currency, total in postings.annotate(total=Sum("amount")).order_by("currency")}
    return [
        Total(currency, owed.get(currency, Decimal(0)), booked.get(currency, Decimal(0)))
        for currency in sorted(owed | booked)
        if owed.get(currency) or booked.get(currency)
    ]
