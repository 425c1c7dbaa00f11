"""The dock's pages, inside the admin: scan, count, inspect, and decide what customers dispute."""

from returns.views.dock.holding import hold_decision, holds
from returns.views.dock.inspecting import inspection, inspection_queue
from returns.views.dock.packing import departure, missing, outbound_label, packing, packing_of, pick_list
from returns.views.dock.photos import photo
from returns.views.dock.scanning import receipts, scan

__all__ = [
    "departure",
    "hold_decision",
    "holds",
    "inspection",
    "inspection_queue",
    "missing",
    "outbound_label",
    "packing",
    "packing_of",
    "photo",
    "pick_list",
    "receipts",
    "scan",
]
