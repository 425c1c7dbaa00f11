"""Per tax line: the sales tax of an order and of its refunds, rate by rate, is what stands on the account.

Two sources: the frozen taxes of order lines and credit memo lines, cut as payments and refunds share them, and the
postings to sales tax.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from oms.journal import Account
from refunds.memo_taxes import MEMO_TAXES, places
from refunds.states import RefundStatus

READ = f"""
    WITH {MEMO_TAXES}, sold AS (
        SELECT order_id, rate, sum(tax) AS tax FROM (
            SELECT order_id, nullif(tax_rate, 0) AS rate, tax FROM oms_orderline
            UNION ALL SELECT id, NULL, shipping_tax FROM oms_order
        ) parts GROUP BY order_id, rate
    ), paid AS (
        SELECT order_id, sum(captured) AS captured FROM oms_payment GROUP BY order_id
    ), due AS (
        SELECT o.id AS order_id, o.currency, sold.rate,
               round(sold.tax * paid.captured / nullif(o.total, 0), x.places) AS captured
          FROM sold JOIN oms_order o ON o.id = sold.order_id JOIN paid ON paid.order_id = o.id
          JOIN unnest(%(currencies)s::text[], %(places)s::int[]) AS x (currency, places) ON x.currency = o.currency
    ), back AS (
        SELECT order_id, currency, rate, sum(tax) AS refunded FROM refund_tax WHERE status = %(settled)s
         GROUP BY order_id, currency, rate
    ), booked AS (
        SELECT e.order_id, p.currency, p.tax_rate AS rate,
               coalesce(-sum(p.amount) FILTER (WHERE e.cause LIKE 'capture/%%'), 0) AS captured,
               coalesce(sum(p.amount) FILTER (WHERE e.cause NOT LIKE 'capture/%%'), 0) AS refunded
          FROM oms_posting p JOIN oms_journalentry e ON e.id = p.entry_id
         WHERE p.account = %(account)s AND e.order_id IS NOT NULL GROUP BY 1, 2, 3
    )
    SELECT o.number, sums.currency, nullif(sums.rate, -1), captured, refunded, captured_in_journal, refunded_in_journal
      FROM (SELECT order_id, currency, rate, sum(captured) AS captured, sum(refunded) AS refunded,
                   sum(captured_in_journal) AS captured_in_journal, sum(refunded_in_journal) AS refunded_in_journal
              FROM (
                  SELECT order_id, currency, coalesce(rate, -1) AS rate, coalesce(captured, 0) AS captured,
                         0 AS refunded, 0 AS captured_in_journal, 0 AS refunded_in_journal FROM due
                  UNION ALL SELECT order_id, currency, coalesce(rate, -1), 0, refunded, 0, 0 FROM back
                  UNION ALL SELECT order_id, currency, coalesce(rate, -1), 0, 0, captured, refunded FROM booked
              ) every GROUP BY order_id, currency, rate) sums
      JOIN oms_order o ON o.id = sums.order_id
     WHERE NOT %(drifting)s OR captured <> captured_in_journal OR refunded <> refunded_in_journal
     ORDER BY sums.currency, o.number, sums.rate
"""  # noqa: S608 - no words of anybody


@dataclass(frozen=True)
class TaxReading:
    """One rate of one order (None: no rate of its own), in its currency's major units, all ≥ 0 as a rule."""

    order: str
    currency: str
    rate: Decimal | None
    captured: Decimal
    refunded: Decimal
    captured_in_journal: Decimal
    refunded_in_journal: Decimal

    @property
    def kept(self) -> Decimal:
        return self.captured - self.refunded

    @property
    def drift(self) -> Decimal:
        return abs(self.captured - self.captured_in_journal) + abs(self.refunded - self.refunded_in_journal)


def taxes(*, drifting: bool = False) -> Iterator[TaxReading]:
    """Every tax line of every order that has money, or only those that drift. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            READ,
            places() | {"settled": str(RefundStatus.SETTLED), "account": str(Account.SALES_TAX), "drifting": drifting},
        )
        yield from (TaxReading(*row) for row in cursor)
