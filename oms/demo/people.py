"""Who can log in to the demo, and with which code."""

import base64
import hashlib
import hmac
import json
import struct
import time
from pathlib import Path
from typing import Any

STEP = 30  # seconds a one-time code is good for (RFC 6238)


def log_ins(data: Path) -> list[dict[str, Any]]:
    """Return the people of `demo.json` (role, email, password, totp_secret, …), each with the `code_now`."""
    try:
        people = json.loads((data / "demo.json").read_text())
    except FileNotFoundError:
        return []
    return [person | {"code_now": one_time_code(person["totp_secret"], at=time.time())} for person in people]


def one_time_code(secret: str, *, at: float) -> str:
    """Return the six digits an authenticator shows for this base-32 secret at a Unix time (RFC 6238, SHA-1)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    digest = hmac.digest(key, struct.pack(">Q", int(at) // STEP), hashlib.sha1)
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def code_to_enter(secret: str, *, room: float = 5.0) -> str:
    """Return a code that stays good for at least `room` seconds: near the end of one the next is waited for."""
    left = STEP - time.time() % STEP
    if left < room:
        time.sleep(left)
    return one_time_code(secret, at=time.time())
