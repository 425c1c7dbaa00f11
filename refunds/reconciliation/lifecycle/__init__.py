"""The verbs of runs and of discrepancies. Nothing else writes their statuses.

Each: lock the row · ask the machine · change · record one event · return. A run never changes a refund or a booking;
a person may book what a run has found.
"""

from refunds.reconciliation.lifecycle.discrepancies import (
    assign,
    can_be_booked,
    find,
    note,
    reopen,
    resolve,
    vanish,
)
from refunds.reconciliation.lifecycle.runs import ask, begin, cancel, fail, finish

__all__ = [
    "ask",
    "assign",
    "begin",
    "can_be_booked",
    "cancel",
    "fail",
    "find",
    "finish",
    "note",
    "reopen",
    "resolve",
    "vanish",
]
