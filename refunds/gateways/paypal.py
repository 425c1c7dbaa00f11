"""PayPal through its own REST interface.

Sources: https://developer.paypal.com/docs/api/payments/v2/ (captures and refunds), /docs/api/orders/v2/ (what became of
an order), /api/rest/reference/idempotency/, /api/rest/responses/. PayPal has no SDK that can be pointed elsewhere.
"""

import json
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.core.exceptions import ImproperlyConfigured

from oms.money import MoneyError, exponent, from_minor, parse_amount, to_minor
from refunds.gateways.paypal_signature import Certificates, check
from refunds.states import RefundStatus

from .base import GatewayError, RefundAnswer, SignatureRefused

LIVE = "https://api-m.paypal.com"
STATUSES = {
    "PENDING": RefundStatus.PENDING,
    "COMPLETED": RefundStatus.SETTLED,
    "FAILED": RefundStatus.FAILED,
    "CANCELLED": RefundStatus.CANCELED,
}
# https://developer.paypal.com/api/rest/reference/currency-codes/: no decimals at PayPal, whatever the standard says
WHOLE_ONLY = ("HUF", "JPY", "TWD")
CONNECT_SECONDS, READ_SECONDS = 3.05, 10.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SANDBOX_CLIENT = "sandbox_"


class PayPalGateway:
    """Refunds of captures. Our number and attempt travel in `custom_id`, which PayPal shows in its reports too."""

    name = "paypal"
    remembers = timedelta(days=44)  # "The server stores keys for 45 days."

    def __init__(self, client_id: str, secret: str, api_base: str = "", *, read_seconds: float = READ_SECONDS) -> None:
        """`api_base` is empty for PayPal itself, else its test system or where the sandbox listens."""
        self._base = (api_base or LIVE).rstrip("/")
        on_loopback = urlsplit(self._base).hostname in LOOPBACK
        if on_loopback and not client_id.startswith(SANDBOX_CLIENT):
            raise ImproperlyConfigured("PAYPAL_API_BASE is a sandbox: its client ids begin with sandbox_.")
        timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS)
        self._http = httpx.Client(timeout=timeout, trust_env=not on_loopback)
        weakref.finalize(self, self._http.close)
        self._credentials = (client_id, secret)
        self._token, self._token_until, self._renewing = "", 0.0, threading.Lock()
        self._certificates = Certificates(self._base, self._fetch)

    def refund(
        self, payment_provider_id: str, amount_minor: int, currency: str, key: str, metadata: Mapping[str, str]
    ) -> RefundAnswer:
        """POST /v2/payments/captures/{id}/refund under `key`. The same key again gives the same refund."""
        wanted = {
            "amount": {"currency_code": currency, "value": _value(amount_minor, currency)},
            "custom_id": f"{metadata.get('refund', '')},{metadata.get('attempt', key)}",
            # Unlike the key PayPal never forgets it: a second refund of this attempt is refused for ever.
            "invoice_id": f"{metadata.get('refund', '')}-{key[:8]}",
        }
        headers = {"PayPal-Request-Id": key, "Prefer": "return=representation"}
        path = f"/v2/payments/captures/{_name(payment_provider_id)}/refund"
        return read_refund(self._call("POST", path, json=wanted, headers=headers))

    def retrieve(self, provider_id: str) -> RefundAnswer:
        return read_refund(self._call("GET", f"/v2/payments/refunds/{_name(provider_id)}"))

    def find_refund(self, payment_provider_id: str, number: str, *, attempt: str = "") -> RefundAnswer | None:
        """Look through the refunds of the capture's order, newest first: PayPal lists them nowhere else."""
        wanted = {"refund": number} | ({"attempt": attempt} if attempt else {})
        known = self.list_refunds(payment_provider_id)
        return next((refund for refund in known if wanted.items() <= refund.metadata.items()), None)

    def list_refunds(self, payment_provider_id: str) -> Iterator[RefundAnswer]:
        """Every refund of a capture, newest first, those made in PayPal's dashboard too."""
        capture = self._call("GET", f"/v2/payments/captures/{_name(payment_provider_id)}")
        order = (capture.get("supplementary_data") or {}).get("related_ids", {}).get("order_id")
        if not order:
            raise GatewayError("PayPal does not say which order this capture belongs to.", code="no_order")
        found = self._call("GET", f"/v2/checkout/orders/{_name(order)}")
        refunds = [
            refund for unit in found.get("purchase_units", ()) for refund in unit.get("payments", {}).get("refunds", ())
        ]
        for refund in reversed(refunds):
            answer = read_refund(refund)
            if answer.payment in ("", payment_provider_id):
                yield answer

    def verify_message(self, body: bytes, headers: Mapping[str, str], webhook_id: str, now: datetime) -> dict[str, Any]:
        """The event of a signed message. Raises SignatureRefused, or GatewayError when the certificate is not to be
        had: then the sender has to try again."""
        check(body, headers, webhook_id, self._certificates, now)
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            raise SignatureRefused("The body is no JSON.") from None
        if not isinstance(event, dict) or not isinstance(event.get("resource"), dict):
            raise SignatureRefused("The body is no event.")
        return event

    # ── HTTP ──

    def get(self, path: str, **asked: str | int) -> dict[str, Any]:
        """What PayPal answers to a question that changes nothing. Raises GatewayError."""
        return self._call("GET", path, params=asked)

    def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """One call with a token; a token PayPal does not know any more is renewed once. Raises GatewayError."""
        writes = method == "POST"
        for again in (False, True):
            token = self._bearer(renew=again)
            answer = self._send(method, path, writes=writes, auth=_Bearer(token), **more)
            if answer.status_code != 401 or again:
                break
        return _read(answer, writes)

    def _bearer(self, *, renew: bool) -> str:
        with self._renewing:
            if renew or time.monotonic() >= self._token_until:
                form = {"grant_type": "client_credentials"}
                answer = self._send("POST", "/v1/oauth2/token", writes=False, auth=self._credentials, data=form)
                body = _read(answer, writes=False)
                self._token = str(body.get("access_token", ""))
                self._token_until = time.monotonic() + max(0, int(body.get("expires_in", 0)) - 60)
            return self._token

    def _send(self, method: str, path: str, *, writes: bool, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, f"{self._base}{path}", **more)
        except httpx.HTTPError as problem:
            sent = not isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            unknown = writes and sent
            raise GatewayError("PayPal did not answer.", code="no_answer", retryable=True, unknown=unknown) from problem

    def _fetch(self, address: str) -> bytes:
        try:
            answer = self._http.get(address, follow_redirects=False)
        except httpx.HTTPError as problem:
            raise GatewayError(
                "PayPal's certificate cannot be had.", code="no_certificate", retryable=True
            ) from problem
        if answer.status_code != 200:
            raise SignatureRefused("The certificate is not there.")
        return answer.content


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def read_refund(refund: Mapping[str, Any]) -> RefundAnswer:
    """A refund of the interface or of a message in our words. Raises GatewayError for what we cannot read."""
    status = STATUSES.get(str(refund.get("status")))
    if status is None:
        raise GatewayError(f"PayPal gave the unknown status {refund.get('status')}.", code="unknown_status")
    amount, currency = read_amount(refund.get("amount"))
    number, _, attempt = str(refund.get("custom_id") or "").partition(",")
    return RefundAnswer(
        status=status,
        provider_id=str(refund.get("id", "")),
        reason=str((refund.get("status_details") or {}).get("reason") or ""),
        amount_minor=amount,
        currency=currency,
        metadata={"refund": number, "attempt": attempt} if attempt else {},
        payment=_capture(refund),
        raw=refund,
    )


def read_amount(given: Any) -> tuple[int, str]:
    """A `money` of PayPal in our smallest unit. Raises GatewayError."""
    try:
        currency = str(given["currency_code"])
        return to_minor(parse_amount(str(given["value"]), currency), currency), currency
    except (KeyError, TypeError, MoneyError) as problem:
        raise GatewayError("PayPal named no usable amount.", code="unusable_amount") from problem


def _value(amount_minor: int, currency: str) -> str:
    """An amount as PayPal takes it. Raises GatewayError where PayPal does not take its decimals."""
    amount = from_minor(amount_minor, currency)
    if currency not in WHOLE_ONLY:
        return f"{amount:.{exponent(currency)}f}"
    if amount != amount.quantize(Decimal(1)):
        raise GatewayError(f"PayPal takes whole {currency} only.", code="DECIMALS_NOT_SUPPORTED")
    return f"{amount:.0f}"


def _capture(refund: Mapping[str, Any]) -> str:
    """The capture a refund is of: the link upwards."""
    links = refund.get("links") or ()
    upwards = [str(link.get("href", "")) for link in links if link.get("rel") == "up"]
    return next((href.rpartition("/")[2] for href in upwards if "/captures/" in href), "")


def _name(id: str) -> str:
    """An id as part of an address. Raises GatewayError for what is none."""
    if not id.replace("-", "").isalnum() or not id.isascii():
        raise GatewayError("That is no id of PayPal's.", code="unusable_id")
    return id


def _read(answer: httpx.Response, writes: bool) -> dict[str, Any]:
    """The body of a success. Raises GatewayError with what anything else means for us."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if answer.is_success and isinstance(body, dict):
        return body
    raise _meaning(answer.status_code, body if isinstance(body, dict) else {}, writes)


def _meaning(status: int, body: Mapping[str, Any], writes: bool) -> GatewayError:
    """https://developer.paypal.com/api/rest/responses/: below 500 nothing was done; 5xx leaves it open."""
    details = body.get("details") or [{}]
    first = details[0] if isinstance(details, list) and isinstance(details[0], dict) else {}
    code = str(first.get("issue") or body.get("name") or body.get("error") or f"http_{status}")
    message = str(first.get("description") or body.get("message") or "PayPal gave no reason.")
    if code == "DUPLICATE_INVOICE_ID":  # this attempt was executed before: look for what came of it
        return GatewayError(message, code=code, retryable=True, unknown=True)
    if status == 409:
        return GatewayError(message, code=code, retryable=True, unknown=writes)
    if status in (401, 429):
        return GatewayError(message, code=code, retryable=True)
    if status >= 500 or status < 400:
        return GatewayError(message, code=code, retryable=True, unknown=writes)
    return GatewayError(message, code=code)
