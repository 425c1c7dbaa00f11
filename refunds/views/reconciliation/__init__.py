"""Pages of the reconciliation, for finance; the auditor may look."""

from refunds.views.reconciliation.deciding import assignment, notes, reopening, resolution
from refunds.views.reconciliation.runs import cancellation, run, run_list
from refunds.views.reconciliation.worklist import discrepancy, worklist

__all__ = [
    "assignment",
    "cancellation",
    "discrepancy",
    "notes",
    "reopening",
    "resolution",
    "run",
    "run_list",
    "worklist",
]
