"""What a message of PayPal tells us. https://developer.paypal.com/api/rest/webhooks/event-names/"""

from collections.abc import Iterator, Mapping
from typing import Any

from refunds.gateways.paypal import read_refund
from refunds.states import DisputeStatus

from .base import AskAgain, DisputeNews, GatewayError, News

REFUND_KINDS = ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED")
CAPTURE_KINDS = ("PAYMENT.CAPTURE.REVERSED",)
DISPUTE_KINDS = ("CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED")
# https://developer.paypal.com/docs/api/customer-disputes/v1/: outcomes after which the money is still ours. After any
# other, and one we do not know, the customer may have it.
OURS = ("RESOLVED_SELLER_FAVOUR", "RESOLVED_SELLER_FAVOR", "CANCELED_BY_BUYER", "DENIED")


def read(kind: str, event: Mapping[str, Any]) -> Iterator[News]:
    """Other kinds tell nothing. Raises GatewayError for what cannot be read."""
    about = event.get("resource") or {}
    if kind in REFUND_KINDS:
        yield read_refund(about)
    elif kind in CAPTURE_KINDS:
        yield AskAgain(tuple(str(id) for id in (about.get("id"),) if id))
    elif kind in DISPUTE_KINDS:
        yield _dispute(about)


def _dispute(dispute: Mapping[str, Any]) -> DisputeNews:
    sold = dispute.get("disputed_transactions") or ()
    captures = tuple(str(one["seller_transaction_id"]) for one in sold if one.get("seller_transaction_id"))
    if not dispute.get("dispute_id") or not captures:
        raise GatewayError("PayPal named no disputed payment.", code="unusable_dispute")
    status = DisputeStatus.OPEN
    if dispute.get("status") == "RESOLVED":
        outcome = str((dispute.get("dispute_outcome") or {}).get("outcome_code"))
        status = DisputeStatus.WON if outcome in OURS else DisputeStatus.LOST
    return DisputeNews(str(dispute["dispute_id"]), captures, status, str(dispute.get("reason") or ""))
