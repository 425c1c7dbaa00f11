"""The dock's pages, inside the admin: scan, count, inspect, and decide what customers dispute."""

from returns.views.dock.holding import hold_decision, holds
from returns.views.dock.inspecting import inspection, inspection_queue
from returns.views.dock.photos import photo
from returns.views.dock.scanning import receipts, scan

__all__ = ["hold_decision", "holds", "inspection", "inspection_queue", "photo", "receipts", "scan"]
