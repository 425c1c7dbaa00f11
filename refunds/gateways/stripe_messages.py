"""What a message of Stripe tells us. https://docs.stripe.com/api/events/types"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from refunds.gateways.stripe import read_refund
from refunds.gateways.stripe_checkout import read_page
from refunds.states import DisputeStatus

from .base import AskAgain, DisputeNews, GatewayError, News, ProviderFee

REFUND_KINDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
CHARGE_KINDS = ("charge.refunded",)
DISPUTE_KINDS = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)
# https://docs.stripe.com/api/disputes/object#dispute_object-status; "prevented": the customer has the money back
DISPUTES = {
    "warning_needs_response": DisputeStatus.OPEN,
    "warning_under_review": DisputeStatus.OPEN,
    "warning_closed": DisputeStatus.WON,
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.OPEN,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "prevented": DisputeStatus.LOST,
}
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
            yield AskAgain(_payments(about.get("id"), about.get("payment_intent")))
    elif kind in DISPUTE_KINDS:
        yield _dispute(about)


def _dispute(dispute: Mapping[str, Any]) -> DisputeNews:
    status = DISPUTES.get(str(dispute.get("status")))
    if status is None or not dispute.get("id"):
        raise GatewayError("Stripe gave a dispute an unknown status.", code="unknown_status")
    payments = _payments(dispute.get("charge"), dispute.get("payment_intent"))
    amount, currency = int(dispute.get("amount") or 0), str(dispute.get("currency") or "").upper()
    fees = tuple(_fees(dispute.get("balance_transactions") or ()))
    return DisputeNews(str(dispute["id"]), payments, status, str(dispute.get("reason") or ""), amount, currency, fees)


def _fees(movements: Iterable[Mapping[str, Any]]) -> Iterator[ProviderFee]:
    """Of the money withdrawn for a dispute, and of that which came back."""
    for one in movements:
        if one.get("fee"):
            yield ProviderFee(str(one["id"]), int(one["fee"]), str(one["currency"]).upper())


def _payments(*ids: Any) -> tuple[str, ...]:
    return tuple(str(id) for id in ids if id)
