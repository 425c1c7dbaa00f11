"""What was sold and what came back, line by line, native and imported alike: the two tables under every question.

Words (the data's README; R9): an order is a sale. A return is an imported credit note, whatever number of orders it
touches, or an RMA that was not rejected, canceled or let expire. A return belongs to the moment of its request (of its
earliest line, for a credit note), an order to the moment it was placed. Goods are lines of merchandise with a price.
"""

from typing import Any

from django.db import connection

from oms.states import OrderKind, OrderSource
from reporting.period import Conditions, Filters, Period
from returns.states import Resolution, RMASource, RMAStatus

# Merchandise in an imported history is what has a stock code of five digits; in the shop's own catalog, what it says.
GOODS = """
goods AS MATERIALIZED (
    SELECT id, sku ~ '^[0-9]{5}' AS has_stock_code, is_merchandise FROM oms_product
)"""

_IS_GOODS = f"""
    (l.unit_price > 0 AND CASE WHEN o.source = '{OrderSource.IMPORTED}'
        THEN coalesce(g.has_stock_code, l.sku ~ '^[0-9]{{5}}') ELSE coalesce(g.is_merchandise, TRUE) END)"""

_NOTHING_COMES_BACK = ", ".join(f"'{s}'" for s in (RMAStatus.REJECTED, RMAStatus.CANCELED, RMAStatus.EXPIRED))

# Lines of returns. `units` have come back, `worth` is what the customer had paid for them (unknown where a credit note
# names no sale), `value` the same, but what the credit note gave for an imported one.
CAME_BACK = f"""
imported AS (
    SELECT r.source_document AS document, r.id AS rma_id, rl.id AS line_id, NULL::bigint AS credit_id, o.id AS order_id,
        r.requested_at AS at, o.country, r.currency, l.sku, l.description, ''::text AS reason, rl.quantity AS units,
        coalesce(c.gross, l.gross * rl.quantity / l.quantity) AS value,
        l.gross * rl.quantity / l.quantity AS worth,
        -- not by the price paid: what was given free may have been credited with a price
        coalesce(g.has_stock_code, l.sku ~ '^[0-9]{{5}}') AS is_goods
    FROM returns_rma r
    JOIN returns_returnline rl ON rl.rma_id = r.id
    JOIN oms_orderline l ON l.id = rl.order_line_id
    JOIN oms_order o ON o.id = r.order_id
    LEFT JOIN goods g ON g.id = l.product_id
    LEFT JOIN refunds_creditmemoline c ON c.claim_id = rl.claim_id
    WHERE r.source = '{RMASource.IMPORTED}'
    UNION ALL
    SELECT u.document, NULL, NULL, u.id, NULL, u.credited_at, u.country, u.currency, u.sku, u.description, '',
        u.quantity, u.amount, NULL, u.sku ~ '^[0-9]{{5}}' AND u.amount > 0
    FROM refunds_importedcredit u
), came_back AS (
    SELECT document, rma_id, line_id, credit_id, order_id, min(at) OVER (PARTITION BY document) AS at, country,
        currency, sku, description, reason, units, value, worth, is_goods, TRUE AS has_come
    FROM imported
    UNION ALL
    SELECT r.number, r.id, rl.id, NULL, o.id, r.requested_at, o.country, r.currency, l.sku, l.description,
        coalesce(reason.code, ''), came.units, l.gross * came.units / l.quantity, l.gross * came.units / l.quantity,
        {_IS_GOODS}, came.units > 0
    FROM returns_rma r
    JOIN returns_returnline rl ON rl.rma_id = r.id
    JOIN oms_orderline l ON l.id = rl.order_line_id
    JOIN oms_order o ON o.id = r.order_id
    LEFT JOIN goods g ON g.id = l.product_id
    LEFT JOIN returns_returnreason reason ON reason.id = rl.reason_id
    CROSS JOIN LATERAL (
        -- what a customer may keep never arrives, and is a return all the same
        SELECT CASE WHEN r.resolution = '{Resolution.KEEP_ITEM}' AND r.status = '{RMAStatus.CLOSED}'
            THEN rl.quantity ELSE rl.arrived END AS units
    ) came
    WHERE r.source <> '{RMASource.IMPORTED}' AND r.status NOT IN ({_NOTHING_COMES_BACK})
)"""  # noqa: S608 - constants

_SOLD_FROM = "oms_order o JOIN oms_orderline l ON l.order_id = o.id"
# What was paid for a line; where rounding alone is between, quantity × price to the last decimal of the source.
SOLD_VALUE = "CASE WHEN abs(l.quantity * l.unit_price - l.gross) < 0.01 THEN l.quantity * l.unit_price ELSE l.gross END"


def sold_from(filters: Filters) -> str:
    """Lines of sales as `o` and `l`, with `g` where goods are asked for; see `sales` for the conditions on them."""
    return f"{_SOLD_FROM} LEFT JOIN goods g ON g.id = l.product_id" if filters.goods_only else _SOLD_FROM


def sales(period: Period, filters: Filters) -> Conditions:
    """Conditions on the tables of `sold_from` for orders placed in the period; lines of goods only when asked."""
    found = Conditions(f"o.kind = '{OrderKind.SALE}'")
    found.within("o.placed_at", period)
    for column, value in (("o.currency", filters.currency), ("o.country", filters.country), ("l.sku", filters.sku)):
        _equal(found, column, value)
    if filters.goods_only:
        found.add(_IS_GOODS)
    return found


def returned(period: Period, filters: Filters, table: str = "came_back") -> Conditions:
    """Conditions on `came_back` for returns that belong to the period."""
    found = Conditions()
    found.within(f"{table}.at", period)
    for name in ("currency", "country", "sku", "reason"):
        _equal(found, f"{table}.{name}", getattr(filters, name))
    if filters.goods_only:
        found.add(f"{table}.is_goods")
    return found


def _equal(conditions: Conditions, column: str, value: str) -> None:
    if value:
        name = column.partition(".")[2]
        conditions.add(f"{column} = %({name})s::text", **{name: value})


def rows(sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Run one reading statement; return its rows by column name."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
