"""Where do things come back from (R113)? The return rate by country, with its place on the map where it has one."""

from dataclasses import dataclass
from decimal import Decimal

from reporting import return_rate
from reporting.geo import place
from reporting.period import Filters, Period

# Fewer orders than this say nothing about a country; it is drawn as "too few" and never called the highest.
ENOUGH_ORDERS = 10


@dataclass(frozen=True)
class Region:
    """A country as orders name it. `place`: its ISO 3166-1 number on the map, "" where no map shows it."""

    country: str
    place: str
    orders: int
    orders_returned: int
    returns: int
    value_returned: Decimal
    rate: Decimal | None

    @property
    def is_telling(self) -> bool:
        return self.orders >= ENOUGH_ORDERS


def answer(period: Period, filters: Filters) -> list[Region]:
    """Countries with an order or a return in the period, the highest rate among the telling first."""
    found = [
        Region(
            row.key,
            place(row.key),
            row.orders,
            row.orders_returned,
            row.returns,
            row.value_returned,
            row.rate_by_order,
        )
        for row in return_rate.answer(period, filters, "country")
    ]
    return sorted(found, key=lambda region: (not region.is_telling, -(region.rate or 0), -region.orders))
