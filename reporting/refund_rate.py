"""What share of the returned items ended in a refund, and was it the whole price (R12)?

An item is one line of a return that came back, so that one pallet does not outweigh a year of parcels. It ended in a
full refund when the customer got all they had paid for it, in a partial one when fees or its condition took something.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from oms.money import exponent
from refunds.states import RefundSource, RefundStatus
from reporting.came_back import CAME_BACK, GOODS, returned, rows
from reporting.period import Filters, Period

ENDINGS = ("full", "partial", "unmatched", "none")
RATE = Decimal("0.000001")


@dataclass(frozen=True)
class RefundRate:
    """Returned items by how they ended. `unmatched`: refunded, but the sale, so the price paid, is not known."""

    items: int = 0
    full: int = 0
    partial: int = 0
    unmatched: int = 0
    none: int = 0

    @property
    def refunded(self) -> int:
        return self.full + self.partial + self.unmatched

    @property
    def rate(self) -> Decimal | None:
        return (Decimal(self.refunded) / self.items).quantize(RATE) if self.items else None


def answer(period: Period, filters: Filters) -> RefundRate:
    return total(by_day(period, filters).values())


def by_day(period: Period, filters: Filters) -> dict[date, RefundRate]:
    """Return the items by the day their return was asked for; days without one are left out."""
    conditions = returned(period, filters, "b")
    sql = f"""
        WITH {GOODS}, {CAME_BACK}, {ENDED}
        SELECT (b.at AT TIME ZONE %(zone)s::text)::date AS day, count(*) AS items,
            count(*) FILTER (WHERE ending = 'full') AS full, count(*) FILTER (WHERE ending = 'partial') AS partial,
            count(*) FILTER (WHERE ending = 'unmatched') AS unmatched, count(*) FILTER (WHERE ending = 'none') AS none
        FROM ended b WHERE {conditions} GROUP BY 1 ORDER BY 1"""  # noqa: S608 - constants; values are parameters
    values = {**conditions.values, "zone": period.zone, "least": least(filters.currency)}
    return {row.pop("day"): RefundRate(**row) for row in rows(sql, values)}


def total(parts: Iterable[RefundRate]) -> RefundRate:
    found = list(parts)
    return RefundRate(*(sum(getattr(part, name) for part in found) for name in ("items", *ENDINGS)))


def least(currency: str) -> Decimal:
    """The smallest amount of a currency: what rounding a line's units apart may take from one of them."""
    return Decimal(1).scaleb(-exponent(currency)) if currency else Decimal("0.01")


# Lines of `came_back` that have come, each with its ending. Takes the parameter `least`.
ENDED = f"""
paid_back AS (
    SELECT m.rma_id, ml.order_line_id, sum(ml.gross) AS gross, sum(m.fees) AS fees
    FROM refunds_creditmemo m JOIN refunds_creditmemoline ml ON ml.memo_id = m.id
    WHERE m.rma_id IS NOT NULL AND m.source <> '{RefundSource.IMPORTED}' AND EXISTS (
        SELECT FROM refunds_refund f WHERE f.memo_id = m.id AND f.status = '{RefundStatus.SETTLED}')
    GROUP BY 1, 2
), ended AS (
    SELECT c.*, CASE
            WHEN c.credit_id IS NOT NULL THEN 'unmatched'
            WHEN coalesce(p.gross, CASE WHEN c.document <> r.number THEN c.value ELSE 0 END, 0) <= 0 THEN 'none'
            WHEN coalesce(p.fees, 0) = 0
                AND coalesce(p.gross, c.value) > c.worth - %(least)s::numeric THEN 'full'
            ELSE 'partial' END AS ending
    FROM came_back c
    LEFT JOIN returns_rma r ON r.id = c.rma_id
    LEFT JOIN returns_returnline rl ON rl.id = c.line_id
    LEFT JOIN paid_back p ON p.rma_id = c.rma_id AND p.order_line_id = rl.order_line_id
    WHERE c.has_come AND c.units > 0
)"""  # noqa: S608 - constants
