"""Every piece that came back: how many, in what condition, why, where it is, how old and worth what (R67); and what of
it is damaged, by who carried it, how it was packed and what it is (R68).

A piece belongs to the day the dock counted it. Its value is what it stands for in our books, less what its grade is
expected to have lost: nothing while it is not ours, and nothing once it has left or was given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Any

from django.utils.translation import gettext_lazy as _

from inventory.states import BinKind, ValueOp
from reporting.came_back import rows
from reporting.period import Conditions, Filters, Period

DAMAGED = "damaged"  # the code of the condition
MOST_LISTED = 100

_OURS = ", ".join(f"'{kind}'" for kind in BinKind.ours())
UNITS = f"""
pieces AS (
    SELECT u.number AS unit, u.quantity AS units, u.serial, l.sku, l.description, c.received_at AS at, r.number,
        r.currency, o.country, coalesce(reason.code, '') AS reason, coalesce(reason.label, '') AS why,
        coalesce(k.code, '') AS condition, coalesce(k.label, '') AS found, coalesce(x.grade, '') AS grade,
        coalesce(b.kind, '') AS kind, coalesce(w.code || ' ' || b.code, '') AS place, u.left_at,
        extract(day FROM coalesce(u.left_at, now()) - c.received_at)::int AS days,
        coalesce(sent.carrier, '') AS carrier, coalesce(p.carrier, '') AS back, pr.packaging, pr.title, x.inspected_at,
        CASE WHEN b.kind IN ({_OURS}) THEN
            round((v.cost / v.quantity - coalesce(i.amount / i.quantity, 0)) * u.quantity, 3) END AS value
    FROM inventory_unit u
    JOIN returns_receipt c ON u.received_as = 'receipt/' || c.id
    JOIN returns_returnline rl ON rl.id = c.line_id
    JOIN returns_rma r ON r.id = rl.rma_id
    JOIN oms_orderline l ON l.id = rl.order_line_id
    JOIN oms_order o ON o.id = l.order_id
    JOIN oms_product pr ON pr.id = u.product_id
    LEFT JOIN returns_returnreason reason ON reason.id = rl.reason_id
    LEFT JOIN returns_outcome x ON u.found_as = 'outcome/' || x.id
    LEFT JOIN inventory_condition k ON k.id = x.condition_id
    LEFT JOIN inventory_bin b ON b.id = u.bin_id
    LEFT JOIN inventory_warehouse w ON w.id = b.warehouse_id
    LEFT JOIN returns_parcel p ON p.id = c.parcel_id
    LEFT JOIN LATERAL (
        SELECT s.carrier FROM oms_shipmentline sl JOIN oms_shipment s ON s.id = sl.shipment_id
         WHERE sl.order_line_id = l.id ORDER BY s.shipped_at, s.id LIMIT 1
    ) sent ON TRUE
    LEFT JOIN inventory_valuemovement v ON v.cause = u.found_as AND v.product_id = u.product_id
        AND v.op IN ('{ValueOp.RETURN}', '{ValueOp.RECEIVE}') AND u.found_as <> ''
    LEFT JOIN inventory_impairment i ON i.released_at IS NULL
        AND split_part(i.cause, '/without/', 1) = coalesce(nullif(u.placed_as, ''), u.found_as)
)"""  # noqa: S608 - constants

# What it can be asked by, and the column that says it.
GROUPS = {"condition": "found", "reason": "why", "location": "place", "product": "sku"}
CAUSES = {"carrier": _("Sent by"), "back": _("Brought back by"), "packaging": _("Packed in"), "sku": _("Product")}


def came(period: Period, filters: Filters, **narrowed: str) -> Conditions:
    """Conditions on `pieces` for those counted in the period; `narrowed` names columns that must be as told."""
    found = Conditions()
    found.within("pieces.at", period)
    found.equal(currency=filters.currency, country=filters.country, sku=filters.sku, reason=filters.reason, **narrowed)
    return found


@dataclass(frozen=True)
class Pieces:
    """Pieces that have something in common; `value` in the currency asked for, of those that are ours and here."""

    key: str
    units: int
    here: int
    value: Decimal
    mean_days: Decimal


def answer(period: Period, filters: Filters, by: str = "") -> list[Pieces]:
    """Pieces that came back in the period, by what GROUPS names, or all of them in one row; the most first."""
    conditions = came(period, filters)
    key = GROUPS[by] if by else "'all'"
    found = rows(
        f"""WITH {UNITS}
        SELECT {key} AS key, sum(units)::int AS units, coalesce(sum(units) FILTER (WHERE left_at IS NULL), 0)::int AS here,
            coalesce(sum(value), 0) AS value, round(sum(days * units)::numeric / sum(units), 1) AS mean_days
        FROM pieces WHERE {conditions} GROUP BY 1 HAVING sum(units) > 0 ORDER BY 2 DESC, 1""",  # noqa: S608, E501 - constants
        conditions.values,
    )
    return [Pieces(**row) for row in found]


# ── Damage ────────────────────────────────────────────────────────────────────────────────────────────────────────

ENOUGH = 30  # pieces looked at before a share means anything
ENOUGH_DAMAGED = 5
STANDS_OUT = 2.0  # times the share of all others, and at least so many standard errors above it


@dataclass(frozen=True)
class Damage:
    """Pieces looked at that have a carrier, a packing or a product in common, and how many of them are damaged."""

    cause: str  # of CAUSES
    key: str
    units: int
    damaged: int
    title: str = ""  # of a product

    @property
    def share(self) -> Decimal:
        return Decimal(self.damaged) / self.units


@dataclass(frozen=True)
class StandsOut:
    """One that is damaged far more often than all others together."""

    one: Damage
    others: Decimal  # their share


def damage(period: Period, filters: Filters, cause: str) -> list[Damage]:
    """Pieces counted in the period and inspected since, by `cause` of CAUSES; the most damaged first."""
    conditions = came(period, filters)
    assert cause in CAUSES
    found = rows(
        f"""WITH {UNITS}
        SELECT {cause} AS key, {"max(title)" if cause == "sku" else "''"} AS title, sum(units)::int AS units,
            coalesce(sum(units) FILTER (WHERE condition = '{DAMAGED}'), 0)::int AS damaged
        FROM pieces WHERE {conditions} AND inspected_at IS NOT NULL
        GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1 LIMIT {MOST_LISTED}""",  # noqa: S608 - constants
        conditions.values,
    )
    return [Damage(cause, **row) for row in found]


def stands_out(found: Sequence[Damage]) -> StandsOut | None:
    """The worst one that is no accident: enough pieces, twice the share of the others, and two standard errors above.

    None when nothing is, or when there is nobody to compare with.
    """
    units, damaged = sum(one.units for one in found), sum(one.damaged for one in found)
    telling: list[StandsOut] = []
    for one in found:
        rest = units - one.units
        if not one.key or one.units < ENOUGH or one.damaged < ENOUGH_DAMAGED or rest < ENOUGH:
            continue
        others = Decimal(damaged - one.damaged) / rest
        error = sqrt(float(others) * (1 - float(others)) / one.units)
        if float(one.share) >= STANDS_OUT * float(others) and float(one.share - others) >= STANDS_OUT * error:
            telling.append(StandsOut(one, others))
    return max(telling, key=lambda one: (one.one.share - one.others, one.one.key), default=None)


def everything(period: Period, filters: Filters) -> dict[str, list[Damage]]:
    return {cause: damage(period, filters, cause) for cause in CAUSES}


def to_rows(found: dict[str, list[Damage]]) -> list[dict[str, Any]]:
    """The tables as one, for files and the command."""
    return [
        {"by": one.cause, "key": one.key, "units": one.units, "damaged": one.damaged, "share": one.share}
        for each in found.values()
        for one in each
    ]
