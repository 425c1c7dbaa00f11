"""How many there are: announced, in the house, set aside, free to sell. Derived from the levels, never stored (R126).

expected      announced by customers, not here yet
on hand       in the house, wherever: dock, shelf, quarantine, hold, refurbishing, outbound, scrap
quarantined   on hand, but set aside until somebody decides: quarantine and hold
reserved      on a shelf, set aside for an order
available     on a shelf and not reserved: what may be sold
"""

from django.db.models import F, IntegerField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from inventory.models import StockLevel
from inventory.states import BinKind
from oms.models import Product

SET_ASIDE = (BinKind.QUARANTINE, BinKind.HOLD)
NAMES = ("expected", "on_hand", "quarantined", "reserved", "available")


def _sum(of: str, where: Q, path: str) -> Coalesce:
    held = {
        "all": F(f"{path}quantity"),
        "free": F(f"{path}quantity") - F(f"{path}reserved"),
        "reserved": F(f"{path}reserved"),
    }[of]
    return Coalesce(Sum(held, filter=where), 0, output_field=IntegerField())


def _quantities(path: str = "", narrowed: Q | None = None) -> dict[str, Coalesce]:
    """The five sums over levels reached by `path`, over those that `narrowed` names alone."""
    kind, narrowed = f"{path}bin__kind", narrowed or Q()
    return {
        "expected": _sum("all", Q(**{kind: BinKind.EXPECTED}) & narrowed, path),
        "on_hand": _sum("all", Q(**{f"{kind}__in": BinKind.on_hand()}) & narrowed, path),
        "quarantined": _sum("all", Q(**{f"{kind}__in": SET_ASIDE}) & narrowed, path),
        "available": _sum("free", Q(**{kind: BinKind.SHELF}) & narrowed, path),
        # Last, because it is called like the column it adds up.
        "reserved": _sum("reserved", Q(**{kind: BinKind.SHELF}) & narrowed, path),
    }


def with_quantities(products: "QuerySet[Product]", *, warehouse: str = "") -> "QuerySet[Product]":
    """Products with the five quantities, in one warehouse (by its code) or in all; one statement."""
    narrowed = Q(levels__bin__warehouse__code=warehouse) if warehouse else None
    return products.annotate(**_quantities("levels__", narrowed))


def totals(levels: "QuerySet[StockLevel]") -> dict[str, int]:
    """The five quantities over these levels; one statement."""
    return levels.aggregate(**_quantities())
