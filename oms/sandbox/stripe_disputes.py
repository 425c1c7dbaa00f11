"""Stripe's disputes: opened by the customer's bank, closed won or lost. https://docs.stripe.com/api/disputes"""

import time
from typing import Any

from . import stripe_objects as objects
from .book import Book, Row
from .stripe_calls import find


class Disputes:
    """One dispute per charge, which is all that refunds need to meet."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def dispute(self, form: dict[str, Any]) -> list[Row]:
        """Open the dispute of a charge, or close it with `outcome` ("won", "lost"); return the events to send."""
        with self._book.lock:
            charge = find(self._book, "charge", str(form["charge"]))
            outcome = str(form.get("outcome", ""))
            known = self._book["dispute"].get(f"dp_{charge['id']}")
            row = {
                "id": f"dp_{charge['id']}",
                "payment": charge["id"],
                "created": known["created"] if known else int(time.time()),
                "status": outcome or "needs_response",
            }
            kind = "charge.dispute.closed" if outcome else "charge.dispute.created"
            changed = {"status": known["status"]} if known else None
            events = [objects.event(kind, _show(row, charge), charge["id"], changed, None, None)]
            self._book.write("dispute", dispute=[row], event=events)
            return events


def is_disputed(book: Book, charge: str) -> bool:
    """Whether the bank has the money back, or may take it: such a charge cannot be refunded."""
    row = book["dispute"].get(f"dp_{charge}")
    return row is not None and row["status"] in ("needs_response", "under_review", "lost")


def _show(row: Row, charge: Row) -> Row:
    return {
        "id": row["id"],
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": row["created"],
        "currency": charge["currency"],
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "general",
        "status": row["status"],
    }
