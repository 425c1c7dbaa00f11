"""Whether what stands is the sum of what moved: levels, what is set aside, what we own and its value.

Read in one statement each from tables that do not know each other: a row changed by hand in any of them shows.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from inventory.models import StockCheck
from inventory.states import CostingMethod, ValueOp

logger = logging.getLogger(__name__)

MOST_KEPT = 200

_LEVELS = """
    SELECT p.sku, w.code || ' ' || b.code AS place, coalesce(l.quantity, 0)::text AS stands,
           coalesce(m.quantity, 0)::text AS moved
      FROM inventory_stocklevel l
      FULL JOIN (
        SELECT bin_id, product_id, sum(quantity) AS quantity FROM inventory_stockmovement GROUP BY 1, 2
      ) m USING (bin_id, product_id)
      JOIN oms_product p ON p.id = product_id JOIN inventory_bin b ON b.id = bin_id
      JOIN inventory_warehouse w ON w.id = b.warehouse_id
     WHERE coalesce(l.quantity, 0) <> coalesce(m.quantity, 0) ORDER BY p.sku, place"""
_RESERVED = """
    SELECT p.sku, w.code || ' ' || b.code AS place, l.reserved::text AS stands, coalesce(r.quantity, 0)::text AS moved
      FROM inventory_stocklevel l
      LEFT JOIN (
        SELECT level_id, sum(quantity) AS quantity FROM inventory_reservation
         WHERE issued_at IS NULL AND freed_at IS NULL GROUP BY 1
      ) r ON r.level_id = l.id
      JOIN oms_product p ON p.id = l.product_id JOIN inventory_bin b ON b.id = l.bin_id
      JOIN inventory_warehouse w ON w.id = b.warehouse_id
     WHERE l.reserved <> coalesce(r.quantity, 0) ORDER BY p.sku, place"""
_SIGN = f"CASE WHEN op IN ('{ValueOp.ISSUE}', '{ValueOp.VENDOR_RETURN}') THEN -1 ELSE 1 END"
_VALUES = f"""
    WITH moved AS (
        SELECT product_id, sum({_SIGN} * quantity) AS quantity, sum({_SIGN} * cost) AS cost
          FROM inventory_valuemovement GROUP BY 1
    ), both_sides AS (
        SELECT coalesce(v.product_id, m.product_id) AS product_id, coalesce(v.quantity, 0) AS held,
               coalesce(m.quantity, 0) AS moved, coalesce(v.value, 0) AS value, coalesce(m.cost, 0) AS cost
          FROM inventory_productvalue v FULL JOIN moved m ON m.product_id = v.product_id
    )
    SELECT p.sku, '' AS place, CASE WHEN held <> moved THEN held ELSE value END::text AS stands,
           CASE WHEN held <> moved THEN moved ELSE cost END::text AS moved
      FROM both_sides JOIN oms_product p ON p.id = product_id
     WHERE held <> moved OR value <> cost ORDER BY p.sku"""  # noqa: S608 - constants
_LAYERS = f"""
    SELECT p.sku, '' AS place, v.quantity::text AS stands, coalesce(l.quantity, 0)::text AS moved
      FROM inventory_productvalue v JOIN oms_product p ON p.id = v.product_id
      LEFT JOIN (
        SELECT product_id, sum(quantity) AS quantity FROM inventory_costlayer GROUP BY 1
      ) l ON l.product_id = v.product_id
     WHERE v.costing <> '{CostingMethod.AVERAGE}'
       AND v.quantity <> coalesce(l.quantity, 0) ORDER BY p.sku"""  # noqa: S608 - constants
READINGS = {"level": _LEVELS, "reserved": _RESERVED, "value": _VALUES, "layers": _LAYERS}


def check(*, by: str, at: datetime) -> StockCheck:
    """Read all of it at one instant and keep what was seen, with the first MOST_KEPT things that are not sums."""
    with transaction.atomic(), connection.cursor() as cursor:
        found: list[dict[str, Any]] = []
        for what, statement in READINGS.items():
            cursor.execute(statement)
            found += [
                {"what": what, "sku": sku, "place": place, "stands": stands, "moved": moved}
                for sku, place, stands, moved in cursor.fetchall()
            ]
        cursor.execute("SELECT count(*), count(DISTINCT product_id) FROM inventory_stocklevel")
        levels, products = cursor.fetchone()
        seen = StockCheck.objects.create(
            asked_by=by, ran_at=at, levels=levels, products=products, wrong=len(found), findings=found[:MOST_KEPT]
        )
    if seen.wrong:
        logger.error("stock is not the sum of its movements: %s of %s levels or values", seen.wrong, seen.levels)
    return seen


def newest() -> StockCheck | None:
    """The last look; None before the first."""
    return StockCheck.objects.order_by("-ran_at", "-id").first()
