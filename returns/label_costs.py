"""What labels cost, in the books: bought, and paid back when they were never used.

A label is booked within minutes and not as it is bought, so that buying one stays as cheap as it is; the entry says
when that was. What a carrier pays back is booked with its word.
"""

from datetime import datetime, timedelta

from django.db import connection

from oms import journal
from oms.journal import Account
from returns.models import LabelRefund, ParcelCase

LOOK_BACK = timedelta(days=40)  # older labels were booked, or belong to books that are closed

# Each label is an entry of its own; its cause keeps a second worker from booking it again.
BOOK = """
    WITH bought AS (
        SELECT 'label/' || p.id AS cause, r.order_id, p.labeled_at, p.price, p.currency
          FROM returns_parcel p JOIN returns_rma r ON r.id = p.rma_id
         WHERE p.labeled_at >= %(since)s AND p.price > 0 AND p.currency <> ''
     UNION ALL
        SELECT 'dispatch_label/' || d.id, r.order_id, d.labeled_at, d.price, d.currency
          FROM returns_dispatch d JOIN returns_rma r ON r.id = d.rma_id
         WHERE d.labeled_at >= %(since)s AND d.price > 0 AND d.currency <> ''
    ), due AS (
        SELECT * FROM bought b WHERE NOT EXISTS (SELECT FROM oms_journalentry e WHERE e.cause = b.cause)
         ORDER BY labeled_at LIMIT %(limit)s
    ), entry AS (
        INSERT INTO oms_journalentry (cause, order_id, occurred_at)
        SELECT cause, order_id, labeled_at FROM due ON CONFLICT (cause) DO NOTHING RETURNING id, cause
    )
    INSERT INTO oms_posting (entry_id, account, amount, currency)
    SELECT entry.id, side.account, side.sign * due.price, due.currency
      FROM entry JOIN due ON due.cause = entry.cause
           CROSS JOIN (VALUES (%(carriage)s, 1), (%(carrier)s, -1)) AS side (account, sign)
     ORDER BY entry.id, side.sign DESC
"""


def book(*, at: datetime, limit: int) -> int:
    """Book labels bought lately that are not in the books yet, the oldest first. Returns how many were."""
    with connection.cursor() as cursor:
        cursor.execute(
            BOOK,
            {
                "since": at - LOOK_BACK,
                "limit": limit,
                "carriage": str(Account.CARRIAGE),
                "carrier": str(Account.CARRIER_PAYABLE),
            },
        )
        return cursor.rowcount // 2


def book_paid_back(refund: LabelRefund, *, at: datetime) -> None:
    """The carrier pays for a label nobody used: it is owed less, and returns cost less."""
    books = [(Account.CARRIER_PAYABLE, refund.amount), (Account.CARRIAGE, -refund.amount)]
    order = refund.parcel.rma.order
    journal.post(f"label/{refund.parcel_id}/refunded", books, currency=refund.currency, at=at, order=order)


def book_claim(case: ParcelCase, *, at: datetime) -> None:
    """The carrier paid for what it lost or broke: the loss is so much smaller."""
    assert case.recovered is not None
    books = [(Account.CARRIER_PAYABLE, case.recovered), (Account.WRITE_OFF, -case.recovered)]
    journal.post(f"claim/{case.number}", books, currency=case.order.currency, at=at, order=case.order)
