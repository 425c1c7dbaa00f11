"""How long does a return take, from asking to settled (R7, R13), is that within the promise (R8), and on whom did it
wait meanwhile?

A business day is a working day of the warehouse's calendar after the day of the request: asked on Friday, settled on
Monday is one. Imported credit notes tell no time of asking and are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from oms import shops
from reporting.came_back import rows
from reporting.period import Conditions, Filters, Period
from reporting.stages import CLOCKS, STAGES
from returns.states import RMASource, RMAStatus, Settlement

TENTH = Decimal("0.1")
MONDAY_TO_FRIDAY = (1, 2, 3, 4, 5)

# When a return was done: its money settled, or closed where nothing was owed. NULL while it is not.
DONE_AT = f"""(CASE WHEN r.settlement = '{Settlement.SETTLED}' THEN r.settled_at
    WHEN r.status = '{RMAStatus.CLOSED}' THEN r.closed_at END)"""


@dataclass(frozen=True)
class ProcessingTime:
    """Returns settled, their days in sum, how many kept the promise of `target` business days, and what they waited
    for: hours by "customer", "carrier", "us", "bank"."""

    returns: int = 0
    seconds: int = 0
    business_days: int = 0
    within_target: int = 0
    target: int = 3
    waited_hours: dict[str, Decimal] = field(default_factory=dict)

    @property
    def mean_days(self) -> Decimal | None:
        """Mean time on the calendar, in days with one decimal."""
        return (Decimal(self.seconds) / 86400 / self.returns).quantize(TENTH) if self.returns else None

    @property
    def mean_business_days(self) -> Decimal | None:
        return (Decimal(self.business_days) / self.returns).quantize(TENTH) if self.returns else None

    @property
    def hit_rate(self) -> Decimal | None:
        return (Decimal(self.within_target) / self.returns).quantize(Decimal("0.000001")) if self.returns else None


def answer(period: Period, filters: Filters) -> ProcessingTime:
    """The returns settled in the period, with what they waited for."""
    found = total(by_day(period, filters).values())
    return ProcessingTime(
        found.returns, found.seconds, found.business_days, found.within_target, found.target, waited(period, filters)
    )


def by_day(period: Period, filters: Filters, target: int | None = None) -> dict[date, ProcessingTime]:
    """The returns by the day they were settled on, without what they waited for; `target`: see `total`."""
    conditions = done(period, filters)
    sql = f"""
        SELECT ({DONE_AT} AT TIME ZONE %(zone)s::text)::date AS day,
            (r.requested_at AT TIME ZONE coalesce(w.time_zone, %(zone)s::text))::date AS asked_on,
            ({DONE_AT} AT TIME ZONE coalesce(w.time_zone, %(zone)s::text))::date AS done_on,
            coalesce(w.working_days, ARRAY[1, 2, 3, 4, 5]::smallint[]) AS working_days,
            coalesce(w.holidays, ARRAY[]::date[]) AS holidays,
            count(*) AS returns, sum(extract(epoch FROM {DONE_AT} - r.requested_at))::bigint AS seconds
        FROM returns_rma r JOIN oms_order o ON o.id = r.order_id
        LEFT JOIN inventory_warehouse w ON w.id = r.warehouse_id
        WHERE {conditions} GROUP BY 1, 2, 3, 4, 5"""  # noqa: S608 - constants; values are parameters
    target = shops.current().processing_days if target is None else target
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for row in rows(sql, {**conditions.values, "zone": period.zone}):
        took = business_days(row["asked_on"], row["done_on"], tuple(row["working_days"]), tuple(row["holidays"]))
        counts = days[row["day"]]
        counts["returns"] += row["returns"]
        counts["seconds"] += row["seconds"]
        counts["business_days"] += took * row["returns"]
        counts["within_target"] += row["returns"] if took <= target else 0
    return {
        day: ProcessingTime(c["returns"], c["seconds"], c["business_days"], c["within_target"], target)
        for day, c in days.items()
    }


def waited(period: Period, filters: Filters) -> dict[str, Decimal]:
    """Hours the returns settled in the period waited on each clock, in all."""
    conditions = done(period, filters)
    sql = f"""
        WITH chosen AS (
            SELECT r.number FROM returns_rma r JOIN oms_order o ON o.id = r.order_id WHERE {conditions}
        ), {STAGES}
        SELECT clock, (sum(extract(epoch FROM until - since)) / 3600)::numeric(14, 1) AS hours
        FROM stages WHERE until IS NOT NULL AND clock <> '' GROUP BY 1"""  # noqa: S608
    found = {row["clock"]: row["hours"] for row in rows(sql, conditions.values)}
    return {clock: found.get(clock, Decimal(0)) for clock in CLOCKS}


def done(period: Period, filters: Filters) -> Conditions:
    """Conditions on `r` and `o` for returns settled in the period."""
    conditions = Conditions(f"r.source <> '{RMASource.IMPORTED}'", f"{DONE_AT} IS NOT NULL")
    conditions.within(DONE_AT, period)
    if filters.currency:
        conditions.add("r.currency = %(currency)s::text", currency=filters.currency)
    if filters.country:
        conditions.add("o.country = %(country)s::text", country=filters.country)
    return conditions


def total(parts: Iterable[ProcessingTime], target: int | None = None) -> ProcessingTime:
    """Add up; `target` is what they were promised, the shop's promise of today unless told."""
    found = list(parts)
    names = ("returns", "seconds", "business_days", "within_target")
    if target is None:
        target = found[0].target if found else shops.current().processing_days
    return ProcessingTime(*(sum(getattr(part, name) for part in found) for name in names), target)


@lru_cache(maxsize=4096)
def business_days(
    first: date, last: date, working: tuple[int, ...] = MONDAY_TO_FRIDAY, holidays: tuple[date, ...] = ()
) -> int:
    """Working days after `first`, up to and including `last`; 0 when they are the same day."""
    span = max((last - first).days, 0)
    weeks, rest = divmod(span, 7)
    count = weeks * len(set(working))
    count += sum((first + timedelta(days=n)).isoweekday() in working for n in range(1, rest + 1))
    return count - sum(first < day <= last and day.isoweekday() in working for day in set(holidays))
