"""Pages about goods that inspection set aside, inside the admin: what waits, the workshop, returns to vendors."""

from returns.views.goods.asking import checklists
from returns.views.goods.placing import goods, goods_of, proceeds, vendor_line
from returns.views.goods.regrading import agreement, regrade, regrading
from returns.views.goods.vendors import vendor_credit, vendor_return, vendor_returns, vendor_step
from returns.views.goods.working import call_off, end, work_order, work_orders, workshop

__all__ = [
    "agreement",
    "call_off",
    "checklists",
    "end",
    "goods",
    "goods_of",
    "proceeds",
    "regrade",
    "regrading",
    "vendor_credit",
    "vendor_line",
    "vendor_return",
    "vendor_returns",
    "vendor_step",
    "work_order",
    "work_orders",
    "workshop",
]
