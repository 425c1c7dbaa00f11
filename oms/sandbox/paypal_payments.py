"""PayPal's captures, refunds and disputes: made, looked up, completed, failed. Amounts in the smallest unit.

Source: https://developer.paypal.com/docs/api/payments/v2/. A pending refund counts as refunded; a failed or canceled
one gives the amount back to the capture.
"""

import time
from typing import Any

from . import paypal_objects as objects
from .book import Book, Row
from .faults import Faults
from .paypal_objects import refusal
from .timeline import Timeline
from .webhooks import Webhooks


class Payments:
    """What was captured and what went back. Callers hold the book's lock."""

    def __init__(self, book: Book, faults: Faults, timeline: Timeline, webhooks: Webhooks) -> None:
        self._book, self._faults, self._timeline, self._webhooks = book, faults, timeline, webhooks

    def resume(self) -> None:
        """Take up the refunds whose completing or late failure an earlier run still owed."""
        with self._book.lock:
            for refund in self._book["paypal_refund"].rows.values():
                self.plan(refund)

    def seed(self, payments: list[Row]) -> int:
        """Enter captures: {capture, amount, currency, created?} each; repeat-safe. Returns how many were new."""
        with self._book.lock:
            fresh = [
                {
                    "id": str(one["capture"]),
                    "order": f"O{one['capture']}"[:20],
                    "amount": int(one["amount"]),
                    "currency": str(one["currency"]).upper(),
                    "created": int(one.get("created", time.time())),
                }
                for one in payments
                if self._book["capture"].get(str(one["capture"])) is None
            ]
            if fresh:
                self._book.write("captures.seeded", capture=fresh)
            return len(fresh)

    # ── the API ──

    def create_refund(self, capture_id: str, form: dict[str, Any]) -> tuple[int, Row, list[Row], dict[str, list[Row]]]:
        """POST /v2/payments/captures/{id}/refund → status, body, events, what the book is to keep. Raises Refused."""
        capture = self._find("capture", capture_id)
        left = capture["amount"] - self.refunded(capture)
        amount = objects.minor(form["amount"], capture["currency"]) if form.get("amount") else left
        invoice = str(form.get("invoice_id", ""))
        if any(row["invoice_id"] == invoice for row in self._refunds(capture["id"]) if invoice):
            raise refusal(422, "DUPLICATE_INVOICE_ID", saved=True)
        if self._disputed(capture["id"]):
            whole = amount == capture["amount"]
            raise refusal(422, "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK" if whole else "TRANSACTION_DISPUTED")
        if left == 0:
            raise refusal(422, "CAPTURE_FULLY_REFUNDED", "The capture has already been fully refunded", saved=True)
        if amount > left:
            raise refusal(422, "REFUND_AMOUNT_EXCEEDED", saved=True)
        now = time.time()
        refund: Row = {
            "id": objects.new_id(),
            "capture": capture["id"],
            "amount": amount,
            "currency": capture["currency"],
            "custom_id": str(form.get("custom_id", "")),
            "invoice_id": invoice,
            "note_to_payer": str(form.get("note_to_payer", "")),
            "total": self.refunded(capture) + amount,
            "created": now,
            "updated": now,
        }
        refund |= self._decide(now)
        body = objects.show_refund(refund)
        events = [objects.event(objects.KIND[refund["status"]], "refund", body, capture["id"])]
        return 201, body, events, {"paypal_refund": [refund], "event": events}

    def _decide(self, now: float) -> Row:
        """How a refund begins and what will become of it; pending without a plan, it waits for a test."""
        if not self._faults.chance("paypal", "pending"):
            return {"status": "COMPLETED", "reason": "", "plan": self._late(now)}
        after = self._faults.within("paypal", "settle_after")
        outcome = "FAILED" if self._faults.chance("paypal", "fail") else "COMPLETED"
        return {"status": "PENDING", "reason": "ECHECK", "plan": [[now + after, outcome]] if after is not None else []}

    def _late(self, now: float) -> list[list[Any]]:
        """A completed refund fails after all, now and then."""
        if not self._faults.chance("paypal", "late_failure"):
            return []
        return [[now + (self._faults.within("paypal", "late_failure_after") or 0.0), "FAILED"]]

    def capture(self, id: str) -> Row:
        row = self._find("capture", id)
        return objects.show_capture(row, self.refunded(row))

    def refund(self, id: str) -> Row:
        return objects.show_refund(self._find("paypal_refund", id))

    def order(self, id: str) -> Row:
        for row in self._book["capture"].rows.values():
            if row["order"] == id:
                return objects.show_order(row, self._refunds(row["id"]), self.refunded(row))
        raise refusal(404, "INVALID_RESOURCE_ID")

    # ── what happens later ──

    def plan(self, refund: Row) -> None:
        if refund["plan"]:
            step = refund["plan"][0]
            self._timeline.at(step[0], lambda: self._webhooks.send(self._take(refund["id"], step)))

    def _take(self, id: str, step: list[Any]) -> list[Row]:
        with self._book.lock:
            return self.move(id, step[1]) if self._find("paypal_refund", id)["plan"][:1] == [step] else []

    def move(self, id: str, status: str) -> list[Row]:
        """Give a refund another status, as PayPal would; return the events to send. Raises Refused."""
        with self._book.lock:
            refund = self._find("paypal_refund", id)
            if status not in objects.MOVES.get(refund["status"], ()):
                raise refusal(422, "REFUND_NOT_ALLOWED", f"A refund that is {refund['status']} cannot be {status}.")
            plan = self._late(time.time()) if status == "COMPLETED" else []
            after = refund | {"status": status, "reason": "", "updated": time.time(), "plan": plan}
            if (refund["status"], status) == ("COMPLETED", "FAILED"):
                after["came_back"] = after["updated"]
            shown, kind = objects.show_refund(after), objects.KIND.get(status)
            events = [objects.event(kind, "refund", shown, refund["capture"])] if kind else []
            self._book.write("paypal.moved", paypal_refund=[after], event=events)
            self.plan(after)
            return events

    def dispute(self, form: dict[str, Any]) -> list[Row]:
        """Open the dispute of a capture, or close it with `outcome`; return the events to send."""
        with self._book.lock:
            capture = self._find("capture", str(form["capture"]))
            outcome = str(form.get("outcome", ""))
            id = f"PP-D-{capture['id']}"
            known = self._book["dispute"].get(id) or {
                "id": id,
                "payment": capture["id"],
                "reason": "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED",
                "created": time.time(),
            }
            row = known | {"status": "RESOLVED" if outcome else "OPEN", "outcome": outcome}
            kind = "CUSTOMER.DISPUTE.RESOLVED" if outcome else "CUSTOMER.DISPUTE.CREATED"
            events = [objects.event(kind, "dispute", objects.show_dispute(row, capture), capture["id"])]
            self._book.write("paypal.dispute", dispute=[row], event=events)
            return events

    # ── the book ──

    def refunded(self, capture: Row) -> int:
        rows = self._refunds(capture["id"])
        return sum(row["amount"] for row in rows if row["status"] not in ("FAILED", "CANCELLED"))

    def show(self) -> Row:
        """Per capture what was captured, refunded and completed, with its refunds."""
        shown = {}
        for row in self._book["capture"].rows.values():
            refunds = self._refunds(row["id"])
            shown[row["id"]] = {
                "currency": row["currency"],
                "captured": row["amount"],
                "refunded": self.refunded(row),
                "settled": sum(one["amount"] for one in refunds if one["status"] == "COMPLETED"),
                "refunds": [{name: one[name] for name in ("id", "amount", "status", "custom_id")} for one in refunds],
            }
        return shown

    def _refunds(self, capture: str) -> list[Row]:
        rows = self._book["paypal_refund"].rows
        return [rows[id] for id in self._book.paypal_refunds_of.get(capture, [])]

    def _disputed(self, capture: str) -> bool:
        row = self._book["dispute"].get(f"PP-D-{capture}")
        return row is not None and row["status"] == "OPEN"

    def _find(self, table: str, id: str) -> Row:
        row = self._book[table].get(id)
        if row is None:
            raise refusal(404, "INVALID_RESOURCE_ID")
        return row
