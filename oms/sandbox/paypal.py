"""The address /paypal/: access tokens, request ids and errors as PayPal has them, whatever is called.

Sources: https://developer.paypal.com/api/rest/, /docs/api/payments/v2/, /docs/api/orders/v2/,
/docs/api/transaction-search/v1/. What the shop sees as PayPal's host is this address with its prefix. A client whose id
does not begin with `sandbox_` is refused.
"""

import base64
import contextlib
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator

from .book import Book, Row
from .faults import Faults
from .paypal_book import Transactions
from .paypal_objects import error, refusal
from .paypal_payments import Payments
from .paypal_signing import Signer
from .timeline import Timeline
from .webhooks import Webhooks
from .wire import Answer, Refused, Request

PREFIX = "/paypal"
CLIENT = "sandbox_"
TOKEN_SECONDS = 32400
REPORT = "/v1/reporting/transactions"
FREE = ("/v1/oauth2/token", "/v1/notifications/certs/")  # nothing but an outage keeps these from answering


class PayPal:
    """Answers calls under /paypal/ and lets refunds complete or fail afterwards."""

    def __init__(self, book: Book, faults: Faults, timeline: Timeline, webhooks: Webhooks, signer: Signer) -> None:
        self._book, self._signer = book, signer
        self.payments = Payments(book, faults, timeline, webhooks)
        self.transactions = Transactions(book)
        self._tokens: dict[str, float] = {}
        self._running: set[str] = set()
        self._running_lock = threading.Lock()
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Row]]] = [
            (method, re.compile(f"{PREFIX}{path}$"), view)
            for method, path, view in (
                ("GET", "/v2/payments/captures/([^/]+)", self.payments.capture),
                ("GET", "/v2/payments/refunds/([^/]+)", self.payments.refund),
                ("GET", "/v2/checkout/orders/([^/]+)", self.payments.order),
            )
        ]
        self._refund = re.compile(f"{PREFIX}/v2/payments/captures/([^/]+)/refund$")

    @staticmethod
    def is_free(path: str) -> bool:
        return path.removeprefix(PREFIX).startswith(FREE)

    @contextlib.contextmanager
    def holding(self, request: Request) -> Iterator[None]:
        """Check the token and hold the request id while the call runs. Raises Refused."""
        if not self.is_free(request.path):
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if self._tokens.get(token, 0) < time.time():
                raise Refused(Answer(401, error(401)))
        key = request.headers.get("paypal-request-id") if request.method == "POST" else None
        if key is None:
            yield
            return
        with self._running_lock:
            if key in self._running:
                raise refusal(409, "PREVIOUS_REQUEST_IN_PROGRESS")
            self._running.add(key)
        try:
            yield
        finally:
            with self._running_lock:
                self._running.discard(key)

    def answer(self, request: Request, *, spoiled: bool) -> Answer:
        """Execute the call, or replay it. With `spoiled` it is executed and answered, and for its id kept, as 500."""
        path = request.path.removeprefix(PREFIX)
        if path == FREE[0]:
            return self._token(request)
        if path.startswith(FREE[1]):
            return Answer(200, self._signer.certificate, content_type="application/x-pem-file")
        with self._book.lock:
            if request.method == "POST" and (match := self._refund.match(request.path)):
                return self._once(request, match.group(1), spoiled)
            for method, pattern, view in self._routes:
                if method == request.method and (match := pattern.match(request.path)):
                    return Answer(200, view(*match.groups()))
            if (request.method, path) == ("GET", REPORT):
                return Answer(200, self.transactions.search(request.query))
        raise refusal(404)

    def _once(self, request: Request, capture: str, spoiled: bool) -> Answer:
        given = request.headers.get("paypal-request-id")
        key = f"paypal:{given}" if given else None
        known = self._book["key"].get(key) if key else None
        if known:
            if known["fingerprint"] != request.fingerprint:
                raise refusal(422, "DUPLICATE_REQUEST_ID", "The request id was used with another body.")
            return Answer(known["status"], known["body"])
        try:
            status, body, events, puts = self.payments.create_refund(capture, request.form)
        except Refused as refused:
            if refused.answer.headers.pop("_saved", None) and key:
                self._keep(key, request, refused.answer.status, refused.answer.body, {})
            raise
        shown = error(500) if spoiled else body
        self._keep(key, request, 500 if spoiled else status, shown, puts)
        self.payments.plan(puts["paypal_refund"][0])
        return Answer(500 if spoiled else status, shown, events=events)

    def _keep(self, key: str | None, request: Request, status: int, body: Row, puts: dict[str, list[Row]]) -> None:
        row = {"id": key, "path": request.path, "fingerprint": request.fingerprint, "request": "paypal"}
        stored = {"key": [row | {"status": status, "body": body}]} if key else {}
        self._book.write("paypal.refund", **puts, **stored)

    def _token(self, request: Request) -> Answer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        client = ""
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):
                client = base64.b64decode(token).decode(errors="replace").partition(":")[0]
        if not client.startswith(CLIENT):
            body = {"error": "invalid_client", "error_description": "Use a client id that begins with sandbox_."}
            raise Refused(Answer(401, body))
        if request.form.get("grant_type") != "client_credentials":
            raise Refused(Answer(400, {"error": "unsupported_grant_type"}))
        made = f"A21AA{secrets.token_urlsafe(48)}"
        self._tokens[made] = time.time() + TOKEN_SECONDS
        body = {"scope": "https://uri.paypal.com/services/payments/refund", "access_token": made}
        return Answer(200, body | {"token_type": "Bearer", "app_id": "APP-SANDBOX", "expires_in": TOKEN_SECONDS})

    def forget_tokens(self) -> None:
        """Every token is refused from now on, as if it had run out."""
        self._tokens.clear()
