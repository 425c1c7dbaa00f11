"""How much comes back? By invoice, by order (R9, the dashboard's return rate), by units and by value.

One statement answers for the whole, by month, by country, by product or by reason. Every rate is a share of the *sales
of the period*; only `rate_by_order` asks what became of those very orders (N3: both denominators are always shown).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reporting.came_back import CAME_BACK, GOODS, SOLD_VALUE, returned, rows, sales, sold_from
from reporting.period import Filters, Period

ALL = "all"
GROUPS = ("month", "country", "product", "reason", "day")
RATE = Decimal("0.000001")


@dataclass(frozen=True)
class ReturnRate:
    """What was sold and what came back for one key: "all", a month, a day, a country, a SKU or a reason's code.

    Money is in the filter's currency. Rates are None where nothing was sold.
    """

    key: str
    orders: int
    returns: int
    orders_returned: int
    units_sold: int
    units_returned: int
    value_sold: Decimal
    value_returned: Decimal

    @property
    def rate_by_invoice(self) -> Decimal | None:
        return _share(self.returns, self.orders)

    @property
    def rate_by_order(self) -> Decimal | None:
        return _share(self.orders_returned, self.orders)

    @property
    def rate_by_units(self) -> Decimal | None:
        return _share(self.units_returned, self.units_sold)

    @property
    def rate_by_value(self) -> Decimal | None:
        return _share(self.value_returned, self.value_sold)


def answer(period: Period, filters: Filters, by: str = "") -> list[ReturnRate]:
    """Return one element per key, sorted by key; without `by` exactly one, with the key "all".

    By product and by reason an order or return counts for each product or reason it has. By reason every key is
    compared with all orders, since an order that stays has no reason.
    """
    if by not in ("", *GROUPS):
        raise ValueError(f"no such grouping: {by}")
    sold, back = sales(period, filters), returned(period, filters, "b")
    # Whenever it came back, and whatever country the credit note names: the order is what belongs to the period.
    came = returned(Period(), Filters(sku=filters.sku, reason=filters.reason, goods_only=filters.goods_only))
    values = {**sold.values, **back.values, **came.values, **({"zone": period.zone} if by in ("month", "day") else {})}
    found = [ReturnRate(**row) for row in rows(_statement(by, filters, str(sold), str(back), str(came)), values)]
    return found or ([] if by else [total([])])


# What a row of each side is grouped by: of the order (`o`, `l`), and of what came back (`b`).
_ORDER_KEYS = {
    "": f"'{ALL}'",
    "month": "to_char(o.placed_at AT TIME ZONE %(zone)s::text, 'YYYY-MM')",
    "day": "to_char(o.placed_at AT TIME ZONE %(zone)s::text, 'YYYY-MM-DD')",
    "country": "o.country",
    "product": "l.sku",
    "reason": "''",
}
_RETURN_KEYS = {
    "": f"'{ALL}'",
    "month": "to_char(b.at AT TIME ZONE %(zone)s::text, 'YYYY-MM')",
    "day": "to_char(b.at AT TIME ZONE %(zone)s::text, 'YYYY-MM-DD')",
    "country": "b.country",
    "product": "b.sku",
    "reason": "b.reason",
}
# What a returned line must share with an order to count for it.
_CAME = {"product": "order_id, sku AS key", "reason": "order_id, reason AS key"}

_TOTALS = """
    SELECT orders.key, count(*) AS orders, sum(orders.units) AS units, sum(orders.value) AS value,
        count(came.order_id) AS orders_returned
    FROM orders LEFT JOIN came USING (order_id) GROUP BY orders.key"""
_TOTALS_BY_PRODUCT = _TOTALS.replace("USING (order_id)", "USING (order_id, key)").replace("orders.key", "key")
# Every reason is compared with all orders: one that stays has no reason.
_TOTALS_BY_REASON = """
    SELECT k.key, t.orders, t.units, t.value, coalesce(c.orders_returned, 0) AS orders_returned
    FROM (SELECT count(*) AS orders, sum(units) AS units, sum(value) AS value FROM orders) t
    CROSS JOIN (SELECT key FROM sums UNION SELECT came.key FROM came JOIN orders USING (order_id)) k
    LEFT JOIN (
        SELECT came.key, count(*) AS orders_returned FROM came JOIN orders USING (order_id) GROUP BY 1
    ) c USING (key)"""


def _statement(by: str, filters: Filters, sold: str, back: str, came: str) -> str:
    totals = {"product": _TOTALS_BY_PRODUCT, "reason": _TOTALS_BY_REASON}.get(by, _TOTALS)
    return f"""
WITH {GOODS}, {CAME_BACK}, orders AS (
    SELECT o.id AS order_id, {_ORDER_KEYS[by]} AS key, sum(l.quantity) AS units, sum({SOLD_VALUE}) AS value
    FROM {sold_from(filters)} WHERE {sold}
    GROUP BY {"o.id, l.sku" if by == "product" else "o.id"}
), came AS (
    SELECT DISTINCT {_CAME.get(by, "order_id")} FROM came_back WHERE {came} AND has_come AND order_id IS NOT NULL
), sums AS (
    SELECT {_RETURN_KEYS[by]} AS key, count(DISTINCT b.document) AS returns, sum(b.units) AS units,
        sum(b.value) AS value
    FROM came_back b WHERE {back} GROUP BY 1
), totals AS ({totals}
)
SELECT key, coalesce(t.orders, 0) AS orders, coalesce(s.returns, 0) AS returns,
    coalesce(t.orders_returned, 0) AS orders_returned, coalesce(t.units, 0)::bigint AS units_sold,
    coalesce(s.units, 0)::bigint AS units_returned, coalesce(t.value, 0) AS value_sold,
    coalesce(s.value, 0) AS value_returned
FROM totals t FULL JOIN sums s USING (key)
ORDER BY key"""  # noqa: S608 - made of constants; every value is a parameter


def total(parts: Iterable[ReturnRate], key: str = ALL) -> ReturnRate:
    """Add up rows of days or months: every order and every return belongs to exactly one."""
    found = list(parts)
    sums = {name: sum((getattr(part, name) for part in found), 0) for name in _COUNTED}
    return ReturnRate(key, **sums, **{name: sum((getattr(p, name) for p in found), Decimal(0)) for name in _MONEY})


_COUNTED = ("orders", "returns", "orders_returned", "units_sold", "units_returned")
_MONEY = ("value_sold", "value_returned")


def _share(part: Any, whole: Any) -> Decimal | None:
    return (Decimal(part) / Decimal(whole)).quantize(RATE) if whole else None
