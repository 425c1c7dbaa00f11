"""Our own controls: enter payments, make the bank or the carrier act, set faults, read the book."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .faults import UnusableFaults
from .stripe_calls import Call, refunded
from .stripe_objects import show_refund
from .wire import Answer, Refused, Request

if TYPE_CHECKING:
    from .server import Sandbox


class Control:
    """Answers calls under /_sandbox/."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def answer(self, request: Request) -> Answer:
        _, _, name, *rest = request.path.split("/")
        views: dict[tuple[str, str, int], Callable[..., Answer]] = {
            ("POST", "payments", 0): self._payments,
            ("POST", "refunds", 0): self._refund,
            ("POST", "refunds", 1): self._move,
            ("POST", "history", 0): self._history,
            ("POST", "payouts", 1): self._payout,
            ("POST", "disputes", 0): self._dispute,
            ("POST", "captures", 0): self._captures,
            ("POST", "captures", 1): self._paypal_history,
            ("POST", "captures", 2): self._paypal_refund,
            ("POST", "captures", 3): self._paypal_move,
            ("POST", "tokens", 0): self._tokens,
            ("POST", "trackers", 1): self._scan,
            ("POST", "labels", 0): self._labels,
            ("POST", "labels", 1): self._label,
            ("GET", "faults", 0): lambda _: Answer(200, self._sandbox.faults.settings),
            ("PUT", "faults", 0): self._faults,
            ("PUT", "replay", 0): self._replay,
            ("GET", "replay", 0): lambda _: Answer(200, self._sandbox.replay.show()),
            ("GET", "book", 0): self._book,
            ("GET", "quiet", 0): self._quiet,
        }
        view = views.get((request.method, name, len(rest)))
        if view is None:
            return Answer(404, {"error": {"message": "The sandbox has no such control."}})
        try:
            return view(request, *rest)
        except Refused as refused:
            return refused.answer
        except UnusableFaults as problem:
            return Answer(400, {"error": {"message": str(problem)}})
        except (KeyError, TypeError, AttributeError, ValueError) as problem:
            return Answer(400, {"error": {"message": f"Something is missing or of another kind: {problem}"}})

    def _payments(self, request: Request) -> Answer:
        return Answer(200, self._sandbox.stripe.payments.seed(request.form["list"]))

    def _history(self, request: Request) -> Answer:
        return Answer(200, self._sandbox.stripe.payouts.seed(request.form["list"]))

    def _payout(self, request: Request, id: str) -> Answer:
        return self._sandbox.stripe.payouts.change(id, request.form)

    def _refund(self, request: Request) -> Answer:
        book = self._sandbox.book
        with book.lock:
            return self._sandbox.stripe.refunds.create(Call(request, "req_dashboard", None))

    def _move(self, request: Request, id: str) -> Answer:
        form = request.form
        events = self._sandbox.stripe.refunds.move(id, form["status"], form.get("reason", "expired_or_canceled_card"))
        return Answer(200, show_refund(self._sandbox.book["refund"].rows[id]), events=events)

    def _labels(self, request: Request) -> Answer:
        return Answer(200, self._sandbox.easypost.seed(request.form["list"]))

    def _label(self, request: Request, code: str) -> Answer:
        """What the carrier decides about a label that was given back: {refund_status}."""
        return self._sandbox.easypost.decide(code, request.form["refund_status"])

    def _dispute(self, request: Request) -> Answer:
        """Open or close a dispute: {charge or capture, outcome ("" while it is open)}."""
        vendor = self._sandbox.paypal.payments if "capture" in request.form else self._sandbox.stripe.disputes
        return Answer(200, {}, events=vendor.dispute(request.form))

    def _captures(self, request: Request) -> Answer:
        return Answer(200, {"added": self._sandbox.paypal.payments.seed(request.form["list"])})

    def _paypal_history(self, request: Request, _refunds: str) -> Answer:
        with self._sandbox.book.lock:
            return Answer(200, self._sandbox.paypal.transactions.seed(request.form["list"]))

    def _paypal_refund(self, request: Request, capture: str, _refunds: str) -> Answer:
        payments, book = self._sandbox.paypal.payments, self._sandbox.book
        with book.lock:
            _status, body, events, puts = payments.create_refund(capture, request.form)
            book.write("paypal.dashboard", **puts)
            payments.plan(puts["paypal_refund"][0])
        return Answer(200, body, events=events)

    def _paypal_move(self, request: Request, _capture: str, _refunds: str, id: str) -> Answer:
        return Answer(200, {}, events=self._sandbox.paypal.payments.move(id, request.form["status"]))

    def _tokens(self, request: Request) -> Answer:
        self._sandbox.paypal.forget_tokens()
        return Answer(200, {})

    def _scan(self, request: Request, code: str) -> Answer:
        shown, events = self._sandbox.easypost.scan(code, request.form)
        return Answer(200, shown, events=events)

    def _faults(self, request: Request) -> Answer:
        return Answer(200, self._sandbox.faults.change(request.form))

    def _replay(self, request: Request) -> Answer:
        self._sandbox.replay.load(request.form["calls"])
        return Answer(200, self._sandbox.replay.show())

    def _quiet(self, request: Request) -> Answer:
        """Wait until nothing is planned and no webhook is on its way, at most `?seconds=` (30)."""
        end = time.monotonic() + min(600, int(request.query.get("seconds", 30)))
        while not (quiet := self._sandbox.is_quiet()) and time.monotonic() < end:
            time.sleep(0.02)
        return Answer(200, {"quiet": quiet})

    def _book(self, request: Request) -> Answer:
        """Everything that counts, as of one moment. Amounts are integers in the smallest unit.

        `captured`, `refunded` (pending and succeeded), `settled` (succeeded) per charge; refunds with status and
        metadata; keys with the refund they made; labels per shipment and per reference; webhooks still owed.
        `?charge=ch_…` narrows the charges to one.
        """
        book = self._sandbox.book
        with book.lock:
            wanted = request.query.get("charge")
            rows = book["charge"].rows
            charges = [rows[id] for id in ([wanted] if wanted in rows else [] if wanted else rows)]
            shown = {row["id"]: self._charge(row) for row in charges}
            bought = [row for row in book["shipment"].rows.values() if row["tracking_code"]]
            labels: dict[str, list[str]] = {}
            for row in bought:
                labels.setdefault(row["reference"] or "", []).append(row["id"])
            body = {
                "charges": shown,
                "totals": self._totals(list(shown.values())),
                "keys": {key: self._key(row) for key, row in book["key"].rows.items()},
                "labels": {
                    row["id"]: {
                        "reference": row["reference"],
                        "tracking_code": row["tracking_code"],
                        "price": row["selected_rate"]["rate"],
                        "currency": row["selected_rate"]["currency"],
                        "refund_status": row["refund_status"],
                    }
                    for row in bought
                },
                "labels_by_reference": labels,
                "captures": self._sandbox.paypal.payments.show(),
                "shipments": len(book["shipment"].rows),
                "webhooks": {"sent": len(book["delivered"].rows), "owed": len(self._sandbox.webhooks.owed())},
                "planned": self._sandbox.timeline.waiting(),
            }
        return Answer(200, body)

    def _charge(self, row: dict[str, Any]) -> dict[str, Any]:
        refunds = self._sandbox.book.refunds(row["id"])
        return {
            "payment_intent": row["payment_intent"],
            "currency": row["currency"],
            "captured": row["amount"],
            "refunded": refunded(self._sandbox.book, row),
            "settled": sum(refund["amount"] for refund in refunds if refund["status"] == "succeeded"),
            "refunds": [
                {name: refund[name] for name in ("id", "amount", "status", "created", "metadata")} for refund in refunds
            ],
        }

    @staticmethod
    def _totals(charges: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
        """Sums per currency."""
        totals: dict[str, dict[str, int]] = {}
        for charge in charges:
            total = totals.setdefault(charge["currency"], {"captured": 0, "refunded": 0, "settled": 0, "refunds": 0})
            for name in ("captured", "refunded", "settled"):
                total[name] += charge[name]
            total["refunds"] += len(charge["refunds"])
        return totals

    @staticmethod
    def _key(row: dict[str, Any]) -> dict[str, Any]:
        made = row["body"].get("id")
        return {"path": row["path"], "status": row["status"], "object": made}
