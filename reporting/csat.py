"""How did customers find it (R11)? The survey after a return asks for ease, clarity and speed, 1 to 5 each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reporting.came_back import rows
from reporting.period import Conditions, Filters, Period

SATISFIED = 4


@dataclass(frozen=True)
class Satisfaction:
    """Answers, the sums of their three scores, and how many were satisfied (a mean of 4 or more)."""

    answers: int = 0
    ease: int = 0
    clarity: int = 0
    speed: int = 0
    satisfied: int = 0

    @property
    def score(self) -> Decimal | None:
        """Mean of all three questions, 1 to 5, two decimals."""
        return self._mean(self.ease + self.clarity + self.speed, 3 * self.answers)

    @property
    def scores(self) -> dict[str, Decimal | None]:
        return {name: self._mean(getattr(self, name), self.answers) for name in ("ease", "clarity", "speed")}

    @property
    def share_satisfied(self) -> Decimal | None:
        return (Decimal(self.satisfied) / self.answers).quantize(Decimal("0.000001")) if self.answers else None

    @staticmethod
    def _mean(total: int, count: int) -> Decimal | None:
        return (Decimal(total) / count).quantize(Decimal("0.01")) if count else None


def answer(period: Period, filters: Filters) -> Satisfaction:
    return total(by_day(period, filters).values())


def by_day(period: Period, filters: Filters) -> dict[date, Satisfaction]:
    """Return the surveys by the day they were answered."""
    conditions = answered(period, filters)
    sql = f"""
        SELECT (s.answered_at AT TIME ZONE %(zone)s::text)::date AS day, count(*) AS answers,
            sum(s.ease) AS ease, sum(s.clarity) AS clarity, sum(s.speed) AS speed,
            count(*) FILTER (WHERE s.ease + s.clarity + s.speed >= {3 * SATISFIED}) AS satisfied
        FROM returns_survey s JOIN returns_rma r ON r.id = s.rma_id JOIN oms_order o ON o.id = r.order_id
        WHERE {conditions} GROUP BY 1"""  # noqa: S608 - constants; values are parameters
    return {row.pop("day"): Satisfaction(**row) for row in rows(sql, {**conditions.values, "zone": period.zone})}


def answered(period: Period, filters: Filters) -> Conditions:
    """Conditions on `s`, `r` and `o` for surveys answered in the period."""
    conditions = Conditions()
    conditions.within("s.answered_at", period)
    if filters.currency:
        conditions.add("r.currency = %(currency)s::text", currency=filters.currency)
    if filters.country:
        conditions.add("o.country = %(country)s::text", country=filters.country)
    return conditions


def total(parts: Iterable[Satisfaction]) -> Satisfaction:
    found = list(parts)
    names = ("answers", "ease", "clarity", "speed", "satisfied")
    return Satisfaction(*(sum(getattr(part, name) for part in found) for name in names))
