import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from refunds.gateways.paypal import PayPalGateway
from refunds.gateways.stripe import StripeGateway
from returns.carriers.easypost import EasyPostCarrier
from tests.sandbox import EASYPOST_KEY, PAYPAL_CLIENT, PAYPAL_SECRET, STRIPE_KEY, Sandbox


class Letter(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Inbox(ThreadingHTTPServer):
    """A shop's webhook address: keeps what arrives and answers with the `answers` in turn, then 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _InboxHandler)
        self.letters: queue.Queue[Letter] = queue.Queue()
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, count: int, seconds: float = 10) -> list[Letter]:
        """The next letters, waiting for them."""
        return [self.letters.get(timeout=seconds) for _ in range(count)]


class _InboxHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Inbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.answers.pop(0) if self.server.answers else 200
        # Before the answer: the sandbox is quiet once it is answered, and then the letter has to be here.
        self.server.letters.put(Letter(self.path, dict(self.headers.items()), body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def sandbox(tmp_path: Path, inbox: Inbox) -> Iterator[Sandbox]:
    """A fresh sandbox whose refunds wait until a test moves them; pi_1/ch_1 has 50.00 GBP."""
    webhooks = {f"{vendor}_webhook": f"{inbox.url}/{vendor}/" for vendor in ("stripe", "easypost", "paypal")}
    with Sandbox(tmp_path / "sandbox", **webhooks) as running:
        running.faults(stripe={"settle_after": None}, paypal={"settle_after": None, "pending": 1.0})
        running.payments([{"payment_intent": "pi_1", "charge": "ch_1", "amount": 5000, "currency": "GBP"}])
        running.captures([{"capture": "CAP1", "amount": 5000, "currency": "GBP"}])
        yield running


@pytest.fixture
def stripe(sandbox: Sandbox) -> StripeGateway:
    return StripeGateway(STRIPE_KEY, sandbox.stripe_base)


@pytest.fixture
def paypal(sandbox: Sandbox) -> PayPalGateway:
    return PayPalGateway(PAYPAL_CLIENT, PAYPAL_SECRET, sandbox.paypal_base)


@pytest.fixture
def easypost(sandbox: Sandbox) -> EasyPostCarrier:
    return EasyPostCarrier(EASYPOST_KEY, sandbox.easypost_base)
