"""Strict JSON for commands and interfaces that carry money.

Unknown keys, floats, repeated keys and too many decimals are errors, because money that was misread is worse than
money that was not read.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from oms.money import MoneyError, parse_amount, parse_number

LARGEST_COUNT = 10**9
MOST_DIGITS = 4000


class Unreadable(ValueError):
    """Not JSON at all: nothing can be said about what it asks."""


class Malformed(ValueError):
    """JSON of the wrong shape; `code` is stable, the message names the place."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def error(code: str, message: str) -> dict[str, Any]:
    """How every command says no."""
    return {"error": {"code": code, "message": message}}


def read_json(text: str) -> Any:
    """Any JSON value; refuses NaN, repeated keys, endless numbers and nesting beyond reason. Raises Unreadable."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_int=_whole, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise Unreadable("This is not JSON: it is nested too deeply") from None
    except ValueError as problem:
        raise Unreadable(f"This is not JSON: {problem}") from None


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number has more than {MOST_DIGITS} digits")
    return int(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is written twice")
    return members


class Reader:
    """One JSON object: each key is asked for once, and what nobody asked for is an error."""

    def __init__(self, value: Any, place: str, keys: Sequence[str], currency: str = "") -> None:
        if not isinstance(value, dict):
            raise Malformed("wrong_type", f"{place} must be an object.")
        for key in value:
            if key not in keys:
                raise Malformed("unknown_key", f"{place} has an unknown key {key!r}; known: {', '.join(keys)}.")
        self.members: Mapping[str, Any] = value
        self.place = place
        self.currency = currency

    def has(self, key: str) -> bool:
        return key in self.members

    def require(self, key: str) -> Any:
        if key not in self.members:
            raise Malformed("missing_key", f"{self.place} needs {key!r}.")
        return self.members[key]

    def text(self, key: str) -> str:
        value = self.require(key)
        if not isinstance(value, str) or not value:
            raise Malformed("wrong_type", f"{self.place}.{key} must be a text.")
        return value

    def choice(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        if default is not None and not self.has(key):
            return default
        value = self.text(key)
        if value not in known:
            raise Malformed("unknown_value", f"{self.place}.{key} is {value!r}, none of {', '.join(known)}.")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.members.get(key, default)
        if not isinstance(value, bool):
            raise Malformed("wrong_type", f"{self.place}.{key} must be true or false.")
        return value

    def count(self, key: str) -> int:
        """A whole number, also zero or negative ones: the arithmetic refuses those with its own sentence."""
        value = self.require(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Malformed("wrong_type", f"{self.place}.{key} must be a whole number.")
        if abs(value) > LARGEST_COUNT:
            raise Malformed("bad_amount", f"{self.place}.{key} is more than {LARGEST_COUNT}.")
        return value

    def amount(self, key: str) -> Decimal:
        """An amount of money as text."""
        value = self.require(key)
        try:
            return parse_amount(value, self.currency)
        except MoneyError as problem:
            raise Malformed("bad_amount", f"{self.place}.{key}: {problem}") from None

    def amount_or(self, key: str, default: Decimal | None) -> Decimal | None:
        return self.amount(key) if self.has(key) else default

    def not_negative(self, key: str, default: Decimal | None = None) -> Decimal:
        value = default if default is not None and not self.has(key) else self.amount(key)
        if value < 0:
            raise Malformed("bad_amount", f"{self.place}.{key} must not be negative.")
        return value

    def rate(self, key: str) -> Decimal | None:
        """A percentage as text, 0 or more; None when the key is missing."""
        if not self.has(key):
            return None
        try:
            rate = parse_number(self.members[key])
        except MoneyError as problem:
            raise Malformed("bad_amount", f"{self.place}.{key}: {problem}") from None
        if rate < 0:
            raise Malformed("bad_amount", f"{self.place}.{key} must not be negative.")
        return rate

    def items(self, key: str, required: bool = False) -> list[tuple[Any, str]]:
        """The members of a list with the place of each, for messages."""
        value = self.require(key) if required else self.members.get(key, [])
        if not isinstance(value, list):
            raise Malformed("wrong_type", f"{self.place}.{key} must be a list.")
        return [(item, f"{self.place}.{key}[{at}]") for at, item in enumerate(value)]
