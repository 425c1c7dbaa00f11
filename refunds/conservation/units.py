"""Per unit: what credit memos give back for an order line is what the events tell, and never more than it was sold for.

Two sources: the lines of credit memos, and the chained events of the refunds that were asked for. Imported history has
no such events: it is held against what was sold alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from refunds.states import RefundSource

READ = """
    WITH owed AS (
        SELECT l.order_line_id, sum(l.quantity) FILTER (WHERE l.outcome_id IS NOT NULL OR l.advance_for_id IS NOT NULL
                   OR l.lost_id IS NOT NULL OR l.claim_id IS NOT NULL) AS units,
               sum(l.gross) AS gross, sum(l.tax) AS tax,
               coalesce(sum(l.gross) FILTER (WHERE m.total > 0 AND m.source <> %(imported)s), 0) AS to_tell
          FROM refunds_creditmemoline l JOIN refunds_creditmemo m ON m.id = l.memo_id
         WHERE l.order_line_id IS NOT NULL GROUP BY l.order_line_id
    ), told AS (
        SELECT (line ->> 'order_line')::bigint AS order_line_id, sum((line ->> 'gross')::numeric) AS gross
          FROM (SELECT DISTINCT ON (facts ->> 'memo') facts FROM oms_event
                 WHERE name = 'refund.requested' AND facts ->> 'source' <> %(imported)s
                 ORDER BY facts ->> 'memo', id) once,
               jsonb_array_elements(once.facts -> 'lines') AS line
         WHERE line ->> 'order_line' IS NOT NULL GROUP BY 1
    )
    SELECT o.number, l.sku, o.currency, l.quantity, coalesce(owed.units, 0), l.gross, l.tax,
           coalesce(owed.gross, 0), coalesce(owed.tax, 0), coalesce(owed.to_tell, 0), coalesce(told.gross, 0)
      FROM owed FULL JOIN told USING (order_line_id)
      JOIN oms_orderline l ON l.id = order_line_id JOIN oms_order o ON o.id = l.order_id
     ORDER BY o.currency, o.number, l.position
"""


@dataclass(frozen=True)
class UnitReading:
    """One order line of which something came back, in units and in its currency's major units."""

    order: str
    sku: str
    currency: str
    sold: int
    returned: int
    gross: Decimal
    tax: Decimal
    credited: Decimal
    credited_tax: Decimal
    on_memos: Decimal
    in_events: Decimal

    @property
    def kept(self) -> Decimal:
        return self.gross - self.credited

    @property
    def drift(self) -> Decimal:
        """What the two sources differ by, and whatever came back beyond what was sold."""
        beyond = max(-self.kept, Decimal(0)) + max(self.credited_tax - self.tax, Decimal(0))
        if self.returned > self.sold and not beyond:
            beyond = self.gross * (self.returned - self.sold) / self.sold
        return abs(self.on_memos - self.in_events) + beyond


def units() -> Iterator[UnitReading]:
    """Every order line of which something came back, by currency, order and position. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(READ, {"imported": str(RefundSource.IMPORTED)})
        yield from (UnitReading(*row) for row in cursor)
