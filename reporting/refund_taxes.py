"""Which sales tax went back to customers: by month, country and rate, as tax returns ask for it.

Told from credit memos: each refund's part of its memo in the month in which it was booked; one that failed after all is
taken off in the month in which that was booked. The total is what stands on the account, to the cent.
"""

from dataclasses import dataclass
from decimal import Decimal

from refunds.memo_taxes import MEMO_TAXES, places
from reporting.came_back import rows
from reporting.period import Conditions, Filters, Period

GROUPS = ("month", "country", "rate")


@dataclass(frozen=True)
class RefundTax:
    """One rate of one country in one month. `rate` in percent, None for what has none; money in major units."""

    month: str
    country: str
    rate: Decimal | None
    refunds: int
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def answer(period: Period, filters: Filters, by: str = "") -> list[RefundTax]:
    """Return what went back, in one currency; `by` month or country leaves the other out, the rate always stays."""
    conditions = Conditions("t.currency = %(currency)s", "e.cause LIKE 'refund/%%'", currency=filters.currency)
    conditions.within("e.booked_at", period)
    if filters.country:
        conditions.add("o.country = %(country)s::text", country=filters.country)
    month = "''" if by == "country" else "to_char(e.booked_at AT TIME ZONE %(zone)s::text, 'YYYY-MM')"
    country = "''" if by == "month" else "o.country"
    found = rows(
        f"""
        WITH {MEMO_TAXES}
        SELECT {month} AS month, {country} AS country, t.rate, count(DISTINCT t.refund_id) AS refunds,
               sum(t.net * way.sign) AS net, sum(t.tax * way.sign) AS tax
          FROM oms_journalentry e
          JOIN refund_tax t ON t.number = split_part(e.cause, '/', 2)
          JOIN oms_order o ON o.id = t.order_id
          CROSS JOIN LATERAL (SELECT CASE split_part(e.cause, '/', 3) WHEN 'failed' THEN -1 ELSE 1 END AS sign) way
         WHERE {conditions} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",  # noqa: S608 - constants; values are parameters
        conditions.values | places() | {"zone": period.zone},
    )
    return [RefundTax(**row) for row in found]
