"""The layouts we know, and which one a file has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from refunds.reconciliation.causes import Book
from refunds.reconciliation.records import Line
from refunds.reconciliation.statements import credit_notes, stripe_reports
from refunds.reconciliation.statements.reading import Problem, Rows, Unreadable, currency


@dataclass(frozen=True)
class Layout:
    """`columns` must be in the first line; `read` makes lines of the rows."""

    name: str
    book: Book
    columns: Sequence[str]
    read: Callable[[Rows, str, bool], list[Line]]


LAYOUTS = (
    Layout("Stripe report", Book.PROVIDER, stripe_reports.COLUMNS, stripe_reports.read),
    Layout("Xero credit notes", Book.ACCOUNTING, credit_notes.XERO, credit_notes.read_xero),
    Layout("QuickBooks credit memos", Book.ACCOUNTING, credit_notes.QUICKBOOKS, credit_notes.read_quickbooks),
)


@dataclass(frozen=True)
class Statement:
    """A file that was read whole: what it is of, and its lines."""

    layout: str
    book: Book
    lines: list[Line]


def read(source: BinaryIO, *, currency_code: str = "GBP", prices_include_tax: bool = True) -> Statement:
    """Read a file from its beginning. Raises Unreadable, naming line, column and reason.

    `currency_code` is for layouts whose rows name none; `prices_include_tax` for those whose prices may or may not.
    """
    rows = Rows(source)
    try:
        layout = next((one for one in LAYOUTS if set(one.columns) <= set(rows.header)), None)
        if layout is None:
            raise Unreadable(Problem(1, "", _unknown(rows.header)))
        lines = layout.read(rows, currency("currency", currency_code), prices_include_tax)
        rows.finish()
    finally:
        rows.close()
    return Statement(layout.name, layout.book, lines)


def _unknown(header: Sequence[str]) -> str:
    """Name what the nearest layout misses."""
    nearest = max(LAYOUTS, key=lambda one: len(set(one.columns) & set(header)))
    missing = [name for name in nearest.columns if name not in header]
    if len(missing) == len(nearest.columns):
        known = ", ".join(one.name for one in LAYOUTS)
        return f"The first line holds no column names of a layout we know ({known})."
    return f"For {nearest.name} the first line lacks {', '.join(missing)}."
