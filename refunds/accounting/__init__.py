"""The books in the forms other programs read: one layout a file, each of the same days the same bytes."""

from refunds.accounting.base import Days, Layout
from refunds.accounting.beancount import BEANCOUNT
from refunds.accounting.quickbooks import QUICKBOOKS
from refunds.accounting.stripe import STRIPE_ACTIVITY, STRIPE_PAYOUTS
from refunds.accounting.xero import XERO

LAYOUTS = {layout.name: layout for layout in (BEANCOUNT, QUICKBOOKS, XERO, STRIPE_ACTIVITY, STRIPE_PAYOUTS)}

__all__ = ["LAYOUTS", "Days", "Layout"]
