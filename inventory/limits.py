"""From how few pieces to warn, and from how many: of one product, of a category, or of every other product (R81); and
who was told of what."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from inventory.models import StockLimit
from oms import outbox, shops
from oms.models import Event, Product, User
from oms.verbs import verb


@verb
def set_limit(
    *, product: Product | None = None, category: str = "", low: int, high: int | None, by: str, at: datetime
) -> StockLimit | None:
    """Set both; `low` 0 and no `high` is no limit, and returns None. Raises ValueError unless high is above low."""
    if low < 0 or (high is not None and high <= low):
        raise ValueError("a limit above must be above the one below")
    known = StockLimit.objects.select_for_update(no_key=True).filter(product=product, category=category).first()
    if (known.low, known.high) == (low, high) if known else (low, high) == (0, None):
        return known
    limit = None
    if (low, high) == (0, None):
        assert known is not None
        known.delete()
    else:
        limit = known or StockLimit(product=product, category=category)
        limit.low, limit.high = low, high
        limit.save()
    sku = product.sku if product else ""
    outbox.record_on(shops.STREAM, "stock_limit.changed", by=by, at=at, sku=sku, category=category, low=low, high=high)
    return limit


STREAM, TOLD = "stock", "stock_warnings.changed"


@verb
def tell(
    manager: User,
    *,
    low: Sequence[str],
    high: Sequence[str],
    shown: Sequence[Mapping[str, object]],
    by: str,
    at: datetime,
) -> Event | None:
    """Tell a manager which products (SKUs) have too few and too many, if that is not what they were told last.

    `shown` are the rows the mail lists; those that are new since then are marked with `is_new`. Returns None when
    nothing changed.
    """
    User.objects.select_for_update(no_key=True).get(pk=manager.pk)  # two at once would both find it changed
    last = Event.objects.filter(stream=STREAM, name=TOLD, facts__manager=manager.pk).order_by("-sequence").first()
    known = {*last.facts["low"], *last.facts["high"]} if last else set()
    if (sorted(low), sorted(high)) == ((last.facts["low"], last.facts["high"]) if last else ([], [])):
        return None
    rows = [{**row, "is_new": last is not None and row["sku"] not in known} for row in shown]
    ended = sorted(known - {*low, *high})
    return outbox.record_on(
        STREAM, TOLD, by=by, at=at, manager=manager.pk, low=sorted(low), high=sorted(high), ended=ended, rows=rows
    )
