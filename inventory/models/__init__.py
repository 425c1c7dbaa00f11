from inventory.models.conditions import Condition
from inventory.models.counts import CountedLine, StockCount
from inventory.models.reservations import Reservation
from inventory.models.stock import StockLevel, StockMovement
from inventory.models.units import Lot, LotMovement, Unit
from inventory.models.value import (
    CategoryTerms,
    CostLayer,
    GradeTerms,
    Impairment,
    IssuedPart,
    ProductValue,
    ValueMovement,
)
from inventory.models.warehouses import Bin, Warehouse, working_week
from inventory.models.watching import StockCheck, StockLimit

__all__ = [
    "Bin",
    "CategoryTerms",
    "Condition",
    "CostLayer",
    "CountedLine",
    "GradeTerms",
    "Impairment",
    "IssuedPart",
    "Lot",
    "LotMovement",
    "ProductValue",
    "Reservation",
    "StockCheck",
    "StockCount",
    "StockLevel",
    "StockLimit",
    "StockMovement",
    "Unit",
    "ValueMovement",
    "Warehouse",
    "working_week",
]
