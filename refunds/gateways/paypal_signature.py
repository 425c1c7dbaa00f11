"""Who sent a message of PayPal: an RSA signature over it, by the certificate whose address it names.

Source: https://developer.paypal.com/api/rest/webhooks/rest/ ("self verification"). What is signed is
"transmission id|transmission time|our webhook's id|crc32 of the body", so a message to another shop's webhook does not
pass for one to ours. The certificate is fetched from PayPal's own hosts only, once, and kept.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .base import SignatureRefused

# PayPal tries a message again for three days. What is sent twice is taken once, whenever it comes.
TOLERANCE = timedelta(days=3, hours=1)
AHEAD = timedelta(minutes=5)
KEPT = 8
HOSTS = ("api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com")


class Certificates:
    """Certificates by address, fetched when first named. `fetch` gives the PEM text; it raises what it likes."""

    def __init__(self, base: str, fetch: Callable[[str], bytes]) -> None:
        """`base` is where PayPal is reached: its certificates may lie there too, which is how the sandbox's are had."""
        self._base, self._fetch = base, fetch
        self._known: dict[str, x509.Certificate] = {}

    def named(self, address: str) -> x509.Certificate:
        """Raises SignatureRefused for an address that is not PayPal's, before anything is fetched."""
        if address not in self._known:
            self._check(address)
            found = x509.load_pem_x509_certificate(self._fetch(address))
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[address] = found
        return self._known[address]

    def _check(self, address: str) -> None:
        parts = urlsplit(address)
        own = address.startswith(f"{self._base}/v1/notifications/certs/")
        theirs = parts.scheme == "https" and parts.hostname in HOSTS and parts.port in (None, 443)
        if not (own or theirs) or not re.fullmatch(r"[\w/-]+", parts.path) or parts.query or parts.username:
            raise SignatureRefused("The certificate is not PayPal's.")


def check(body: bytes, headers: Mapping[str, str], webhook_id: str, certificates: Certificates, now: datetime) -> None:
    """Prove that `body` was sent by PayPal to our webhook. Raises SignatureRefused."""
    if not webhook_id:
        raise SignatureRefused("No webhook id is set for PayPal's messages.")
    given = {name: headers.get(f"Paypal-{name}", "") for name in ("Transmission-Id", "Transmission-Time", "Auth-Algo")}
    if given["Auth-Algo"] != "SHA256withRSA":
        raise SignatureRefused("The signature is of another kind.")
    if not re.fullmatch(r"[\w-]{1,50}", given["Transmission-Id"]):
        raise SignatureRefused("The transmission has no usable id.")
    _check_time(given["Transmission-Time"], now)
    signature = _signature(headers.get("Paypal-Transmission-Sig", ""))
    certificate = certificates.named(headers.get("Paypal-Cert-Url", ""))
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise SignatureRefused("The certificate is not valid now.")
    key: Any = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise SignatureRefused("The certificate is of another kind.")
    signed = f"{given['Transmission-Id']}|{given['Transmission-Time']}|{webhook_id}|{binascii.crc32(body)}".encode()
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise SignatureRefused("The signature does not match.") from None


def _check_time(given: str, now: datetime) -> None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", given):
        raise SignatureRefused("The transmission has no usable time.")
    try:
        sent = datetime.fromisoformat(given.replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:
        raise SignatureRefused("The transmission has no usable time.") from None
    if not now - TOLERANCE <= sent <= now + AHEAD:
        raise SignatureRefused("The signature is too old, or from the future.")


def _signature(given: str) -> bytes:
    try:
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureRefused("The signature cannot be read.") from None
