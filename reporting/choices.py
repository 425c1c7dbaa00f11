"""What can be asked about: the currencies and countries there are, and the days that hold something."""

from dataclasses import dataclass
from datetime import date

from reporting.came_back import rows


@dataclass(frozen=True)
class Choices:
    """Currencies, the most used first; countries by name; the first and last day with an order or a return."""

    currencies: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None

    @property
    def currency(self) -> str:
        """What reports are in unless asked otherwise."""
        return self.currencies[0] if self.currencies else "GBP"


def answer(zone: str) -> Choices:
    found = rows(
        """
        WITH part AS (
            SELECT currency, country, count(*) AS orders, min(placed_at) AS first, max(placed_at) AS last
            FROM oms_order GROUP BY 1, 2
            UNION ALL
            SELECT currency, country, 0, min(credited_at), max(credited_at) FROM refunds_importedcredit GROUP BY 1, 2
            UNION ALL
            SELECT currency, NULL, 0, min(requested_at), max(requested_at) FROM returns_rma GROUP BY 1, 2
        )
        SELECT currency, array_agg(DISTINCT country) FILTER (WHERE country <> '') AS countries, sum(orders) AS orders,
            (min(first) AT TIME ZONE %(zone)s::text)::date AS first_day,
            (max(last) AT TIME ZONE %(zone)s::text)::date AS last_day
        FROM part GROUP BY 1 ORDER BY 3 DESC, 1""",
        {"zone": zone},
    )
    if not found:
        return Choices()
    return Choices(
        tuple(row["currency"] for row in found),
        tuple(sorted({country for row in found for country in row["countries"] or ()})),
        min(row["first_day"] for row in found),
        max(row["last_day"] for row in found),
    )
