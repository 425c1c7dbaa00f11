"""Messages of payment providers: the views store them, a job takes them from the table afterwards (p48).

They come more than once and in any order. What fits no refund of ours stays in the table, unprocessed, with its reason.
"""

from refunds.webhooks.processing import PROVIDERS, process, unattached
from refunds.webhooks.views import PAYPAL, STRIPE, paypal, stripe

__all__ = ["PAYPAL", "PROVIDERS", "STRIPE", "paypal", "process", "stripe", "unattached"]
