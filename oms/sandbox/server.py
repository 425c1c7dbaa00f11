"""The process: the vendors' addresses and our own controls under /_sandbox/.

`/v1/…` is Stripe, `/v2/…` and `/labels/…` EasyPost, `/paypal/…` PayPal. For ourselves:

=======================================  ==============================================================================
POST /_sandbox/payments                  [{payment_intent, charge, amount, currency}, …]: captured payments; repeat-safe
POST /_sandbox/refunds                   {charge or payment_intent, amount, …}: a refund made in the dashboard
POST /_sandbox/history                   [{id, payment_intent, amount, created, …}, …]: earlier refunds; repeat-safe
POST /_sandbox/payouts/<id>              {"amount", "status"}: a payout that is not the sum of its rows
POST /_sandbox/refunds/<id>              {"status": "succeeded", "failed"…}: the bank decides now
POST /_sandbox/captures                  [{capture, amount, currency}, …]: payments captured at PayPal; repeat-safe
POST /_sandbox/captures/<id>/refunds     {"amount": {"value", "currency_code"}}: a refund made in PayPal's dashboard
POST …/captures/<id>/refunds/<id>        {"status": "COMPLETED", "FAILED", "CANCELLED"}: PayPal decides now
POST /_sandbox/disputes                  {charge or capture, "outcome": ""}: opened; with an outcome closed
POST /_sandbox/tokens                    {}: every access token of PayPal runs out
POST /_sandbox/trackers/<tracking code>  {"status": "in_transit", "delivered"…}: the carrier scans the parcel
GET, PUT /_sandbox/replay                {"calls": […]}: recorded answers of EasyPost are given again (replay.py)
GET, PUT /_sandbox/faults                what goes wrong (faults.py)
GET /_sandbox/quiet?seconds=30           answers when no webhook is on its way and nothing is planned any more
GET /_sandbox/book                       what happened to every charge, key and label (control.py)
=======================================  ==============================================================================

Loopback only. A live key in the environment, the arguments or a request is refused.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator

from .book import Book, BookInUse
from .control import Control
from .easypost import EasyPost
from .easypost_objects import error as easypost_error
from .faults import Fate, Faults
from .handler import Server
from .paypal import PREFIX as PAYPAL
from .paypal import PayPal
from .paypal_objects import error as paypal_error
from .paypal_signing import Signer
from .replay import FOLDER, Replay
from .replay import file as recorded_file
from .stripe import Stripe
from .stripe_checkout import PAGES
from .stripe_objects import error as stripe_error
from .timeline import Timeline
from .webhooks import Endpoint, Webhooks
from .wire import Answer, Dropped, Refused, Request

LIVE_KEYS = ("sk_live_", "rk_live_", "EZAK")


class Sandbox:
    """All vendors over one book."""

    def __init__(self, folder: pathlib.Path, stripe: Endpoint, easypost: Endpoint, paypal: Endpoint) -> None:
        self.book = Book(folder)
        self.faults = Faults()
        self.timeline = Timeline()
        signer = Signer()
        endpoints = {"stripe": stripe, "easypost": easypost, "paypal": paypal}
        self.webhooks = Webhooks(self.book, self.faults, self.timeline, endpoints, signer)
        self.stripe = Stripe(self.book, self.faults, self.timeline, self.webhooks)
        self.easypost = EasyPost(self.book)
        self.replay = Replay()
        self.paypal = PayPal(self.book, self.faults, self.timeline, self.webhooks, signer)
        self.control = Control(self)
        self._calls = 0
        self._counting = threading.Lock()

    @contextlib.contextmanager
    def at_work(self, request: Request) -> Iterator[None]:
        """Count a call from its arrival until its events are on their way."""
        step = 0 if request.path == "/_sandbox/quiet" else 1
        with self._counting:
            self._calls += step
        try:
            yield
        finally:
            with self._counting:
                self._calls -= step

    def is_quiet(self) -> bool:
        """Whether no call runs, nothing is planned and no webhook is on its way."""
        with self._counting:
            return not (self._calls or self.timeline.waiting() or self.webhooks.under_way())

    def start(self) -> None:
        self.timeline.start()
        self.stripe.refunds.resume()
        self.paypal.payments.resume()
        self.webhooks.start()

    def answer(self, request: Request) -> tuple[Answer, Fate]:
        """Answer one call. Raises Dropped where the connection is to break instead."""
        if request.path.startswith("/_sandbox/"):
            return self.control.answer(request), Fate()
        if request.path.startswith(PAGES):
            return self.stripe.checkout.page(request), Fate()
        name = self._vendor(request.path)
        fate = self.faults.fate(name)
        if name == "paypal" and self.paypal.is_free(request.path) and fate.kind != "down":
            fate = Fate()
        if fate.kind == "down":
            raise Dropped
        if fate.kind in ("503", "429", "409"):
            time.sleep(fate.pause)
            return _unexecuted(name, fate.kind), fate
        if request.path.startswith(FOLDER):
            return recorded_file(request.path), Fate()
        if self.replay.loaded and request.path.startswith("/v2/"):
            try:
                return self.replay.answer(request), Fate()
            except Refused as refused:
                return refused.answer, Fate()
        if request.path.startswith("/labels/"):
            return self.easypost.files.file(request), Fate()
        vendors: dict[str, Stripe | EasyPost | PayPal]
        vendors = {"stripe": self.stripe, "easypost": self.easypost, "paypal": self.paypal}
        vendor = vendors[name]
        try:
            with vendor.holding(request):
                time.sleep(fate.pause / 2)
                answer = vendor.answer(request, spoiled=fate.kind == "500")
                if fate.early:
                    self.webhooks.send(answer.events, early=True)
                time.sleep(fate.pause / 2)
        except Refused as refused:
            answer = refused.answer
        if fate.kind == "drop":
            if not fate.early:
                self.webhooks.send(answer.events)
            raise Dropped
        return answer, fate

    @staticmethod
    def _vendor(path: str) -> str:
        if path.startswith(f"{PAYPAL}/"):
            return "paypal"
        return "stripe" if path.startswith("/v1/") else "easypost"


def _unexecuted(vendor: str, kind: str) -> Answer:
    """An answer of a vendor that did nothing."""
    if vendor == "easypost":
        words = {"429": ("RATE_LIMITED", "Too many requests."), "503": ("SERVICE_UNAVAILABLE", "Try again later.")}
        return Answer(int(kind), easypost_error(*words[kind], []))
    if vendor == "paypal":
        return Answer(int(kind), paypal_error(int(kind), "PREVIOUS_REQUEST_IN_PROGRESS" if kind == "409" else ""))
    if kind == "429":
        return Answer(429, stripe_error("invalid_request_error", "Too many requests.", "rate_limit"))
    if kind == "409":
        message = "This object cannot be accessed right now because another request is using it."
        return Answer(409, stripe_error("invalid_request_error", message, "lock_timeout"))
    return Answer(503, stripe_error("api_error", "Stripe is unavailable."))


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m oms.sandbox",
        description="Loopback stand-ins for Stripe, EasyPost, PayPal. Prints a line of JSON with its port when ready.",
        epilog="Example: python -m oms.sandbox --port 8123 --data var/sandbox",
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the book (book.jsonl)")
    for vendor in ("stripe", "easypost"):
        parser.add_argument(f"--{vendor}-webhook", default="", metavar="URL", help=f"where {vendor}'s events go")
        name = f"{vendor.upper()}_WEBHOOK_SECRET"
        default = os.environ.get(name, "")
        parser.add_argument(
            f"--{vendor}-secret", default=default, metavar="SECRET", help=f"signs them (default: ${name})"
        )
    parser.add_argument("--paypal-webhook", default="", metavar="URL", help="where PayPal's events go")
    parser.add_argument("--paypal-webhook-id", default="", metavar="ID", help="the webhook's id at PayPal, signed with")
    parser.add_argument(
        "--stripe-events",
        default="",
        metavar="TYPES",
        help="which types of Stripe's events are sent, with commas between (default: all)",
    )
    parser.add_argument("--with-parent", action="store_true", help="end when the starting process is gone")
    return parser.parse_args(given)


def live_keys(texts: list[str]) -> bool:
    return any(text.startswith(LIVE_KEYS) for text in texts)


def main(given: list[str] | None = None) -> int:
    """Run until SIGTERM. 0 ended, 1 refused, 2 wrong arguments."""
    options = arguments(given)
    if live_keys([*os.environ.values(), *(str(value) for value in vars(options).values())]):
        sys.stderr.write("A live key is in the environment or the arguments: the sandbox does not start.\n")
        return 1
    if options.host not in ("127.0.0.1", "localhost", "::1"):
        sys.stderr.write("The sandbox listens on loopback only.\n")
        return 2
    try:
        types = frozenset(filter(None, options.stripe_events.split(",")))
        stripe = Endpoint(options.stripe_webhook, options.stripe_secret, types)
        easypost = Endpoint(options.easypost_webhook, options.easypost_secret)
        paypal = Endpoint(options.paypal_webhook, options.paypal_webhook_id)
        sandbox = Sandbox(options.data, stripe, easypost, paypal)
    except BookInUse as used:
        sys.stderr.write(f"Another sandbox keeps its book in {used}.\n")
        return 1
    Server.address_family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        server = Server((options.host, options.port), sandbox)
    except OSError as problem:
        sys.stderr.write(f"Port {options.port} cannot be had: {problem.strerror}.\n")
        return 1
    sandbox.webhooks.base = f"http://{options.host}:{server.server_port}{PAYPAL}"
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    sandbox.start()
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    sys.stdout.write(json.dumps({"port": server.server_port}) + "\n")
    sys.stdout.flush()
    parent = os.getppid()
    while not end.wait(1.0 if options.with_parent else None):
        if os.getppid() != parent:
            break
    with sandbox.book.lock:  # the change that is being written is finished first
        sys.stdout.flush()
        os._exit(0)
