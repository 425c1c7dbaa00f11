"""The process: sockets, the vendors' addresses and our own controls under /_sandbox/.

`/v1/…` is Stripe, `/v2/…` and `/labels/…` EasyPost. For ourselves:

=======================================  ==============================================================================
POST /_sandbox/payments                  [{payment_intent, charge, amount, currency}, …]: captured payments; repeat-safe
POST /_sandbox/refunds                   {charge or payment_intent, amount, …}: a refund made in the dashboard
POST /_sandbox/refunds/<id>              {"status": "succeeded", "failed"…}: the bank decides now
POST /_sandbox/trackers/<tracking code>  {"status": "in_transit", "delivered"…}: the carrier scans the parcel
GET, PUT /_sandbox/faults                what goes wrong (faults.py)
GET /_sandbox/book                       what happened to every charge, key and label (control.py)
=======================================  ==============================================================================

Loopback only. A live key in the environment, the arguments or a request is refused.
"""

import argparse
import hashlib
import json
import os
import pathlib
import signal
import socket
import struct
import sys
import threading
import time
import traceback
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .book import Book, BookInUse
from .control import Control
from .easypost import EasyPost
from .easypost_objects import error as easypost_error
from .faults import Fate, Faults
from .stripe import Stripe
from .stripe_objects import error as stripe_error
from .timeline import Timeline
from .webhooks import Endpoint, Webhooks
from .wire import Answer, Refused, Request, nested

LARGEST_BODY = 32 * 1024 * 1024
LIVE_KEYS = ("sk_live_", "rk_live_", "EZAK")


class Dropped(Exception):
    """The connection is to break without an answer."""


class Sandbox:
    """Both vendors over one book."""

    def __init__(self, folder: pathlib.Path, stripe: Endpoint, easypost: Endpoint) -> None:
        self.book = Book(folder)
        self.faults = Faults()
        self.timeline = Timeline()
        self.webhooks = Webhooks(self.book, self.faults, self.timeline, {"stripe": stripe, "easypost": easypost})
        self.stripe = Stripe(self.book, self.faults, self.timeline, self.webhooks)
        self.easypost = EasyPost(self.book)
        self.control = Control(self)

    def start(self) -> None:
        self.timeline.start()
        self.stripe.refunds.resume()
        self.webhooks.start()

    def answer(self, request: Request) -> tuple[Answer, Fate]:
        """Answer one call. Raises Dropped where the connection is to break instead."""
        if request.path.startswith("/_sandbox/"):
            return self.control.answer(request), Fate()
        name = "stripe" if request.path.startswith("/v1/") else "easypost"
        fate = self.faults.fate(name)
        if fate.kind == "down":
            raise Dropped
        if fate.kind in ("503", "429", "409"):
            time.sleep(fate.pause)
            return _unexecuted(name, fate.kind), fate
        if request.path.startswith("/labels/"):
            return self.easypost.label(request), Fate()
        vendor = self.stripe if name == "stripe" else self.easypost
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


def _unexecuted(vendor: str, kind: str) -> Answer:
    """An answer of a vendor that did nothing."""
    if vendor == "easypost":
        words = {"429": ("RATE_LIMITED", "Too many requests."), "503": ("SERVICE_UNAVAILABLE", "Try again later.")}
        return Answer(int(kind), easypost_error(*words[kind], []))
    if kind == "429":
        return Answer(429, stripe_error("invalid_request_error", "Too many requests.", "rate_limit"))
    if kind == "409":
        message = "This object cannot be accessed right now because another request is using it."
        return Answer(409, stripe_error("invalid_request_error", message, "lock_timeout"))
    return Answer(503, stripe_error("api_error", "Stripe is unavailable."))


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with kept connections; an answer leaves in one write."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 90
    server: "Server"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        request = self._request()
        if isinstance(request, Answer):
            self._write(request)
            return
        try:
            answer, fate = self.server.sandbox.answer(request)
        except Dropped:
            self._break()
            return
        except Exception:
            traceback.print_exc(file=sys.stderr)
            answer, fate = Answer(500, {"error": {"message": "The sandbox itself failed; see its log."}}), Fate()
        try:
            self._write(answer)
            self.wfile.flush()
        finally:
            if not fate.early:
                self.server.sandbox.webhooks.send(answer.events)

    def _request(self) -> Request | Answer:
        """The call as the vendors' parts see it, or the refusal of one that cannot be read."""
        host = self.headers.get("Host", "")
        if urllib.parse.urlsplit(f"//{host}").hostname not in ("127.0.0.1", "localhost", "::1"):
            return self._unreadable(403, "The sandbox answers on loopback only.")
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > LARGEST_BODY:
            return self._unreadable(411, "A body needs a Content-Length of at most 32 MiB.")
        body = self.rfile.read(int(length))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        as_json = headers.get("content-type", "").startswith("application/json")
        if path.startswith("/_sandbox/") and self.command != "GET" and not as_json:
            return self._unreadable(415, "Send application/json.")  # what a foreign web page cannot send unasked
        try:
            if as_json:
                form = json.loads(body) if body else {}
                form = form if isinstance(form, dict) else {"list": form}
            else:
                form = nested(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            asked = nested(urllib.parse.parse_qsl(query, keep_blank_values=True))
        except (ValueError, RecursionError):
            return self._unreadable(400, "The body cannot be read.")
        fingerprint = hashlib.sha256(path.encode() + b"\n" + _sorted(body, as_json)).hexdigest()
        return Request(self.command, path, asked, form, headers, f"http://{host}", fingerprint)

    def _unreadable(self, status: int, message: str) -> Answer:
        self.close_connection = True
        return Answer(status, {"error": {"message": message}})

    def _write(self, answer: Answer) -> None:
        raw = isinstance(answer.body, bytes)
        body = answer.body if raw else json.dumps(answer.body, separators=(",", ":")).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _break(self) -> None:
        """Reset the connection, as a machine that dies does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: requests hold names and addresses."""


def _sorted(body: bytes, as_json: bool) -> bytes:
    """The parameters in an order of their own, so that only what they say is compared."""
    return body if as_json else b"&".join(sorted(body.split(b"&")))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        super().__init__(address, Handler)
        self.sandbox = sandbox

    def server_bind(self) -> None:
        # HTTPServer would ask for the host's name, which may wait for a name server.
        socket.setdefaulttimeout(None)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError | ValueError):
            super().handle_error(request, client_address)


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m oms.sandbox",
        description="Loopback stand-ins for Stripe and EasyPost. Prints one line of JSON with the port when ready.",
        epilog="Example: python -m oms.sandbox --port 8123 --data var/sandbox",
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--data", required=True, type=pathlib.Path, help="folder of the book (book.jsonl)")
    for vendor in ("stripe", "easypost"):
        parser.add_argument(f"--{vendor}-webhook", default="", metavar="URL", help=f"where {vendor}'s events go")
        parser.add_argument(f"--{vendor}-secret", default="", help=f"what {vendor}'s events are signed with")
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
        stripe = Endpoint(options.stripe_webhook, options.stripe_secret)
        easypost = Endpoint(options.easypost_webhook, options.easypost_secret)
        sandbox = Sandbox(options.data, stripe, easypost)
    except BookInUse as used:
        sys.stderr.write(f"Another sandbox keeps its book in {used}.\n")
        return 1
    Server.address_family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        server = Server((options.host, options.port), sandbox)
    except OSError as problem:
        sys.stderr.write(f"Port {options.port} cannot be had: {problem.strerror}.\n")
        return 1
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
