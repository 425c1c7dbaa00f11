"""Per order: what was captured is what was refunded, credited, charged back in lost disputes, and kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from oms.journal import CREDIT, MONEY
from oms.states import PaymentMethod
from refunds.states import RefundDestination, RefundStatus

# Postings of captures are what came in, those of disputes what was taken from us, fees are between the provider and us;
# every other one on a money account is what went back.
READ = """
    WITH paid AS (
        SELECT order_id, currency, sum(captured) AS captured, sum(refunded) AS back
          FROM oms_payment GROUP BY order_id, currency
    ), booked AS (
        SELECT e.order_id, p.currency,
               coalesce(sum(p.amount) FILTER (WHERE e.cause LIKE 'capture/%%'), 0) AS captured,
               coalesce(-sum(p.amount) FILTER (
                   WHERE e.cause NOT LIKE 'capture/%%' AND e.cause NOT LIKE 'dispute/%%'
                     AND e.cause NOT LIKE 'provider_fee/%%'
                     AND p.account <> ALL(%(credit)s)), 0) AS refunded,
               coalesce(-sum(p.amount) FILTER (
                   WHERE e.cause NOT LIKE 'capture/%%' AND p.account = ANY(%(credit)s)), 0) AS credited,
               coalesce(-sum(p.amount) FILTER (WHERE e.cause LIKE 'dispute/%%'), 0) AS charged_back
          FROM oms_posting p JOIN oms_journalentry e ON e.id = p.entry_id
         WHERE p.account = ANY(%(money)s) AND e.order_id IS NOT NULL GROUP BY e.order_id, p.currency
    ), settled AS (
        SELECT r.order_id, r.currency,
               coalesce(sum(r.amount) FILTER (WHERE NOT credit.is_credit), 0) AS refunded,
               coalesce(sum(r.amount) FILTER (WHERE credit.is_credit), 0) AS credited
          FROM refunds_refund r JOIN oms_payment p ON p.id = r.payment_id
               CROSS JOIN LATERAL (SELECT r.destination = ANY(%(destinations)s)
                   OR (r.destination = %(original)s AND p.method = ANY(%(methods)s)) AS is_credit) credit
         WHERE r.status = %(settled)s GROUP BY r.order_id, r.currency
    ), disputed AS (
        SELECT p.order_id, p.currency, sum(d.lost) AS lost
          FROM refunds_paymentdispute d JOIN oms_payment p ON p.id = d.payment_id
         WHERE d.lost > 0 GROUP BY p.order_id, p.currency
    )
    SELECT coalesce(o.number, ''), sums.currency, captured, back - credited, credited, charged_back,
           captured_in_journal, refunded_in_journal, credited_in_journal, charged_back_in_journal, refunds_settled
      FROM (SELECT order_id, currency,
                   coalesce(paid.captured, 0) AS captured, coalesce(paid.back, 0) AS back,
                   coalesce(booked.captured, 0) AS captured_in_journal,
                   coalesce(booked.refunded, 0) AS refunded_in_journal,
                   coalesce(booked.credited, 0) AS credited_in_journal,
                   coalesce(booked.charged_back, 0) AS charged_back_in_journal,
                   coalesce(settled.refunded, 0) AS refunds_settled, coalesce(settled.credited, 0) AS credited,
                   coalesce(disputed.lost, 0) AS charged_back
              FROM paid FULL JOIN booked USING (order_id, currency) FULL JOIN settled USING (order_id, currency)
                   FULL JOIN disputed USING (order_id, currency)) sums
      LEFT JOIN oms_order o ON o.id = sums.order_id
     ORDER BY sums.currency, o.number
"""


@dataclass(frozen=True)
class Balance:
    """One order in one currency, as each book has it. Amounts in the currency's major units.

    `refunded` is what went back as money, `credited` what became store credit or paid for an exchange, `charged_back`
    what lost disputes took.
    """

    order: str
    currency: str
    captured: Decimal
    refunded: Decimal
    credited: Decimal
    charged_back: Decimal
    captured_in_journal: Decimal
    refunded_in_journal: Decimal
    credited_in_journal: Decimal
    charged_back_in_journal: Decimal
    refunds_settled: Decimal

    @property
    def kept(self) -> Decimal:
        return self.captured - self.refunded - self.credited - self.charged_back

    @property
    def drift(self) -> Decimal:
        """How far the books are apart, differences never setting each other off."""
        return (
            abs(self.captured - self.captured_in_journal)
            + abs(self.refunded - self.refunded_in_journal)
            + abs(self.credited - self.credited_in_journal)
            + abs(self.charged_back - self.charged_back_in_journal)
            + abs(self.refunded - self.refunds_settled)
        )


def balances() -> Iterator[Balance]:
    """Every order that ever had money, by currency and number. One statement, so that it is one moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            READ,
            {
                "money": [str(account) for account in MONEY],
                "credit": [str(account) for account in CREDIT],
                "destinations": [str(RefundDestination.STORE_CREDIT), str(RefundDestination.EXCHANGE)],
                "original": str(RefundDestination.ORIGINAL),
                "methods": [str(method) for method in PaymentMethod.store_credit()],
                "settled": str(RefundStatus.SETTLED),
            },
        )
        yield from (Balance(*row) for row in cursor)
