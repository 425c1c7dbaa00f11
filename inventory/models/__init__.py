from inventory.models.conditions import Condition
from inventory.models.stock import StockLevel, StockMovement
from inventory.models.units import Unit
from inventory.models.warehouses import Bin, Warehouse, working_week

__all__ = ["Bin", "Condition", "StockLevel", "StockMovement", "Unit", "Warehouse", "working_week"]
