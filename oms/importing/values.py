"""Reading the fields of a file: plain digits, plain dates, sensible sizes. Whatever else is named, never guessed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from oms.importing.report import BadRow
from oms.money import exponent

LARGEST_QUANTITY = 10**9
LARGEST_PRICE = Decimal(10) ** 9
LARGEST_VALUE = Decimal(10) ** 12  # of a line, and of all that is on one document
CACHED = 50_000
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?", re.ASCII)
_INSTANT = re.compile(_LOCAL.pattern + r"(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})", re.ASCII)
_CODE = re.compile(r"[^\s\x00-\x1f\x7f]+")
_SKU = re.compile(r"[^\s\x00-\x1f\x7f]+( [^\s\x00-\x1f\x7f]+)*")


class Remembered[Value](dict[Any, Value]):
    """Answers of a reader by what it read: files repeat themselves. What is bad raises anew each time."""

    def __init__(self, read: Callable[[Any], Value]) -> None:
        self.read = read

    def __missing__(self, key: Any) -> Value:
        if len(self) >= CACHED:
            self.clear()
        value = self[key] = self.read(key)
        return value


def whole(column: str) -> Remembered[int]:
    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise BadRow(column, f"{shown(text)} is not a whole number.")
        if abs(value := int(text)) > LARGEST_QUANTITY:
            raise BadRow(column, f"{text} is more than {LARGEST_QUANTITY}.")
        return value

    return Remembered(read)


def number(column: str) -> Remembered[Decimal]:
    """A decimal number with at most six decimals: a price or a rate."""

    def read(text: str) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise BadRow(column, f"{shown(text)} is not a plain number with at most six decimals.")
        if abs(value := Decimal(text)) > LARGEST_PRICE:
            raise BadRow(column, f"{text} is more than {LARGEST_PRICE}.")
        return value

    return Remembered(read)


def local_time(column: str, zone: tzinfo) -> Remembered[datetime]:
    """YYYY-MM-DD HH:MM[:SS] on the wall of `zone`, as UTC."""

    def read(text: str) -> datetime:
        if not _LOCAL.fullmatch(text):
            raise BadRow(column, f"{shown(text)} is not a time like 2011-03-27 14:05:00.")
        return _instant(column, text, zone)

    return Remembered(read)


def instant(column: str) -> Remembered[datetime]:
    """ISO 8601 with its offset: 2026-03-27T14:05:00Z, as UTC."""

    def read(text: str) -> datetime:
        if not _INSTANT.fullmatch(text):
            raise BadRow(column, f"{shown(text)} is not a time with its offset like 2026-03-27T14:05:00Z.")
        return _instant(column, text, UTC)

    return Remembered(read)


def _instant(column: str, text: str, zone: tzinfo) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadRow(column, f"{shown(text)} is no such day or time.") from None
    if not 1970 <= at.year <= 2100:
        raise BadRow(column, f"{shown(text)} is outside the years 1970 to 2100.")
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def code(column: str, longest: int) -> Remembered[str]:
    """A number or code people write: not empty, no spaces, at most `longest` characters."""

    def read(text: str) -> str:
        if not text:
            raise BadRow(column, "This is empty.")
        if len(text) > longest:
            raise BadRow(column, f"{shown(text)} is longer than {longest} characters.")
        if not _CODE.fullmatch(text):
            raise BadRow(column, f"{shown(text)} holds spaces or control characters.")
        return text

    return Remembered(read)


def codes(column: str, longest: int) -> Remembered[tuple[str, ...]]:
    """Several codes with semicolons between them, none of them twice; none at all is fine."""
    one = code(column, longest)

    def read(text: str) -> tuple[str, ...]:
        found = tuple(one[part] for part in (part.strip() for part in text.split(";")) if part)
        if twice := next((code for at, code in enumerate(found) if code in found[:at]), ""):
            raise BadRow(column, f"{shown(twice)} stands here twice.")
        return found

    return Remembered(read)


def sku(column: str) -> Remembered[str]:
    """A stock code of at most 40 characters; single spaces within are fine ("BANK CHARGES")."""

    def read(text: str) -> str:
        if not text:
            raise BadRow(column, "This is empty.")
        if len(text) > 40:
            raise BadRow(column, f"{shown(text)} is longer than 40 characters.")
        if not _SKU.fullmatch(text):
            raise BadRow(column, f"{shown(text)} holds control characters or stray spaces.")
        return text

    return Remembered(read)


def words(column: str, longest: int) -> Remembered[str]:
    """Text, possibly empty, of at most `longest` characters; outer spaces are dropped."""

    def read(text: str) -> str:
        text = text.strip()
        if len(text) > longest:
            raise BadRow(column, f"{shown(text)} is longer than {longest} characters.")
        return text

    return Remembered(read)


def rounder(currency: str) -> Callable[[Decimal], Decimal]:
    """Return a fast `round_half_up` for one currency (halves away from zero)."""
    step = Decimal(1).scaleb(-exponent(currency))
    return lambda value: value.quantize(step, ROUND_HALF_UP)


def plausible(column: str, value: Decimal) -> Decimal:
    """The value of a whole line, when it is one that can be kept: price and quantity may each be fine alone."""
    if value >= LARGEST_VALUE:
        raise BadRow(column, f"All units together come to {value}, which is more than {LARGEST_VALUE}.")
    return value


def shown(text: str) -> str:
    """A value as a message repeats it: short, on one line."""
    return repr(text if len(text) <= 40 else text[:39] + "…")
