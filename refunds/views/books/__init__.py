"""Pages of the books that only refunds can fill: credit memos, their taxes, conservation, exports."""

from refunds.views.books.conservation import conservation, conservation_check
from refunds.views.books.exports import exports
from refunds.views.books.memos import memo, memo_list
from refunds.views.books.taxes import taxes

__all__ = ["conservation", "conservation_check", "exports", "memo", "memo_list", "taxes"]
