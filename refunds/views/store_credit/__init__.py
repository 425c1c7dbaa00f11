"""Pages about store credit: for staff, and for the customer whose it is."""

from refunds.views.store_credit.giving import (
    agreement,
    corrections,
    grants,
    grants_for_order,
    payments,
    refusal,
    terms,
    withdrawals,
)
from refunds.views.store_credit.looking import credit_list, detail, liability

__all__ = [
    "agreement",
    "corrections",
    "credit_list",
    "detail",
    "grants",
    "grants_for_order",
    "liability",
    "payments",
    "refusal",
    "terms",
    "withdrawals",
]
