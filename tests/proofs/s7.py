"""S7: of a thousand forged, changed, late or foreign messages per provider none is believed.

Stripe, PayPal and EasyPost each send true messages to the shop's address, signed as they sign them. Each is then
changed in one way, all ways in turn, where and how drawn with a fixed seed: a byte of the body, the signature or its
parts, the time (Stripe's by more than five minutes, PayPal's by more than the three days it tries), the secret,
certificate or webhook of another shop, another message's signature, another provider's address. None may be stored.
True messages are: once, however often they come. `size` counts the changed messages per provider; `p95_ms` is what an
answer took here.
"""

import base64
import binascii
import hashlib
import hmac
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from tests.proofs import Progress

SMALL, FULL = 48, 1000  # each way at least twice
ADDRESSES = {"stripe": "/webhooks/stripe/", "paypal": "/webhooks/paypal/", "easypost": "/webhooks/easypost/"}
BASE = "http://127.0.0.1:9/paypal"
SECRETS = {"stripe": "whsec_proof", "easypost": "proof of easypost"}
WEBHOOK = "WHPROOF"


@dataclass(frozen=True)
class Message:
    """A message on the wire."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def with_header(self, name: str, value: str) -> "Message":
        return replace(self, headers=self.headers | {name: value})


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`believed` lists changed messages that were taken (must be empty); `true` counts true ones, all of them taken."""
    _point_settings()
    signer = Signer()
    _know(signer)
    makers = (_Stripe(signer), _PayPal(signer), _EasyPost(signer))
    believed: list[str] = []
    refused: Counter[str] = Counter()
    times: list[float] = []
    taken = 0
    for at, maker in enumerate(makers):
        rnd, ways = random.Random(at), len(maker.changes())
        for number in range(size):
            if number % 25 == 0:
                taken += _true_one(maker, believed)
            name, change = list(maker.changes().items())[number % ways]
            status, kept, seconds = _post(maker.name, change(maker.true(), rnd))
            times.append(seconds)
            refused[f"{maker.name}: {name}"] += 1
            if kept or status < 400 or status >= 500:
                believed.append(f"{maker.name}, {name}: HTTP {status}, {kept} stored")
            progress(at * size + number + 1, len(makers) * size)
    times.sort()
    return {
        "changed": sum(refused.values()),
        "kinds": len(refused),
        "true": taken,
        "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
        "believed": believed[:20],
        "passed": not believed,
    }


def _true_one(maker: Any, believed: list[str]) -> int:
    """A true message is stored once, also when it comes again."""
    message = maker.true()
    first, second = _post(maker.name, message), _post(maker.name, message)
    if (first[0], first[1], second[0], second[1]) != (200, 1, 200, 0):
        believed.append(f"{maker.name}, a true one: HTTP {first[0]}, {second[0]}, stored {first[1]}, {second[1]}")
    return first[1]


def _post(provider: str, message: Message) -> tuple[int, int, float]:
    """(HTTP status, how many were stored, seconds)."""
    from django.test import Client

    from oms.models import InboundWebhook

    before, started = InboundWebhook.objects.count(), time.perf_counter()
    address, headers = message.headers.get("_address", ADDRESSES[provider]), dict(message.headers)
    headers.pop("_address", None)
    answer = Client().post(address, message.body, content_type="application/json", headers=headers)
    return answer.status_code, InboundWebhook.objects.count() - before, time.perf_counter() - started


def _point_settings() -> None:
    from django.conf import settings

    settings.STRIPE_WEBHOOK_SECRET, settings.EASYPOST_WEBHOOK_SECRET = SECRETS["stripe"], SECRETS["easypost"]
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_API_BASE, settings.PAYPAL_WEBHOOK_ID = "sandbox_proof", BASE, WEBHOOK
    settings.ALLOWED_HOSTS = ["*"]


def _know(signer: "Signer") -> None:
    """PayPal's certificates as if they had been fetched: ours, another shop's, and one that has run out."""
    from refunds.gateways import registry

    registry.paypal()._certificates._known |= signer.certificates


# ── Changes every provider's messages meet ────────────────────────────────────────────────────────────────────────


def _byte_of_body(message: Message, rnd: random.Random) -> Message:
    at = rnd.randrange(len(message.body))
    changed = bytes([message.body[at] ^ rnd.randint(1, 255)])
    return replace(message, body=message.body[:at] + changed + message.body[at + 1 :])


def _cut(message: Message, rnd: random.Random) -> Message:
    return replace(message, body=message.body[: rnd.randrange(len(message.body))])


def _longer(message: Message, rnd: random.Random) -> Message:
    return replace(message, body=message.body + rnd.choice([b" ", b"\n", b"{}", b"\0"]))


def _at(address: str) -> Callable[[Message, random.Random], Message]:
    return lambda message, _rnd: message.with_header("_address", address)


def _changed_char(text: str, rnd: random.Random, first: int = 0, last: int = 0) -> str:
    at = rnd.randrange(first, len(text) - last)
    return text[:at] + rnd.choice([one for one in "0123456789abcdefXYZ+/" if one != text[at]]) + text[at + 1 :]


class _Maker:
    name = ""

    def __init__(self, signer: "Signer") -> None:
        self.signer = signer

    def true(self) -> Message:
        raise NotImplementedError

    def own(self) -> dict[str, Callable[[Message, random.Random], Message]]:
        raise NotImplementedError

    def changes(self) -> dict[str, Callable[[Message, random.Random], Message]]:
        """Name → how a true message is changed."""
        elsewhere = {f"sent to {name}": _at(address) for name, address in ADDRESSES.items() if name != self.name}
        shared = {"a byte of the body": _byte_of_body, "a body cut short": _cut, "a body made longer": _longer}
        shared["no header at all"] = lambda message, _rnd: replace(message, headers={})
        shared["another message's body"] = lambda message, _rnd: replace(message, body=self.true().body)
        return shared | elsewhere | self.own()


class _Stripe(_Maker):
    name = "stripe"

    def true(self, secret: str = SECRETS["stripe"], shift: int = 0) -> Message:
        event = {"id": f"evt_{uuid4().hex}", "object": "event", "type": "customer.created", "data": {"object": {}}}
        body, stamp = json.dumps(event).encode(), int(time.time()) + shift
        signature = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
        return Message(body, {"Stripe-Signature": f"t={stamp},v1={signature}"})

    def own(self) -> dict[str, Callable[[Message, random.Random], Message]]:
        def header(change: Callable[[str, random.Random], str]) -> Callable[[Message, random.Random], Message]:
            return lambda message, rnd: message.with_header(
                "Stripe-Signature", change(message.headers["Stripe-Signature"], rnd)
            )

        return {
            "a letter of the signature": header(lambda text, rnd: _changed_char(text, rnd, text.index("v1=") + 3)),
            "another time beside it": header(lambda text, rnd: text.replace("t=", f"t={rnd.randint(1, 9)}", 1)),
            "two times": header(lambda text, _rnd: f"t=1,{text}"),
            "an older scheme": header(lambda text, _rnd: text.replace("v1=", "v0=")),
            "no signature in it": header(lambda text, _rnd: text.partition(",")[0]),
            "nothing in it": header(lambda _text, _rnd: ""),
            "words in it": header(lambda _text, _rnd: "t=now,v1=yes"),
            "too old": lambda _message, rnd: self.true(shift=-rnd.randint(302, 10**6)),
            "from the future": lambda _message, rnd: self.true(shift=rnd.randint(330, 10**6)),
            "another shop's secret": lambda _message, _rnd: self.true(secret="whsec_other"),
            "no secret": lambda _message, _rnd: self.true(secret=""),
        }


class _EasyPost(_Maker):
    name = "easypost"

    def true(self, secret: str = SECRETS["easypost"], scheme: str = "hmac-sha256-hex=") -> Message:
        event = {"id": f"evt_{uuid4().hex}", "object": "Event", "description": "batch.created", "result": {}}
        body = json.dumps(event).encode()
        return Message(body, {"X-Hmac-Signature": scheme + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()})

    def own(self) -> dict[str, Callable[[Message, random.Random], Message]]:
        def header(change: Callable[[str, random.Random], str]) -> Callable[[Message, random.Random], Message]:
            return lambda message, rnd: message.with_header(
                "X-Hmac-Signature", change(message.headers["X-Hmac-Signature"], rnd)
            )

        return {
            "a letter of the signature": header(lambda text, rnd: _changed_char(text, rnd, text.index("=") + 1)),
            "a signature cut short": header(lambda text, rnd: text[: rnd.randint(0, len(text) - 1)]),
            "capitals": header(lambda text, _rnd: text.upper()),
            "another scheme": lambda _message, _rnd: self.true(scheme="hmac-sha1-hex="),
            "another shop's secret": lambda _message, _rnd: self.true(secret="proof of another"),
            "no secret": lambda _message, _rnd: self.true(secret=""),
        }


class _PayPal(_Maker):
    name = "paypal"

    def true(self, **how: Any) -> Message:
        event = {"id": f"WH-{uuid4().hex}", "event_type": "CATALOG.PRODUCT.CREATED", "resource": {"id": "PROD-1"}}
        return self.signer.message(json.dumps(event).encode(), **how)

    def own(self) -> dict[str, Callable[[Message, random.Random], Message]]:
        def header(
            name: str, value: Callable[[str, random.Random], str]
        ) -> Callable[[Message, random.Random], Message]:
            return lambda message, rnd: message.with_header(name, value(message.headers[name], rnd))

        def gone(name: str) -> Callable[[Message, random.Random], Message]:
            return lambda message, _rnd: replace(
                message, headers={key: value for key, value in message.headers.items() if key != name}
            )

        sent, stamp, sig = "PAYPAL-TRANSMISSION-ID", "PAYPAL-TRANSMISSION-TIME", "PAYPAL-TRANSMISSION-SIG"
        cert, algo = "PAYPAL-CERT-URL", "PAYPAL-AUTH-ALGO"
        addresses = (
            "http://api.paypal.com/v1/notifications/certs/CERT",
            "https://api.paypal.com.example/v1/notifications/certs/CERT",
            "https://api.paypal.com@example.test/certs/CERT",
            "https://api.paypal.com:8443/certs/CERT",
            "https://api.paypal.com/certs/CERT?next=1",
            "file:///etc/passwd",
            f"{BASE}/v1/other/CERT",
            f"{BASE}/v1/notifications/certs/../../x",
            "",
        )
        return {
            "a letter of the signature": header(sig, lambda text, rnd: _changed_char(text, rnd, 0, 4)),
            "another transmission": header(sent, lambda text, rnd: _changed_char(text, rnd)),
            "another time": header(
                stamp, lambda text, rnd: text.replace(text[17:19], f"{(int(text[17:19]) + 1) % 60:02}")
            ),
            "another kind of signature": header(algo, lambda _text, rnd: rnd.choice(["SHA1withRSA", "none", ""])),
            "a certificate from elsewhere": header(cert, lambda _text, rnd: rnd.choice(addresses)),
            "another shop's certificate": header(cert, lambda _text, _rnd: self.signer.address("other")),
            "a certificate that has run out": lambda _message, _rnd: self.true(pair="old"),
            "another shop's webhook": lambda _message, _rnd: self.true(webhook="WHOTHER"),
            "no webhook": lambda _message, _rnd: self.true(webhook=""),
            "too old": lambda _message, rnd: self.true(shift=-timedelta(days=rnd.randint(4, 900))),
            "from the future": lambda _message, rnd: self.true(shift=timedelta(minutes=rnd.randint(6, 10**5))),
            **{f"without {name}": gone(name) for name in (sent, stamp, sig, cert, algo)},
        }


class Signer:
    """Three key pairs: PayPal's own, one PayPal has for another purpose, and one whose certificate has run out."""

    @cached_property
    def _pairs(self) -> dict[str, tuple[Any, Any]]:
        now = datetime.now(UTC)
        spans = {"own": (-1, 30), "other": (-1, 30), "old": (-60, -30)}
        return {
            name: _pair(now + timedelta(days=first), now + timedelta(days=last))
            for name, (first, last) in spans.items()
        }

    @property
    def certificates(self) -> dict[str, Any]:
        return {self.address(name): certificate for name, (_key, certificate) in self._pairs.items()}

    @staticmethod
    def address(name: str) -> str:
        return f"{BASE}/v1/notifications/certs/CERT-{name}"

    def message(
        self, body: bytes, *, pair: str = "own", webhook: str = WEBHOOK, shift: timedelta = timedelta(0)
    ) -> Message:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        sent, stamp = str(uuid4()), (datetime.now(UTC) + shift).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = f"{sent}|{stamp}|{webhook}|{binascii.crc32(body)}".encode()
        signature = self._pairs[pair][0].sign(text, padding.PKCS1v15(), hashes.SHA256())
        headers = {
            "PAYPAL-TRANSMISSION-ID": sent,
            "PAYPAL-TRANSMISSION-TIME": stamp,
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }
        headers |= {"PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode()}
        return Message(body, headers | {"PAYPAL-CERT-URL": self.address(pair)})


def _pair(first: datetime, last: datetime) -> tuple[Any, Any]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "messageverificationcerts.paypal.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last)
    return key, builder.sign(key, hashes.SHA256())
