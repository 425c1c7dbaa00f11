"""Money is conserved: captured = refunded + kept, per order, read from two books that do not know each other.

One side is the payments' own counters, which the refund protocol keeps; the other is the journal's postings. A third
reading, the refunds that are settled, must agree too. The drift is what is between them and must read zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from oms.journal import MONEY
from refunds.states import RefundStatus

# Postings of captures are what came in; every other posting on a money account is what went back. Credit that is given,
# corrected or expires without an order's money is no part of either (its own report compares it with the books).
READ = """
    WITH paid AS (
        SELECT order_id, currency, sum(captured) AS captured, sum(refunded) AS refunded
          FROM oms_payment GROUP BY order_id, currency
    ), booked AS (
        SELECT e.order_id, p.currency,
               coalesce(sum(p.amount) FILTER (WHERE e.cause LIKE 'capture/%%'), 0) AS captured,
               coalesce(-sum(p.amount) FILTER (WHERE e.cause NOT LIKE 'capture/%%'), 0) AS refunded
          FROM oms_posting p JOIN oms_journalentry e ON e.id = p.entry_id
         WHERE p.account = ANY(%s) AND e.cause NOT LIKE 'store_credit/%%' GROUP BY e.order_id, p.currency
    ), settled AS (
        SELECT order_id, currency, sum(amount) AS refunded
          FROM refunds_refund WHERE status = %s GROUP BY order_id, currency
    )
    SELECT coalesce(o.number, ''), sums.*
      FROM (SELECT order_id, currency,
                   coalesce(paid.captured, 0), coalesce(paid.refunded, 0),
                   coalesce(booked.captured, 0), coalesce(booked.refunded, 0), coalesce(settled.refunded, 0)
              FROM paid FULL JOIN booked USING (order_id, currency) FULL JOIN settled USING (order_id, currency)) sums
      LEFT JOIN oms_order o ON o.id = sums.order_id
     ORDER BY sums.currency, o.number
"""


@dataclass(frozen=True)
class Balance:
    """One order in one currency, as each book has it. Amounts in the currency's major units."""

    order: str
    currency: str
    captured: Decimal
    refunded: Decimal
    captured_in_journal: Decimal
    refunded_in_journal: Decimal
    refunds_settled: Decimal

    @property
    def kept(self) -> Decimal:
        return self.captured - self.refunded

    @property
    def drift(self) -> Decimal:
        """How far the books are apart, differences never setting each other off."""
        return (
            abs(self.captured - self.captured_in_journal)
            + abs(self.refunded - self.refunded_in_journal)
            + abs(self.refunded - self.refunds_settled)
        )


def balances() -> Iterator[Balance]:
    """Every order that ever had money, by currency and number. One statement, so that it is one moment."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [[str(account) for account in MONEY], RefundStatus.SETTLED])
        yield from (Balance(number, *amounts) for number, _order_id, *amounts in cursor)
