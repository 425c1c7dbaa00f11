"""Pages about orders, for staff."""

from oms.views.orders.looking import cancellations, detail, order_list

__all__ = ["cancellations", "detail", "order_list"]
