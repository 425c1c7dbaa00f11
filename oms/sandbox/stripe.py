"""The address /v1/: keys, idempotency and errors as Stripe has them, whatever is called.

Sources: https://docs.stripe.com/api/idempotent_requests, https://docs.stripe.com/api/errors. Amounts are integers in
the smallest unit of the currency.
"""

import base64
import contextlib
import re
import threading
from collections.abc import Callable, Iterator

from . import stripe_objects as objects
from .book import Book, Row
from .faults import Faults
from .stripe_calls import Call, refusal
from .stripe_checkout import Checkout
from .stripe_disputes import Disputes
from .stripe_payments import Payments
from .stripe_payouts import Payouts
from .stripe_refunds import Refunds
from .timeline import Timeline
from .webhooks import Webhooks
from .wire import Answer, Refused, Request, new_id

LIVE = ("sk_live_", "rk_live_")


class Stripe:
    """Answers calls under /v1/ and lets refunds settle or fail afterwards."""

    def __init__(self, book: Book, faults: Faults, timeline: Timeline, webhooks: Webhooks) -> None:
        self._book = book
        self.refunds = Refunds(book, faults, timeline, webhooks)
        self.payments = Payments(book)
        self.payouts = Payouts(book)
        self.disputes = Disputes(book)
        self.checkout = Checkout(book)
        self._running: set[str] = set()
        self._running_lock = threading.Lock()
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            (method, re.compile(f"/v1/{path}$"), view)
            for method, path, view in (
                ("POST", "refunds", self.refunds.create),
                ("GET", "refunds", self.refunds.listed),
                ("GET", r"refunds/([^/]+)", self.refunds.retrieve),
                ("POST", r"refunds/([^/]+)", self.refunds.update),
                ("POST", r"refunds/([^/]+)/cancel", self.refunds.cancel),
                ("POST", "payment_intents", self.payments.create_intent),
                ("GET", r"payment_intents/([^/]+)", self.payments.retrieve_intent),
                ("POST", r"payment_intents/([^/]+)/confirm", self.payments.confirm_intent),
                ("GET", r"charges/([^/]+)", self.payments.retrieve_charge),
                ("POST", "checkout/sessions", self.checkout.create),
                ("GET", r"checkout/sessions/([^/]+)", self.checkout.retrieve),
                ("POST", r"checkout/sessions/([^/]+)/expire", self.checkout.expire),
                ("GET", "events", self.payments.list_events),
                ("GET", r"events/([^/]+)", self.payments.retrieve_event),
                ("GET", "balance_transactions", self.payouts.list_transactions),
                ("GET", "payouts", self.payouts.list_payouts),
                ("GET", r"payouts/([^/]+)", self.payouts.retrieve_payout),
            )
        ]

    @contextlib.contextmanager
    def holding(self, request: Request) -> Iterator[None]:
        """Check the key and hold the idempotency key while the call runs. Raises Refused."""
        self._authenticate(request)
        key = self._key(request)
        if key is None:
            yield
            return
        with self._running_lock:
            if key in self._running:
                raise refusal(
                    409,
                    f"There is currently another in-progress request using this Idempotent Key: {key}.",
                    type="idempotency_error",
                    code="idempotency_key_in_use",
                )
            self._running.add(key)
        try:
            yield
        finally:
            with self._running_lock:
                self._running.discard(key)

    def answer(self, request: Request, *, spoiled: bool) -> Answer:
        """Execute the call, or replay it. With `spoiled` it is executed and answered, and for its key kept, as 500."""
        key = self._key(request)
        call = Call(request, new_id("req", 14), key)
        identity = call.identity
        with self._book.lock:
            known = self._book["key"].get(key) if key else None
            if known:
                return self._replay(known, request, identity)
            try:
                answer = self._route(call)
            except Refused as refused:
                answer = refused.answer
                if key and answer.headers.get("_saved"):
                    self._book.write("key.refused", **call.stored(answer))
            headers = {"Request-Id": identity, "Stripe-Version": objects.VERSION, "Stripe-Should-Retry": "false"}
            if key:
                headers |= {"Idempotency-Key": key, "Original-Request": identity}
            if spoiled:
                answer = self._spoil(key, answer)
            return Answer(answer.status, answer.body, headers, events=answer.events)

    def _route(self, call: Call) -> Answer:
        request = call.request
        for method, pattern, view in self._routes:
            if method == request.method and (match := pattern.match(request.path)):
                return view(call, *match.groups())
        raise refusal(404, f"Unrecognized request URL ({request.method}: {request.path}).")

    def _authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):
                token = base64.b64decode(token).decode(errors="replace").partition(":")[0]
        if token.startswith(LIVE):
            raise refusal(401, "A live key was sent to the sandbox. Nothing was done.", code="livemode_mismatch")
        if not token.startswith(("sk_test_", "rk_test_")):
            raise refusal(401, "No valid API key was provided. Use a key that begins with sk_test_.")

    def _key(self, request: Request) -> str | None:
        return request.headers.get("idempotency-key") if request.method == "POST" else None

    def _replay(self, known: Row, request: Request, identity: str) -> Answer:
        headers = {
            "Request-Id": identity,
            "Original-Request": known["request"],
            "Idempotency-Key": known["id"],
            "Idempotent-Replayed": "true",
            "Stripe-Version": objects.VERSION,
            "Stripe-Should-Retry": "false",
        }
        if (known["path"], known["fingerprint"]) == (request.path, request.fingerprint):
            return Answer(known["status"], known["body"], headers)
        error = refusal(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{known['id']}' if you meant to execute a different request.",
            type="idempotency_error",
        )
        del headers["Idempotent-Replayed"]
        return Answer(400, error.answer.body, headers)

    def _spoil(self, key: str | None, answer: Answer) -> Answer:
        spoiled = Answer(500, objects.error("api_error", "An unknown error occurred."), events=answer.events)
        stored = self._book["key"].get(key) if key else None
        if stored:
            self._book.write("key.spoiled", key=[stored | {"status": 500, "body": spoiled.body}])
        return spoiled
