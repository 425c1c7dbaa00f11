"""Stock, for staff."""

from inventory.views.costing import chart, costing, terms
from inventory.views.stock import bins, movements, stock

__all__ = ["bins", "chart", "costing", "movements", "stock", "terms"]
