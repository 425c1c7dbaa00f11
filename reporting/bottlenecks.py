"""Where does the time go (R16, R119)? Each stage of the way: how long, how often, and who stands in it now."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reporting.came_back import rows
from reporting.period import Filters, Period
from reporting.processing_time import done
from reporting.stages import NAMES, STAGES
from returns.states import RMASource, RMAStatus

HOURS = "numeric(14, 1)"


@dataclass(frozen=True)
class Stage:
    """One stage. Hours of the returns settled in the period; `share` of all their time; `waiting` stand in it now."""

    code: str
    clock: str
    passages: int
    mean_hours: Decimal | None
    median_hours: Decimal | None
    slow_hours: Decimal | None  # nine of ten were quicker
    share: Decimal
    waiting: int
    waiting_since: datetime | None


def answer(period: Period, filters: Filters) -> list[Stage]:
    """The stages in the order of the way; those nobody went through and nobody stands in are left out."""
    conditions = done(period, filters)
    still_open = ", ".join(f"'{status}'" for status in RMAStatus.open())
    sql = f"""
        WITH chosen AS (
            SELECT r.number, ({conditions}) AS is_done, r.status IN ({still_open}) AS is_open
            FROM returns_rma r JOIN oms_order o ON o.id = r.order_id
            WHERE r.source <> '{RMASource.IMPORTED}' AND (r.status IN ({still_open}) OR ({conditions}))
        ), {STAGES}
        SELECT s.stage, count(*) FILTER (WHERE c.is_done AND until IS NOT NULL) AS passages,
            (avg(extract(epoch FROM until - since)) FILTER (WHERE c.is_done) / 3600)::{HOURS} AS mean,
            (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM until - since))
                FILTER (WHERE c.is_done AND until IS NOT NULL) / 3600)::{HOURS} AS median,
            (percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM until - since))
                FILTER (WHERE c.is_done AND until IS NOT NULL) / 3600)::{HOURS} AS slow,
            coalesce(sum(extract(epoch FROM until - since)) FILTER (WHERE c.is_done), 0) AS seconds,
            count(*) FILTER (WHERE c.is_open AND until IS NULL) AS waiting,
            min(since) FILTER (WHERE c.is_open AND until IS NULL) AS waiting_since
        FROM stages s JOIN chosen c USING (number) GROUP BY 1"""  # noqa: S608 - constants; values are parameters
    found = {row["stage"]: row for row in rows(sql, conditions.values)}
    whole = sum((row["seconds"] for row in found.values()), Decimal(0))
    return [
        Stage(
            code,
            clock,
            row["passages"],
            row["mean"],
            row["median"],
            row["slow"],
            (row["seconds"] / whole).quantize(Decimal("0.0001")) if whole else Decimal(0),
            row["waiting"],
            row["waiting_since"],
        )
        for code, (_name, clock) in NAMES.items()
        if (row := found.get(code)) and (row["passages"] or row["waiting"])
    ]


def slowest(stages: list[Stage]) -> Stage | None:
    """The stage that takes most of the time of those that are ours to shorten."""
    ours = [stage for stage in stages if stage.clock == "us" and stage.share]
    return max(ours, key=lambda stage: stage.share, default=None)
