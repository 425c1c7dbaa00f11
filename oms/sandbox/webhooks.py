"""Deliver events to the shop: signed anew for each attempt, at least once, tried again until a 2xx comes.

Stripe: https://docs.stripe.com/webhooks (`Stripe-Signature: t=…,v1=…`, HMAC-SHA-256 over "t.body").
EasyPost: https://docs.easypost.com/guides/webhooks-guide (`X-Hmac-Signature: hmac-sha256-hex=…` over the body, the
secret normalised with NFKD). PayPal: see paypal_signing.py; an endpoint's `secret` is its webhook id there.
"""

import hashlib
import hmac
import http.client
import queue
import random
import threading
import time
import unicodedata
import urllib.parse
from typing import NamedTuple

from .book import Book, Row
from .faults import Faults
from .paypal_signing import Signer
from .timeline import Timeline

LANES = 4
BACKOFF = (0.5, 1.0, 2.0, 4.0, 5.0)
ATTEMPTS = 400  # about half an hour; the vendors try for days
TIMEOUT = 10.0


class Endpoint(NamedTuple):
    """Where one vendor's events go, and which types of them (none named: all). Without a URL none is sent."""

    url: str
    secret: str
    types: frozenset[str] = frozenset()

    def wants(self, event: Row) -> bool:
        return bool(self.url) and (not self.types or event["type"] in self.types)


class Delivery(NamedTuple):
    event: Row
    attempt: int = 1
    tried: threading.Event | None = None


def stripe_signature(body: bytes, secret: str, at: int) -> str:
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def easypost_signature(body: bytes, secret: str) -> str:
    key = unicodedata.normalize("NFKD", secret).encode()
    return "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()


class Webhooks:
    """Sender threads, each with a lane of its own: what belongs to one charge or parcel keeps its order in a lane."""

    base = ""  # the address under which this process plays PayPal

    def __init__(
        self, book: Book, faults: Faults, timeline: Timeline, endpoints: dict[str, Endpoint], signer: Signer
    ) -> None:
        self._signer = signer
        self._book, self._faults, self._timeline, self._endpoints = book, faults, timeline, endpoints
        self._lanes: list[queue.SimpleQueue[Delivery]] = [queue.SimpleQueue() for _ in range(LANES)]
        self._random = random.Random(0)
        self._under_way = 0
        self._counting = threading.Lock()

    def start(self) -> None:
        """Start the senders and take up what an earlier run still owed."""
        for number, lane in enumerate(self._lanes):
            threading.Thread(target=self._send_all, args=(lane,), name=f"webhooks-{number}", daemon=True).start()
        self.send(self.owed())

    def owed(self) -> list[Row]:
        """Events that have an endpoint and were not accepted there yet, oldest first."""
        with self._book.lock:
            events, delivered = self._book["event"], self._book["delivered"].rows
            return [
                events.rows[id]
                for id in events.order
                if id not in delivered and self._endpoints[events.rows[id]["vendor"]].wants(events.rows[id])
            ]

    def send(self, events: list[Row], *, early: bool = False) -> None:
        """Hand events to the senders. With `early` return only after the first attempt of each (or 3 s)."""
        tried = []
        for event in events:
            if not self._endpoints[event["vendor"]].wants(event):
                continue
            self._count(1)
            if early:
                tried.append(threading.Event())
                self._enqueue(Delivery(event, tried=tried[-1]))
            elif delay := self._delay():
                self._later(Delivery(event), delay)
            else:
                self._enqueue(Delivery(event))
            if self._faults.chance("webhooks", "duplicate"):
                self._count(1)
                self._later(Delivery(event), self._random.uniform(0.0, 2.0))
        deadline = time.monotonic() + 3.0
        for done in tried:
            done.wait(max(0.0, deadline - time.monotonic()))

    def _delay(self) -> float:
        if self._faults.chance("webhooks", "late"):
            return self._faults.within("webhooks", "late_after") or 0.0
        if self._faults.chance("webhooks", "shuffle"):
            return self._random.uniform(0.0, self._faults.settings["webhooks"]["shuffle_within"])
        return 0.0

    def under_way(self) -> int:
        """Deliveries in a lane or waiting for their time, copies included."""
        with self._counting:
            return self._under_way

    def _count(self, step: int) -> None:
        with self._counting:
            self._under_way += step

    def _enqueue(self, delivery: Delivery) -> None:
        self._lanes[hash(delivery.event["subject"]) % LANES].put(delivery)

    def _later(self, delivery: Delivery, seconds: float) -> None:
        self._timeline.at(time.time() + seconds, lambda: self._enqueue(delivery))

    def _send_all(self, lane: "queue.SimpleQueue[Delivery]") -> None:
        connections: dict[str, http.client.HTTPConnection] = {}
        while True:
            delivery = lane.get()
            event = delivery.event
            accepted = self._attempt(connections, event)
            if accepted and event["id"] not in self._book["delivered"].rows:
                with self._book.lock:
                    self._book.write("webhook.delivered", delivered=[{"id": event["id"], "attempts": delivery.attempt}])
            if not accepted and delivery.attempt < ATTEMPTS:
                pause = BACKOFF[min(delivery.attempt, len(BACKOFF)) - 1]
                self._later(Delivery(event, delivery.attempt + 1), pause)
            else:
                self._count(-1)
            if delivery.tried:
                delivery.tried.set()

    def _attempt(self, connections: dict[str, http.client.HTTPConnection], event: Row) -> bool:
        """One POST. A kept connection that broke meanwhile is opened anew once, as any HTTP client does."""
        endpoint = self._endpoints[event["vendor"]]
        parts = urllib.parse.urlsplit(endpoint.url)
        body = event["body"].encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        if event["vendor"] == "stripe":
            headers["User-Agent"] = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
            headers["Stripe-Signature"] = stripe_signature(body, endpoint.secret, int(time.time()))
        elif event["vendor"] == "paypal":
            headers["User-Agent"] = "PayPal/AUHR-1.0"
            headers |= self._signer.headers(body, endpoint.secret, time.time(), self.base)
        else:
            headers["User-Agent"] = "EasyPost/v2"
            headers["X-Hmac-Signature"] = easypost_signature(body, endpoint.secret)
        for fresh in (False, True):
            connection = connections.pop(event["vendor"], None)
            if connection is None:
                fresh = True
                kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
                connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
            try:
                connection.request(
                    "POST", (parts.path or "/") + ("?" + parts.query if parts.query else ""), body, headers
                )
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                if fresh:
                    return False
                continue
            if connection.sock is not None:
                connections[event["vendor"]] = connection
            return 200 <= answer.status < 300
        return False
