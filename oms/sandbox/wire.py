"""Requests and answers, apart from sockets."""

import secrets
from dataclasses import dataclass, field
from typing import Any

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Request:
    """One call. `form` holds a form-encoded or JSON body, nested; `base` is the address the caller used."""

    method: str
    path: str
    query: dict[str, Any]
    form: dict[str, Any]
    headers: dict[str, str]
    base: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """What goes back: `body` is JSON, or bytes with their `content_type`. `events` are sent after it."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    events: list[dict[str, Any]] = field(default_factory=list)


class Refused(Exception):
    """An answer of 4xx or 5xx in the vendor's own shape."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.body))
        self.answer = answer


class Dropped(Exception):
    """The connection is to break without an answer."""


def new_id(prefix: str, length: int = 24) -> str:
    """An id such as Stripe's: letters and digits of both cases."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Form pairs as a tree: ``metadata[refund]=R1`` becomes ``{"metadata": {"refund": "R1"}}``; ``a[]`` is a list."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        *parents, last = name.replace("]", "").split("[")
        branch = tree
        for parent in parents if last else parents[:-1]:
            step = branch.setdefault(parent, {})
            branch = step if isinstance(step, dict) else {}
        if last:
            branch[last] = value
        else:
            branch.setdefault(parents[-1], []).append(value)
    return tree
