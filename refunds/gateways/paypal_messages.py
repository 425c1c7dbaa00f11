"""What a message of PayPal tells us. https://developer.paypal.com/api/rest/webhooks/event-names/"""

from collections.abc import Iterator, Mapping
from typing import Any

from refunds.gateways.paypal import read_refund

from .base import AskAgain, News

REFUND_KINDS = ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED")
CAPTURE_KINDS = ("PAYMENT.CAPTURE.REVERSED",)


def read(kind: str, event: Mapping[str, Any]) -> Iterator[News]:
    """Other kinds tell nothing. Raises GatewayError for what cannot be read."""
    about = event.get("resource") or {}
    if kind in REFUND_KINDS:
        yield read_refund(about)
    elif kind in CAPTURE_KINDS:
        yield AskAgain(tuple(str(id) for id in (about.get("id"),) if id))
