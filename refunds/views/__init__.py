"""Pages about refunds, for staff."""

from refunds.views.approvals import approvals, destination, evidence, tenders
from refunds.views.deciding import approval, attempts, cancellation, confirmation, goodwill, refusal
from refunds.views.externals import external, externals
from refunds.views.looking import detail, refund_list, unattached

__all__ = [
    "approval",
    "approvals",
    "attempts",
    "cancellation",
    "confirmation",
    "destination",
    "detail",
    "evidence",
    "external",
    "externals",
    "goodwill",
    "refund_list",
    "refusal",
    "tenders",
    "unattached",
]
