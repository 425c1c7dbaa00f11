"""Pages about refunds, for staff."""

from refunds.views.deciding import approval, attempts, cancellation, confirmation, goodwill, refusal
from refunds.views.looking import detail, refund_list, unattached

__all__ = [
    "approval",
    "attempts",
    "cancellation",
    "confirmation",
    "detail",
    "goodwill",
    "refund_list",
    "refusal",
    "unattached",
]
