"""PayPal's signature: RSA over "transmission id|time|webhook id|crc32 of the body", with a certificate to fetch.

The certificate's address stands in a header of the message; the checksum is CRC-32 in decimal.
"""

import base64
import binascii
import threading
import uuid
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any


class Signer:
    """One key pair per run, made when it is first needed: most runs send nothing of PayPal's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.identity = uuid.uuid4().hex[:16]

    @cached_property
    def _pair(self) -> tuple[Any, bytes]:
        from cryptography import x509  # noqa: PLC0415  0.2 s: paid by runs with PayPal only
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415
        from cryptography.x509.oid import NameOID  # noqa: PLC0415

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "messageverificationcerts.paypal.com")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(key, hashes.SHA256())
        )
        return key, certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def certificate(self) -> bytes:
        with self._lock:
            return self._pair[1]

    def headers(self, body: bytes, webhook_id: str, at: float, base: str) -> dict[str, str]:
        """The headers of one transmission; `base` is the address under which this process plays PayPal."""
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415  as above
        from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

        transmission = str(uuid.uuid4())
        time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = f"{transmission}|{time}|{webhook_id}|{binascii.crc32(body)}".encode()
        with self._lock:
            signature = self._pair[0].sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {
            "PAYPAL-TRANSMISSION-ID": transmission,
            "PAYPAL-TRANSMISSION-TIME": time,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
            "PAYPAL-CERT-URL": f"{base}/v1/notifications/certs/CERT-{self.identity}",
        }
