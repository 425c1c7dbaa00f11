"""Stock, for staff."""

from inventory.views.checking import check
from inventory.views.costing import chart, costing, terms
from inventory.views.counting import count, count_decision, counts
from inventory.views.shelf import shelf, shelf_chart
from inventory.views.stock import bins, movements, stock
from inventory.views.units import labels, unit, units

__all__ = [
    "bins",
    "chart",
    "check",
    "costing",
    "count",
    "count_decision",
    "counts",
    "labels",
    "movements",
    "shelf",
    "shelf_chart",
    "stock",
    "terms",
    "unit",
    "units",
]
