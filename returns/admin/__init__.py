"""Returns in the admin: the dock's own pages, and the records behind every return."""

from returns.admin import goods, pages, places, policy, records

__all__ = ["goods", "pages", "places", "policy", "records"]
