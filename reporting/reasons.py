"""Why do things come back (R14, R114), and what could be done about it (R120)?"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from reporting.came_back import CAME_BACK, GOODS, returned, rows
from reporting.period import NEVER, Filters, Period

# What a reason usually points at; reasons a manager adds point at the product until somebody says otherwise.
CAUSES = {
    "damaged_on_arrival": "packing",
    "defective": "quality",
    "not_as_described": "description",
    "wrong_size": "description",
    "wrong_item": "service",
    "arrived_late": "service",
    "changed_mind": "choice",
    "unwanted_gift": "choice",
}
CAUSE_NAMES = {
    "packing": _("packing or carriage"),
    "quality": _("product quality"),
    "description": _("description"),
    "service": _("service"),
    "choice": _("change of mind"),
}
ACTIONS = {
    "packing": _("Look at how it is packed, and at the carrier's claims."),
    "quality": _("Check the batch and talk to the supplier."),
    "description": _("Rewrite the description; add sizes and pictures."),
    "service": _("Follow one order from picking to the door."),
    "choice": _("Offer an exchange first; look at the return window."),
}


@dataclass(frozen=True)
class Reason:
    """How many returns name a reason, in the period and in the one before. Code "" where none was recorded."""

    code: str
    label: str
    returns: int
    units: int
    value: Decimal
    returns_before: int

    @property
    def cause(self) -> str:
        return CAUSES.get(self.code, "quality" if self.code else "")


def answer(period: Period, filters: Filters) -> list[Reason]:
    """Reasons, the most named first. A return that names two counts for both; "" comes last."""
    now = returned(period, filters, "b")
    before = period.previous()
    past = (returned(before, filters, "b") if before else NEVER).renamed("past_")
    sql = f"""
        WITH {GOODS}, {CAME_BACK}
        SELECT b.reason AS code, coalesce(reason.label, '') AS label,
            count(DISTINCT b.document) FILTER (WHERE {now}) AS returns,
            coalesce(sum(b.units) FILTER (WHERE {now}), 0)::bigint AS units,
            coalesce(sum(b.value) FILTER (WHERE {now}), 0) AS value,
            count(DISTINCT b.document) FILTER (WHERE {past}) AS returns_before
        FROM came_back b LEFT JOIN returns_returnreason reason ON reason.code = b.reason
        WHERE ({now}) OR ({past}) GROUP BY 1, 2"""  # noqa: S608 - constants; values are parameters
    found = [Reason(**row) for row in rows(sql, now.values | past.values)]
    return sorted(found, key=lambda reason: (not reason.code, -reason.returns, reason.code))
