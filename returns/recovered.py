"""What goods that came back brought so far, and how often the suggestion was not followed: read, never guessed."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q, Sum

from oms.models import OrderLine
from oms.remembered import remembered
from returns import goods_terms
from returns.models import Outcome, Placement
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
    return Piece(quantity, each, cost, grade, _booked(at.date()).get((line.product_id, grade)))


@remembered
def _booked(day: object) -> dict[tuple[int | None, str], Booked]:
    """By product and grade, what was sold off lately."""
    sold = Placement.objects.filter(sold_at__gte=datetime.fromisoformat(f"{day}T00:00:00+00:00") - SINCE)
    rows = sold.values("outcome__receipt__line__order_line__product", "grade").annotate(
        came=Sum("proceeds"), units=Sum(F("quantity") - F("moved_on"))
    )
    return {
        (row["outcome__receipt__line__order_line__product"], row["grade"]): Booked(
            Decimal(row["came"]) / row["units"], row["units"]
        )
        for row in rows.order_by()
        if row["units"]
    }


def override_rate(at: datetime) -> tuple[int, int]:
    """Of how many inspected outcomes lately (second) the suggestion was not followed (first)."""
    return _override_rate(at.date())


@remembered
def _override_rate(day: object) -> tuple[int, int]:
    since = datetime.fromisoformat(f"{day}T00:00:00+00:00") - RATE_OVER
    found = Outcome.objects.filter(inspected_at__gte=since)
    return found.filter(~Q(disposition=F("suggested_disposition"))).count(), found.count()
