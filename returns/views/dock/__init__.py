"""The dock's pages, inside the admin: scan, count, inspect, and decide what customers dispute."""

from returns.views.dock.correcting import corrections
from returns.views.dock.counting import receipts
from returns.views.dock.finding import found, found_decision, found_new
from returns.views.dock.holding import hold_decision, holds
from returns.views.dock.inspecting import inspection
from returns.views.dock.packing import departure, missing, outbound_label, packing, packing_of, pick_list
from returns.views.dock.phones import phone, station_photos
from returns.views.dock.photos import photo
from returns.views.dock.queue import inspection_queue
from returns.views.dock.scanning import scan
from returns.views.dock.sheet import actions
from returns.views.dock.today import today
from returns.views.dock.tray import tray

__all__ = [
    "actions",
    "corrections",
    "departure",
    "found",
    "found_decision",
    "found_new",
    "hold_decision",
    "holds",
    "inspection",
    "inspection_queue",
    "missing",
    "outbound_label",
    "packing",
    "packing_of",
    "phone",
    "photo",
    "pick_list",
    "receipts",
    "scan",
    "station_photos",
    "today",
    "tray",
]
