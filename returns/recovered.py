"""What goods that came back brought so far, and how often the suggestion was not followed: read, never guessed."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import F, Q

from inventory.states import Disposition
from oms.models import OrderLine
from oms.remembered import remembered
from oms.states import OrderKind
from returns import goods_terms
from returns.models import Outcome
from returns.recovery import Booked, Piece, Terms

SINCE = timedelta(days=180)
RATE_OVER = timedelta(days=90)


def terms_on(at: datetime) -> Terms:
    """The terms of the day, as the arithmetic wants them."""
    row = goods_terms.on(at.date())
    return Terms(
        valid_from=row.valid_from,
        recovers={"A": row.recovers_a, "B": row.recovers_b, "C": row.recovers_c, "D": row.recovers_d},
        sold_off=row.sold_off,
        parts=row.parts,
        handling=row.handling,
        shipping=row.shipping,
        work=row.work,
        disposal=row.disposal,
    )


def piece(line: OrderLine, quantity: int, grade: str, *, at: datetime) -> Piece:
    """Units of an order line in this grade: what was paid for each without tax, its cost, and what such brought."""
    each = (line.gross - line.tax) / line.quantity
    cost = line.unit_cost if line.unit_cost is not None else each / 2  # nobody knows its cost: half of the price
    return Piece(quantity, each, cost, grade, _booked(at.date()).get(line.product_id, {}))


@remembered
def _booked(day: object) -> dict[int | None, dict[tuple[str, str], Booked]]:
    """By product: what was sold off lately, and what was sold again from the shelf, by grade."""
    since = datetime.fromisoformat(f"{day}T00:00:00+00:00") - SINCE
    found: dict[int | None, dict[tuple[str, str], Booked]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BROUGHT, {"since": since})
        for product, way, grade, came, units in cursor.fetchall():
            found.setdefault(product, {})[way, grade] = Booked(Decimal(came) / units, units)
    return found


# Sold off; and numbered units that went out again with an order, at what was paid for them there without tax. Their
# grade is that of the newest decision about them. What went out at no charge was not sold.
_BROUGHT = f"""
    SELECT l.product_id, '{Disposition.LIQUIDATE}' AS way, p.grade, sum(p.proceeds) AS came,
           sum(p.quantity - p.moved_on)::int AS units
      FROM returns_placement p JOIN returns_outcome x ON x.id = p.outcome_id
      JOIN returns_receipt c ON c.id = x.receipt_id JOIN returns_returnline r ON r.id = c.line_id
      JOIN oms_orderline l ON l.id = r.order_line_id
     WHERE p.sold_at >= %(since)s GROUP BY 1, 3 HAVING sum(p.quantity - p.moved_on) <> 0
 UNION ALL
    SELECT u.product_id, '{Disposition.RESTOCK}', coalesce(p.grade, x.grade) AS grade,
           sum((l.gross - l.tax) / l.quantity * u.quantity), sum(u.quantity)::int
      FROM inventory_unit u JOIN oms_orderline l ON l.id = u.sold_on_id JOIN oms_order o ON o.id = l.order_id
      JOIN returns_outcome x ON u.found_as = 'outcome/' || x.id
      LEFT JOIN returns_placement p ON u.placed_as = 'placement/' || p.id
     WHERE u.left_at >= %(since)s AND u.left_as LIKE 'dispatch/%%' AND o.kind = '{OrderKind.EXCHANGE}' AND l.gross > 0
     GROUP BY u.product_id, coalesce(p.grade, x.grade)"""  # noqa: S608 - constants


def override_rate(at: datetime) -> tuple[int, int]:
    """Of how many inspected outcomes lately (second) the suggestion was not followed (first)."""
    return _override_rate(at.date())


@remembered
def _override_rate(day: object) -> tuple[int, int]:
    since = datetime.fromisoformat(f"{day}T00:00:00+00:00") - RATE_OVER
    found = Outcome.objects.filter(inspected_at__gte=since)
    return found.filter(~Q(disposition=F("suggested_disposition"))).count(), found.count()
