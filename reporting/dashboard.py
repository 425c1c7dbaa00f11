"""Everything the dashboard shows for one period: each question asked once, over the period and the one before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from oms import shops
from reporting import bottlenecks, costs, csat, processing_time, products, reasons, refund_rate, regions, return_rate
from reporting.period import Filters, Period

DAYS_BY_DAY, DAYS_BY_WEEK = 14, 120


@dataclass(frozen=True)
class Course:
    """One figure: now, in the period before, and step by step."""

    now: Any
    before: Any
    steps: tuple[Any, ...]


@dataclass(frozen=True)
class Figures:
    period: Period
    filters: Filters
    steps: tuple[Period, ...]
    returns: Course  # of ReturnRate
    refunds: Course  # of RefundRate
    times: Course  # of ProcessingTime
    costs: Course  # of Costs
    satisfaction: Course  # of Satisfaction
    regions: list[regions.Region]
    reasons: list[reasons.Reason]
    products: list[products.ProductRate]
    stages: list[bottlenecks.Stage]

    @property
    def is_empty(self) -> bool:
        now = self.returns.now
        return not (now.orders or now.returns or self.times.now.returns)


def figures(period: Period, filters: Filters) -> Figures:
    """Ask every question. The period must have both ends."""
    before = period.previous()
    if before is None:
        raise ValueError("a dashboard needs a first and a last day")
    both, steps = Period(before.start, period.end, period.zone), steps_of(period)

    def course(days: dict[date, Any], total: Callable[[Iterable[Any]], Any]) -> Course:
        def within(part: Period) -> Any:
            return total(found for day, found in days.items() if part.start <= day <= part.end)

        return Course(within(period), within(before), tuple(within(step) for step in steps))

    target = shops.current().processing_days
    sold = {date.fromisoformat(row.key): row for row in return_rate.answer(both, filters, "day")}
    return Figures(
        period,
        filters,
        steps,
        course(sold, return_rate.total),
        course(refund_rate.by_day(both, filters), refund_rate.total),
        course(processing_time.by_day(both, filters, target), partial(processing_time.total, target=target)),
        course(costs.by_day(both, filters), costs.total),
        course(csat.by_day(both, filters), csat.total),
        regions.answer(period, filters),
        reasons.answer(period, filters),
        products.answer(period, filters),
        bottlenecks.answer(period, filters),
    )


def steps_of(period: Period) -> tuple[Period, ...]:
    """The period in days, weeks (from Monday) or months, the first and last cut where the period is."""
    assert period.start is not None
    assert period.end is not None
    assert period.days is not None
    found, first = [], period.start
    while first <= period.end:
        if period.days <= DAYS_BY_DAY:
            last = first
        elif period.days <= DAYS_BY_WEEK:
            last = first + timedelta(days=7 - first.isoweekday())
        else:
            last = (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        found.append(Period(first, min(last, period.end), period.zone))
        first = last + timedelta(days=1)
    return tuple(found)


def points(course: Course, value: Callable[[Any], Decimal | int | None]) -> list[Decimal | int | None]:
    """A sparkline's points, oldest first; None where a step has nothing to say."""
    return [value(step) for step in course.steps]
