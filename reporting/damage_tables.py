"""What came back damaged as tables, and as a sentence where something stands out."""

from typing import Any

from django.utils.translation import gettext as _

from reporting import links, units
from reporting.findings import number, percent
from reporting.period import Filters, Period
from reporting.units import Damage, StandsOut

UNKNOWN = "–"
TELLING = 10  # pieces, before a share is shown


def tables(found: dict[str, list[Damage]], period: Period, filters: Filters) -> dict[str, Any]:
    """One table per cause, each row leading to its pieces, and a sentence for each cause that stands out."""
    looked_at = sum(one.units for one in found["sku"])
    return {
        "looked_at": looked_at,
        "damaged": sum(one.damaged for one in found["sku"]),
        "findings": [sentence(one) for each in found.values() if (one := units.stands_out(each))],
        "tables": [
            {
                "title": units.CAUSES[cause],
                "columns": [
                    {"label": units.CAUSES[cause], "number": False},
                    {"label": _("Looked at"), "number": True},
                    {"label": _("Damaged"), "number": True},
                    {"label": _("Share"), "number": True},
                ],
                "rows": [_row(one, period, filters) for one in each if one.damaged or cause != "sku"],
            }
            for cause, each in found.items()
        ],
    }


def sentence(found: StandsOut) -> str:
    """ "Brought back by DPD: 12 of 46 pieces are damaged (26.1 %), of all others 9.0 %." """
    one = found.one
    return _(
        "%(cause)s %(key)s: %(damaged)s of %(units)s pieces are damaged (%(share)s), of all others %(others)s."
    ) % {
        "cause": units.CAUSES[one.cause],
        "key": one.key,
        "damaged": number(one.damaged),
        "units": number(one.units),
        "share": percent(one.share),
        "others": percent(found.others),
    }


def _row(one: Damage, period: Period, filters: Filters) -> list[Any]:
    narrowed = {one.cause: one.key} if one.key else {}
    changed = filters.but(sku=one.key) if one.cause == "sku" else filters
    more = {} if one.cause == "sku" else narrowed
    damaged: Any = number(one.damaged)
    if one.damaged and one.key:
        url = links.rows("units", period, changed, condition=units.DAMAGED, **more)
        damaged = {"text": number(one.damaged), "url": url}
    share = percent(one.share) if one.units >= TELLING else UNKNOWN
    key: Any = {"text": one.key, "sub": one.title} if one.title else one.key or UNKNOWN
    return [key, number(one.units), damaged, share]
