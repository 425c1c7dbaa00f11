"""Our side: refunds that went to a provider, and credit memos, read in one statement each."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from oms.money import exponent
from oms.states import PaymentMethod
from refunds.reconciliation.records import Line, Ours, Standing
from refunds.states import RefundDestination, RefundSource, RefundStatus

MARGIN = timedelta(days=4)  # what was booked across midnight, or over a weekend, is found on both sides
S = RefundStatus
STANDING = {
    S.REQUESTED: Standing.WAITING,
    S.AWAITING_APPROVAL: Standing.WAITING,
    S.APPROVED: Standing.WAITING,
    S.SUBMITTED: Standing.OPEN,
    S.PENDING: Standing.OPEN,
    S.SETTLED: Standing.PAID,
    S.FAILED: Standing.FAILED,
    S.CANCELED: Standing.CALLED_OFF,
}

# As `MemoNumber` writes itself: what accounting knows a credit memo by.
DOCUMENT = "'CM-' || n.series || '-' || lpad(n.serial::text, greatest(5, length(n.serial::text)), '0')"

# Those of the period, and those the statement speaks of whenever they were: a refund may fail a month later.
REFUNDS = """
    WITH known AS (
        SELECT r.id FROM refunds_refund r
         WHERE coalesce(r.submitted_at, r.requested_at) >= %(since)s
           AND coalesce(r.submitted_at, r.requested_at) < %(until)s
         UNION SELECT r.id FROM refunds_refund r WHERE r.provider_id = ANY(%(abouts)s)
         UNION SELECT r.id FROM refunds_refund r WHERE r.number = ANY(%(words)s)
         UNION SELECT a.refund_id FROM refunds_refundattempt a WHERE a.provider_id = ANY(%(abouts)s)
    ), tried AS (
        SELECT a.refund_id, array_agg(a.provider_id ORDER BY a.id) AS ids
          FROM refunds_refundattempt a JOIN known k ON k.id = a.refund_id
         WHERE a.provider_id <> '' GROUP BY a.refund_id
    )
    SELECT r.number, r.amount, r.currency, r.status, coalesce(r.submitted_at, r.requested_at),
           o.number, coalesce(rma.number, ''), p.provider_id, coalesce(r.provider_id, ''), tried.ids
      FROM known k JOIN refunds_refund r ON r.id = k.id
      JOIN oms_order o ON o.id = r.order_id
      JOIN oms_payment p ON p.id = r.payment_id
      LEFT JOIN returns_rma rma ON rma.id = r.rma_id
      LEFT JOIN tried ON tried.refund_id = r.id
     WHERE p.method = %(method)s AND p.provider_id <> '' AND r.source <> %(imported)s AND r.destination = %(original)s
     ORDER BY r.id
"""
MEMOS = f"""
    WITH printed AS (
        SELECT n.memo_id, {DOCUMENT} AS number FROM refunds_memonumber n
    ), known AS (
        SELECT m.id FROM refunds_creditmemo m WHERE m.issued_at >= %(since)s AND m.issued_at < %(until)s
         UNION SELECT m.id FROM refunds_creditmemo m WHERE m.number = ANY(%(words)s)
         UNION SELECT r.memo_id FROM refunds_refund r WHERE r.number = ANY(%(words)s)
         UNION SELECT n.memo_id FROM printed n WHERE n.number = ANY(%(words)s)
    ), paid AS (
        SELECT r.memo_id, array_agg(r.number) AS names FROM refunds_refund r JOIN known k ON k.id = r.memo_id
         GROUP BY r.memo_id
    )
    SELECT m.number, m.total, m.currency, (m.issued_at AT TIME ZONE %(zone)s)::timestamp AT TIME ZONE 'UTC',
           o.number, coalesce(rma.number, ''), printed.number, paid.names
      FROM known k JOIN refunds_creditmemo m ON m.id = k.id
      JOIN oms_order o ON o.id = m.order_id
      LEFT JOIN returns_rma rma ON rma.id = m.rma_id
      LEFT JOIN printed ON printed.memo_id = m.id
      LEFT JOIN paid ON paid.memo_id = m.id
     WHERE m.total > 0 AND m.source <> %(imported)s
     ORDER BY m.id
"""  # noqa: S608 - nothing in it comes from outside


def refunds(method: PaymentMethod, since: datetime, until: datetime, lines: Iterable[Line]) -> Iterator[Ours]:
    """Refunds that went back through the provider of `method`, in the period or spoken of by `lines`."""
    abouts, words = _spoken_of(lines)
    values = {"since": since - MARGIN, "until": until + MARGIN, "method": method.value, "abouts": abouts}
    values |= {"words": words, "imported": RefundSource.IMPORTED.value, "original": RefundDestination.ORIGINAL.value}
    with connection.cursor() as cursor:
        cursor.execute(REFUNDS, values)
        for number, amount, currency, status, at, order, rma, payment, provider_id, tried in cursor:
            ids = tuple(tried or ())
            if provider_id and provider_id not in ids:
                ids = (*ids, provider_id)
            standing = STANDING[S(status)]
            yield Ours(number, _minor(amount, currency), currency, standing, at, order, rma, payment, ids)


def memos(zone: str, since: datetime, until: datetime, lines: Iterable[Line]) -> Iterator[Ours]:
    """Credit memos of the period, or spoken of by `lines`; `at` is on the wall of `zone`: accounting counts days."""
    abouts, words = _spoken_of(lines)
    values = {"since": since - MARGIN, "until": until + MARGIN, "words": [*abouts, *words], "zone": zone}
    values |= {"imported": RefundSource.IMPORTED.value}
    with connection.cursor() as cursor:
        cursor.execute(MEMOS, values)
        for number, total, currency, at, order, rma, printed, refunds_of in cursor:
            names = (*((printed,) if printed else ()), *(refunds_of or ()))
            minor = _minor(total, currency)
            yield Ours(number, minor, currency, Standing.PAID, at, order, rma, names=names, printed=printed or "")


def _spoken_of(lines: Iterable[Line]) -> tuple[list[str], list[str]]:
    abouts, words = set[str](), set[str]()
    for line in lines:
        abouts.add(line.about)
        words.update(line.reference.replace(",", " ").split())
    return list(abouts), list(words)


def _minor(amount: Decimal, currency: str) -> int:
    return int(amount.scaleb(exponent(currency)))
