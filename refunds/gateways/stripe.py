"""Stripe through its own SDK.

Sources: https://docs.stripe.com/api/refunds, https://docs.stripe.com/api/idempotent_requests,
https://docs.stripe.com/error-low-level, https://docs.stripe.com/webhooks (signatures).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from oms.network import never_sent
from refunds.states import RefundStatus

from .base import GatewayError, RefundAnswer, SignatureRefused

if TYPE_CHECKING:
    import stripe

# https://docs.stripe.com/api/refunds/object#refund_object-status
STATUSES = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SETTLED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELED,
}
CONNECT_SECONDS, READ_SECONDS = 3.05, 10.0


class StripeGateway:
    """Refunds of PaymentIntents (`pi_…`) and charges (`ch_…`).

    The SDK's own retries are off: our attempt ledger decides about them, with the key it wrote down first.
    """

    name = "stripe"
    remembers = timedelta(hours=23)  # Stripe keeps keys for at least 24 hours

    def __init__(self, api_key: str, api_base: str = "", *, read_seconds: float = READ_SECONDS) -> None:
        """`api_base` is empty for Stripe itself, else where the sandbox listens, such as http://127.0.0.1:8123."""
        if api_base and api_key.startswith(("sk_live_", "rk_live_")):
            raise ImproperlyConfigured("STRIPE_API_BASE is set: a live key goes to Stripe itself only.")
        self._api_key, self._api_base, self._read_seconds = api_key, api_base, read_seconds

    @cached_property
    def client(self) -> "stripe.StripeClient":
        import stripe  # noqa: PLC0415  0.4 s: paid by the first call of a worker, not by every start

        return stripe.StripeClient(
            self._api_key,
            base_addresses={"api": self._api_base} if self._api_base else None,
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, self._read_seconds)),
        )

    def refund(
        self, payment_provider_id: str, amount_minor: int, currency: str, key: str, metadata: Mapping[str, str]
    ) -> RefundAnswer:
        """POST /v1/refunds under `key`. `currency` is the payment's own and not sent: compare it with the answer's."""
        params = {_payment_name(payment_provider_id): payment_provider_id, "amount": amount_minor}
        wanted = params | {"metadata": dict(metadata)}
        return _ask(lambda: self.client.v1.refunds.create(wanted, {"idempotency_key": key}), writes=True)  # type: ignore[arg-type]

    def retrieve(self, provider_id: str) -> RefundAnswer:
        return _ask(lambda: self.client.v1.refunds.retrieve(provider_id))

    def find_refund(self, payment_provider_id: str, number: str, *, attempt: str = "") -> RefundAnswer | None:
        """Look through all refunds of the payment: Stripe has no search by metadata for them."""
        wanted = {"refund": number} | ({"attempt": attempt} if attempt else {})
        known = self.list_refunds(payment_provider_id)
        return next((refund for refund in known if wanted.items() <= refund.metadata.items()), None)

    def list_refunds(self, payment_provider_id: str) -> Iterator[RefundAnswer]:
        """Every refund of a payment, newest first, those made in Stripe's dashboard too."""
        asked: dict[str, Any] = {_payment_name(payment_provider_id): payment_provider_id, "limit": 100}
        while True:
            page = called(partial(self.client.v1.refunds.list, asked))  # type: ignore[arg-type]
            yield from (read_refund(known.to_dict()) for known in page.data)
            if not page.has_more:
                return
            asked = asked | {"starting_after": page.data[-1].id}

    def verify(
        self, body: bytes, signature_header: str | None, secret: str, now: datetime, tolerance: int = 300
    ) -> dict[str, Any]:
        """The event of a signed webhook. Any `v1` of the header may match; times ahead of ours are bounded too."""
        stamp, signatures = _read_header(signature_header or "")
        if not secret:
            raise SignatureRefused("No secret is set for Stripe's webhooks.")
        expected = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest().encode()
        # Every signature is compared: the time taken tells nothing about which one came close.
        if not sum([hmac.compare_digest(expected, given) for given in signatures]):
            raise SignatureRefused("The signature does not match.")
        if abs(now.timestamp() - stamp) > tolerance:
            raise SignatureRefused("The signature is too old, or from the future.")
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            raise SignatureRefused("The body is no JSON.") from None
        if not isinstance(event, dict) or event.get("object") != "event" or not isinstance(event.get("id"), str):
            raise SignatureRefused("The body is no event.")
        return event


def read_refund(refund: Mapping[str, Any]) -> RefundAnswer:
    """A refund object of the API or of a webhook in our words. Raises GatewayError for a status we do not know."""
    status = STATUSES.get(str(refund.get("status")))
    if status is None:
        raise GatewayError(f"Stripe gave the unknown status {refund.get('status')}.", code="unknown_status")
    return RefundAnswer(
        status=status,
        provider_id=str(refund["id"]),
        reason=str(refund.get("failure_reason") or refund.get("pending_reason") or ""),
        amount_minor=int(refund["amount"]),
        currency=str(refund["currency"]).upper(),
        metadata=dict(refund.get("metadata") or {}),
        payment=str(refund.get("payment_intent") or refund.get("charge") or ""),
        raw=refund,
    )


def _payment_name(payment_provider_id: str) -> str:
    return "payment_intent" if payment_provider_id.startswith("pi_") else "charge"


def _read_header(header: str) -> tuple[int, list[bytes]]:
    """Time and v1 signatures of `t=…,v1=…`. Raises SignatureRefused."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    stamps = [value for name, value in parts if name == "t"]
    if len(stamps) != 1 or not re.fullmatch(r"[0-9]{1,12}", stamps[0]):
        raise SignatureRefused("The signature header has no usable time.")
    signatures = [value.encode() for name, value in parts if name == "v1"]
    if not signatures:
        raise SignatureRefused("The signature header has no v1 signature.")
    return int(stamps[0]), signatures


def _ask(call: "Callable[[], stripe.Refund]", *, writes: bool = False) -> RefundAnswer:
    return read_refund(called(call, writes=writes).to_dict())


def called[T](call: Callable[[], T], *, writes: bool = False) -> T:
    """Make one call of the SDK. Raises GatewayError with what its failure means for us."""
    import stripe  # noqa: PLC0415  as above

    try:
        return call()
    except stripe.StripeError as problem:
        raise _meaning(problem, writes) from problem


def _meaning(problem: "stripe.StripeError", writes: bool) -> GatewayError:
    """https://docs.stripe.com/error-low-level: below 500 the call had no effect, 5xx and silence leave it open."""
    status = problem.http_status
    body = problem.json_body if isinstance(problem.json_body, dict) else {}
    found = body.get("error") if body else None
    error: dict[str, Any] = found if isinstance(found, dict) else {}
    code, param = str(error.get("code") or error.get("type") or ""), error.get("param")
    message = str(problem.user_message or "Stripe gave no reason.")
    if status is None:
        sent = not never_sent(problem)
        return GatewayError("Stripe did not answer.", code="no_answer", retryable=True, unknown=writes and sent)
    if status == 409:  # the key, or the object, is in use by a call that may be executing
        return GatewayError(message, code=code or "conflict", retryable=True, unknown=writes)
    if status == 429:
        return GatewayError(message, code=code or "rate_limit", retryable=True)
    if status >= 500 or status < 400:
        return GatewayError(message, code=code or f"http_{status}", retryable=True, unknown=writes)
    if param == "amount" and not error.get("code"):
        code = "amount_too_large"  # Stripe sends no code for more than what is left of a charge
    return GatewayError(message, code=code or f"http_{status}")
