"""What every call to Stripe shares: its key, its refusals, the checks of its parameters."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from . import stripe_objects as objects
from .book import Book, Row
from .wire import Answer, Refused, Request


@dataclass(frozen=True)
class Call:
    """A request with its own id and its idempotency key, if it has one."""

    request: Request
    identity: str
    key: str | None

    def stored(self, answer: Answer) -> dict[str, list[Row]]:
        """The answer as the book keeps it for the key; nothing without a key."""
        if self.key is None:
            return {}
        request = self.request
        row = {"id": self.key, "path": request.path, "fingerprint": request.fingerprint, "request": self.identity}
        return {"key": [row | {"status": answer.status, "body": answer.body}]}


def find(book: Book, table: str, id: str) -> Row:
    """A row by its id. Raises Refused (404)."""
    row = book[table].get(id)
    if row is None:
        name = {"intent": "payment_intent"}.get(table, table)
        raise refusal(404, f"No such {name}: '{id}'", code="resource_missing", param="id")
    return row


def refunded(book: Book, charge: Row) -> int:
    """What has been or is being refunded of a charge."""
    return sum(row["amount"] for row in book.refunds(charge["id"]) if row["status"] not in ("failed", "canceled"))


def refusal(
    status: int,
    message: str,
    *,
    type: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    saved: bool = False,
) -> Refused:
    """An error of Stripe's shape. `saved`: the call had begun to execute, so its key answers the same again."""
    return Refused(Answer(status, objects.error(type, message, code, param), {"_saved": "1"} if saved else {}))


def check_parameters(form: dict[str, Any], known: set[str]) -> None:
    for name in form:
        if name not in known:
            raise refusal(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def positive(value: Any, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", str(value)):
        raise refusal(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    if int(value) == 0:
        message = "This value must be greater than or equal to 1."
        raise refusal(400, message, code="parameter_invalid_integer", param=name)
    return int(value)


def metadata(form: dict[str, Any]) -> dict[str, str]:
    """Up to 50 keys of 40 characters with values of 500: https://docs.stripe.com/api/metadata"""
    given = form.get("metadata") or {}
    if not isinstance(given, dict) or len(given) > 50:
        raise refusal(400, "Invalid metadata: must be at most 50 pairs.", param="metadata")
    for name, value in given.items():
        if len(name) > 40 or len(str(value)) > 500:
            raise refusal(400, "Metadata keys have up to 40 and values up to 500 characters.", param="metadata")
    return {name: str(value) for name, value in given.items()}


def page(call: Call, rows: Iterable[Row], show: Callable[[Row], Row]) -> Answer:
    limit = min(100, positive(call.request.query.get("limit", 10), "limit"))
    data: list[Row] = []
    for row in rows:
        if len(data) == limit:
            return Answer(200, {"object": "list", "url": call.request.path, "has_more": True, "data": data})
        data.append(show(row))
    return Answer(200, {"object": "list", "url": call.request.path, "has_more": False, "data": data})
