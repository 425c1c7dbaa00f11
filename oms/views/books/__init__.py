"""Pages about the books, for finance: balances, entries, and the months that are closed."""

from oms.views.books.by_hand import by_hand
from oms.views.books.closing import closing, period_list
from oms.views.books.entries import entry, entry_list
from oms.views.books.ledger import account, balance

__all__ = ["account", "balance", "by_hand", "closing", "entry", "entry_list", "period_list"]
