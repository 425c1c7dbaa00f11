"""From how few pieces to warn, and from how many: of one product, of a category, or of every other product (R81)."""

from datetime import datetime

from inventory.models import StockLimit
from oms import outbox, shops
from oms.models import Product
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
