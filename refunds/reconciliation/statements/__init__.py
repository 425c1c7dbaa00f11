"""Files of others: Stripe's reports, and the credit notes of an accounting program.

`read` finds out which layout a file has by its first line. What cannot be read is named by line, column and reason; a
file with one bad row is refused whole, because a comparison with half a statement invents differences. Names,
addresses and mail addresses in a file are never looked at.
"""

from refunds.reconciliation.statements.layouts import LAYOUTS, Statement, read
from refunds.reconciliation.statements.reading import LARGEST_BYTES, Problem, Unreadable

__all__ = ["LARGEST_BYTES", "LAYOUTS", "Problem", "Statement", "Unreadable", "read"]
