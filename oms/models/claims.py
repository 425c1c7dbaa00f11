"""Which sold units are spoken for: by a return, or by a cancellation before shipping.

The claim lives beside the order line, left of `returns`, because both returning and canceling claim units and must
exclude each other.
"""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from psycopg.types.multirange import Int4Multirange
from psycopg.types.range import Range

Units = tuple[tuple[int, int], ...]


class UnitsField(models.Field):
    """Unit numbers of an order line as half-open ranges: ((0, 2), (5, 6)) is units 0, 1 and 5."""

    description = "Unit numbers (int4multirange)"

    def db_type(self, connection: Any) -> str:
        return "int4multirange"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Units:
        return tuple((part.lower, part.upper) for part in value or ())

    def to_python(self, value: Any) -> Any:
        return tuple(tuple(part) for part in value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else Int4Multirange([Range(first, last) for first, last in value])


class UnitClaim(models.Model):
    """Units of one order line that come back or were canceled. PostgreSQL refuses a unit claimed twice (p34)."""

    order_line = models.ForeignKey("oms.OrderLine", models.PROTECT, related_name="claims", db_index=False)
    units = UnitsField()
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="unit_claimed_once",
                expressions=[("order_line", RangeOperators.EQUAL), ("units", RangeOperators.OVERLAPS)],
                condition=Q(active=True),
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk}"

    @property
    def quantity(self) -> int:
        return sum(last - first for first, last in self.units)
