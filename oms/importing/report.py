"""What an import did, and what it could not read."""

from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

KEPT_REJECTIONS = 10_000  # named one by one; beyond that they are counted


class Unreadable(Exception):
    """The file as a whole cannot be imported; the message is a sentence for the operator."""


class BadRow(Exception):
    """A row that cannot be imported: which column, and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


@dataclass
class ImportReport:
    rows: int = 0  # rows of the file, without the header
    orders: int = 0  # orders in the file
    new_orders: int = 0  # of these, not known before
    order_lines: int = 0
    credit_notes: int = 0
    new_credit_notes: int = 0
    adjustments: int = 0  # rows that are neither sale nor return: write-offs, bad debt
    lines_matched_fully: int = 0  # credit lines of goods with a customer; known ones as matched back then
    lines_matched_partly: int = 0
    lines_not_matched: int = 0
    lines_without_customer: int = 0
    lines_not_goods: int = 0
    units_matched: int = 0
    returns: int = 0  # new ones
    rejected: int = 0
    rejections: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, line: int, column: str, reason: str) -> None:
        """Note that a row (by its line in the file, from 1) was left out."""
        self.rejected += 1
        if len(self.rejections) < KEPT_REJECTIONS:
            self.rejections.append({"line": line, "column": column, "reason": reason})

    def include(self, read: "ImportReport") -> None:
        """Add what was counted and left out while reading; what is left out is named in the order of the file."""
        self.rows += read.rows
        self.adjustments += read.adjustments
        self.rejected += read.rejected
        self.rejections += read.rejections
        self.rejections.sort(key=itemgetter("line"))
        del self.rejections[KEPT_REJECTIONS:]
