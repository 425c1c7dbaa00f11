"""Numbers people read aloud and identifiers machines sort."""

import os
import secrets
import time
import uuid

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U
_AS_READ = str.maketrans({"I": "1", "L": "1", "O": "0"})


def uuid7() -> uuid.UUID:
    """Return a time-ordered UUID (RFC 9562, version 7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def new_number(prefix: str, length: int = 8) -> str:
    """Return a random, readable number with a check digit: `R-7K3M-92QXC`.

    A number identifies; it never authorizes.
    """
    body = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return f"{prefix}-{body[:4]}-{body[4:]}{check_digit(body)}"


def check_digit(body: str) -> str:
    """The character that makes one mistyped, or two swapped neighbors, show.

    Each character is an element of the field of 32 and has a weight of its own, a power of its generator: so no single
    change and no swap leaves the sum as it was. (A remainder modulo 31 is the digit sum and misses every swap.)
    """
    value = 0
    for character in body:
        value = _times_generator(value ^ ALPHABET.index(character))
    return ALPHABET[value]


def _times_generator(value: int) -> int:
    """Multiply by x in GF(32) = GF(2)[x] / (x⁵ + x² + 1)."""
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled


def normalize_number(text: str, prefix: str) -> str | None:
    """Read a number as a person types it: any case, spaces or dashes, O for 0, I and L for 1.

    Returns None when it cannot be a number of this kind (wrong length, wrong check digit).
    """
    compact = "".join(text.split()).replace("-", "").upper()
    if not compact.startswith(prefix):
        return None
    body = compact[len(prefix) :].translate(_AS_READ)
    if len(body) != 9 or any(character not in ALPHABET for character in body):
        return None
    if check_digit(body[:8]) != body[8]:
        return None
    return f"{prefix}-{body[:4]}-{body[4:]}"


def row_id(text: str) -> int | None:
    """The row an address or a form names by its id; None when it names none, however long or strange it is."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
