"""What do returns cost (R15)? Hard cost: labels bought, handling, goods written off. Lost revenue stands apart: it is
an estimate, since nobody knows who would have bought something else (N6).

Handling is a rate a person has set, with the day it holds from. Lost revenue is what came back and was not exchanged.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from oms.journal import Account
from reporting.came_back import CAME_BACK, GOODS, returned, rows
from reporting.period import Conditions, Filters, Period
from returns.states import Resolution

CENT = Decimal("0.001")
KINDS = ("labels", "handling", "written_off")
_EXCHANGED = ", ".join(f"'{kind}'" for kind in (Resolution.EXCHANGE, Resolution.REPLACEMENT))


@dataclass(frozen=True)
class Costs:
    """Amounts in the filter's currency. `returns_handled`: those whose goods came back."""

    labels: Decimal = Decimal(0)
    handling: Decimal = Decimal(0)
    written_off: Decimal = Decimal(0)
    lost_revenue: Decimal = Decimal(0)
    returns_handled: int = 0
    entries: int = 0  # rows behind the hard cost: a label, a return handled, goods written off

    @property
    def hard(self) -> Decimal:
        return self.labels + self.handling + self.written_off


def answer(period: Period, filters: Filters) -> Costs:
    return total(by_day(period, filters).values())


def by_day(period: Period, filters: Filters) -> dict[date, Costs]:
    """Cost by the day it arose: a label bought, goods written off, a return asked for whose goods came."""
    found: dict[date, dict[str, Decimal | int]] = defaultdict(dict)
    sql, values = entries(period, filters)
    statement = f"""
        {sql}
        SELECT day, kind, count(*) AS entries, sum(amount) AS amount, coalesce(sum(lost), 0) AS lost
        FROM entries GROUP BY 1, 2"""  # noqa: S608 - constants; values are parameters
    for row in rows(statement, values):
        day = found[row["day"]]
        day[row["kind"]] = row["amount"]
        day["entries"] = day.get("entries", 0) + row["entries"]
        if row["kind"] == "handling":
            day["returns_handled"], day["lost_revenue"] = row["entries"], row["lost"].quantize(CENT)
    return {day: Costs(**amounts) for day, amounts in found.items()}


def total(parts: Iterable[Costs]) -> Costs:
    found = list(parts)
    sums = {name: sum((getattr(part, name) for part in found), Decimal(0)) for name in (*KINDS, "lost_revenue")}
    return Costs(
        **sums,
        returns_handled=sum(part.returns_handled for part in found),
        entries=sum(part.entries for part in found),
    )


def entries(period: Period, filters: Filters) -> tuple[str, dict[str, object]]:
    """Return the head of a statement and its values: one row of `entries` per thing that cost money.

    Columns: day, at, kind, document, country, amount, lost (what the return gave back, NULL for other kinds).
    """
    labels, written_off = Conditions("p.price > 0"), Conditions(f"g.account = '{Account.WRITE_OFF}'")
    labels.within("p.labeled_at", period)
    written_off.within("e.occurred_at", period)
    if filters.currency:
        labels.add("p.currency = %(currency)s::text", currency=filters.currency)
        written_off.add("g.currency = %(currency)s::text", currency=filters.currency)
    if filters.country:
        labels.add("o.country = %(country)s::text", country=filters.country)
        written_off.add("o.country = %(country)s::text", country=filters.country)
    came = returned(period, filters, "b")
    sql = f"""
        WITH {GOODS}, {CAME_BACK}, handled AS (
            SELECT b.document, min(b.at) AS at, min(b.country) AS country, min(b.currency) AS currency,
                sum(b.value) FILTER (WHERE coalesce(r.resolution, '') NOT IN ({_EXCHANGED})) AS lost
            FROM came_back b LEFT JOIN returns_rma r ON r.id = b.rma_id
            WHERE b.has_come AND {came} GROUP BY 1
        ), entries AS (
            SELECT (p.labeled_at AT TIME ZONE %(zone)s::text)::date AS day, p.labeled_at AS at, 'labels' AS kind,
                r.number AS document, o.country, p.price AS amount, NULL::numeric AS lost
            FROM returns_parcel p JOIN returns_rma r ON r.id = p.rma_id JOIN oms_order o ON o.id = r.order_id
            WHERE p.labeled_at IS NOT NULL AND {labels}
            UNION ALL
            SELECT (e.occurred_at AT TIME ZONE %(zone)s::text)::date, e.occurred_at, 'written_off', e.cause,
                coalesce(o.country, ''), g.amount, NULL
            FROM oms_posting g JOIN oms_journalentry e ON e.id = g.entry_id LEFT JOIN oms_order o ON o.id = e.order_id
            WHERE {written_off}
            UNION ALL
            SELECT (h.at AT TIME ZONE %(zone)s::text)::date, h.at, 'handling', h.document, h.country,
                coalesce(rate.amount, 0), h.lost
            FROM handled h LEFT JOIN LATERAL (
                SELECT amount FROM reporting_handlingrate rate
                WHERE rate.currency = h.currency AND rate.valid_from <= (h.at AT TIME ZONE %(zone)s::text)::date
                ORDER BY valid_from DESC LIMIT 1
            ) rate ON TRUE
        )"""  # noqa: S608 - constants; values are parameters
    return sql, {**labels.values, **written_off.values, **came.values, "zone": period.zone}
