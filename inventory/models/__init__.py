from inventory.models.conditions import Condition
from inventory.models.reservations import Reservation
from inventory.models.stock import StockLevel, StockMovement
from inventory.models.units import Unit
from inventory.models.warehouses import Bin, Warehouse, working_week

__all__ = ["Bin", "Condition", "Reservation", "StockLevel", "StockMovement", "Unit", "Warehouse", "working_week"]
