"""Which products come back too often, and probably why (R118)?

A product's rate is drawn towards the shop's own by PRIOR_ORDERS imagined orders, so one of one does not lead the list;
below ENOUGH_ORDERS it is not listed at all.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from reporting import return_rate
from reporting.came_back import CAME_BACK, GOODS, returned, rows
from reporting.period import Filters, Period
from reporting.reasons import CAUSES

ENOUGH_ORDERS = 5
PRIOR_ORDERS = 20
LISTED = 10


@dataclass(frozen=True)
class ProductRate:
    """A product: what was counted, the rate drawn towards the shop's, and what its reasons point at ("" if silent)."""

    sku: str
    title: str
    orders: int
    orders_returned: int
    units_returned: int
    value_returned: Decimal
    rate: Decimal
    smoothed: Decimal
    cause: str
    reasons: tuple[tuple[str, int], ...]  # code and returns, the most named first


def answer(
    period: Period, filters: Filters, *, enough_orders: int = ENOUGH_ORDERS, listed: int = LISTED
) -> list[ProductRate]:
    """The goods with the highest smoothed rate, those with at least one order returned only."""
    goods = Filters(filters.currency, filters.country, goods_only=True)
    counted = return_rate.answer(period, goods, "product")
    orders, came = sum(row.orders for row in counted), sum(row.orders_returned for row in counted)
    shop_rate = Decimal(came) / orders if orders else Decimal(0)
    leading = sorted(
        (row for row in counted if row.orders >= enough_orders and row.orders_returned),
        key=lambda row: (-_smoothed(row, shop_rate), -row.orders, row.key),
    )[:listed]
    told = _told(period, goods, [row.key for row in leading])
    return [
        ProductRate(
            row.key,
            told[row.key]["title"],
            row.orders,
            row.orders_returned,
            row.units_returned,
            row.value_returned,
            row.rate_by_order or Decimal(0),
            _smoothed(row, shop_rate),
            _cause(told[row.key]["reasons"]),
            tuple(told[row.key]["reasons"]),
        )
        for row in leading
    ]


def _smoothed(row: return_rate.ReturnRate, shop_rate: Decimal) -> Decimal:
    rate = (row.orders_returned + PRIOR_ORDERS * shop_rate) / (row.orders + PRIOR_ORDERS)
    return rate.quantize(return_rate.RATE)


def _told(period: Period, filters: Filters, skus: list[str]) -> dict[str, dict]:
    """Titles and reasons of these products."""
    found: dict[str, dict] = defaultdict(lambda: {"title": "", "reasons": []})
    if not skus:
        return found
    conditions = returned(period, filters, "b")
    sql = f"""
        WITH {GOODS}, {CAME_BACK}
        SELECT p.sku, p.title, coalesce(b.reason, '') AS reason, count(DISTINCT b.document) AS returns
        FROM oms_product p LEFT JOIN came_back b ON b.sku = p.sku AND {conditions}
        WHERE p.sku = ANY(%(skus)s::text[]) GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3"""  # noqa: S608 - constants
    for row in rows(sql, {**conditions.values, "skus": skus}):
        found[row["sku"]]["title"] = row["title"]
        if row["reason"] and row["returns"]:
            found[row["sku"]]["reasons"].append((row["reason"], row["returns"]))
    return found


def _cause(reasons: list[tuple[str, int]]) -> str:
    """The cause most returns point at, if at least half of them do."""
    counts: dict[str, int] = defaultdict(int)
    for code, count in reasons:
        counts[CAUSES.get(code, "quality")] += count
    cause = max(counts, key=lambda name: counts[name], default="")
    return cause if cause and 2 * counts[cause] >= sum(counts.values()) else ""
