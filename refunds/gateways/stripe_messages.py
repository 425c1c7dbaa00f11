"""What a message of Stripe tells us. https://docs.stripe.com/api/events/types"""

from collections.abc import Iterator, Mapping
from typing import Any

from refunds.gateways.stripe import read_refund
from refunds.gateways.stripe_checkout import read_page

from .base import AskAgain, News

REFUND_KINDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
CHARGE_KINDS = ("charge.refunded",)
PAGE_KINDS = ("checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.expired")


def read(kind: str, event: Mapping[str, Any]) -> Iterator[News]:
    """Other kinds tell nothing. Raises GatewayError for what cannot be read."""
    about = event.get("data", {}).get("object", {})
    if kind in PAGE_KINDS and about.get("object") == "checkout.session":
        yield read_page(about)
    elif kind in REFUND_KINDS and about.get("object") == "refund":
        yield read_refund(about)
    elif kind in CHARGE_KINDS:
        listed = (about.get("refunds") or {}).get("data") or ()
        yield from (read_refund(refund) for refund in listed)
        if not listed:
            yield AskAgain(_payments(about))


def _payments(charge: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(id) for id in (charge.get("id"), charge.get("payment_intent")) if id)
