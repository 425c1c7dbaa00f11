"""Stripe's hosted payment pages. Source: https://docs.stripe.com/api/checkout/sessions"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from refunds.gateways.base import PageNews
from refunds.gateways.stripe import StripeGateway, called
from refunds.states import LinkStatus

# https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-status
STATUSES = {"open": LinkStatus.OPEN, "complete": LinkStatus.PAID, "expired": LinkStatus.EXPIRED}


class StripeCheckout:
    """Makes, looks up and closes payment pages. Called outside transactions only."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._gateway = gateway

    def open(
        self, key: str, amount_minor: int, currency: str, what: str, back_url: str, expires_at: datetime
    ) -> tuple[PageNews, str]:
        """POST /v1/checkout/sessions under `key`: the page, and its address. Raises GatewayError."""
        item = {"currency": currency.lower(), "unit_amount": amount_minor, "product_data": {"name": what}}
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [{"price_data": item, "quantity": 1}],
            "payment_method_types": ["card"],
            "client_reference_id": key,
            "metadata": {"link": key},
            "payment_intent_data": {"metadata": {"link": key}},
            "success_url": back_url,
            "cancel_url": back_url,
            "expires_at": int(expires_at.timestamp()),
        }
        sessions = self._gateway.client.v1.checkout.sessions
        made = called(lambda: sessions.create(params, {"idempotency_key": key}), writes=True)  # type: ignore[arg-type]
        return read_page(made.to_dict()), str(made.url or "")

    def retrieve(self, session_id: str) -> PageNews:
        """Where a page stands. Raises GatewayError."""
        return read_page(called(lambda: self._gateway.client.v1.checkout.sessions.retrieve(session_id)).to_dict())

    def close(self, session_id: str) -> PageNews:
        """POST /v1/checkout/sessions/{id}/expire: an open page cannot be paid any more. Raises GatewayError."""
        sessions = self._gateway.client.v1.checkout.sessions
        return read_page(called(lambda: sessions.expire(session_id), writes=True).to_dict())


def read_page(session: Mapping[str, Any]) -> PageNews:
    """A session of the API or of a webhook in our words; paid only when its money is there."""
    status = STATUSES.get(str(session.get("status")), LinkStatus.OPEN)
    if status == LinkStatus.PAID and session.get("payment_status") != "paid":
        status = LinkStatus.OPEN
    return PageNews(
        status=status,
        session_id=str(session["id"]),
        key=str((session.get("metadata") or {}).get("link") or ""),
        payment=str(session.get("payment_intent") or ""),
        amount_minor=int(session.get("amount_total") or 0),
        currency=str(session.get("currency") or "").upper(),
    )
