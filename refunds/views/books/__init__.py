"""Pages of the books that only refunds can fill: credit memos, their taxes, conservation, exports."""

from refunds.views.books.memos import memo, memo_list

__all__ = ["memo", "memo_list"]
