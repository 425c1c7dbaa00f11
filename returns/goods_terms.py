"""What goods that come back are expected to bring and to cost: dated rows, changed a few times a year."""

from datetime import date

from oms.remembered import remembered
from returns.models import GoodsTerms


def on(day: date) -> GoodsTerms:
    """The terms of this day, not to be changed; those of the first row before it, and the built-in ones before all."""
    for terms in _all():
        if terms.valid_from <= day:
            return terms
    return GoodsTerms(valid_from=date.min)


@remembered
def _all() -> list[GoodsTerms]:
    return list(GoodsTerms.objects.order_by("-valid_from"))
