"""Stripe's refunds: made, looked up, settled, failed.

Sources: https://docs.stripe.com/api/refunds, https://docs.stripe.com/refunds. A pending refund counts as refunded;
failed and canceled ones give the amount back to the charge.
"""

import time
from typing import Any

from . import stripe_objects as objects
from .book import Book, Row
from .faults import Faults
from .stripe_calls import Call, check_parameters, find, metadata, page, positive, refunded, refusal
from .stripe_disputes import is_disputed
from .timeline import Timeline
from .webhooks import Webhooks
from .wire import Answer

REASONS = {"duplicate", "fraudulent", "requested_by_customer"}
REFUND_PARAMETERS = {
    "amount",
    "charge",
    "currency",
    "customer",
    "expand",
    "instructions_email",
    "metadata",
    "origin",
    "payment_intent",
    "reason",
    "refund_application_fee",
    "reverse_transfer",
}


class Refunds:
    """The refunds of every charge. Callers hold the book's lock."""

    def __init__(self, book: Book, faults: Faults, timeline: Timeline, webhooks: Webhooks) -> None:
        self._book, self._faults, self._timeline, self._webhooks = book, faults, timeline, webhooks

    def resume(self) -> None:
        """Take up the refunds whose settling or late failure an earlier run still owed."""
        with self._book.lock:
            for refund in self._book["refund"].rows.values():
                self._plan(refund)

    def create(self, call: Call) -> Answer:
        """POST /v1/refunds: https://docs.stripe.com/api/refunds/create"""
        form = call.request.form
        check_parameters(form, REFUND_PARAMETERS)
        charge = self._charge_named(form)
        if form.get("reason") not in (None, *REASONS):
            raise refusal(400, f"Invalid reason: must be one of {', '.join(sorted(REASONS))}", param="reason")
        left = charge["amount"] - refunded(self._book, charge)
        amount = positive(form["amount"], "amount") if "amount" in form else left
        if is_disputed(self._book, charge["id"]):
            message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise refusal(400, message, code="charge_disputed")
        if left == 0:
            message = f"Charge {charge['id']} has already been refunded."
            raise refusal(400, message, code="charge_already_refunded", saved=True)
        if amount > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise refusal(400, message, param="amount", saved=True)
        refund = objects.new_refund(charge, amount, form.get("reason"), metadata(form))
        self._decide(refund, charge)
        return self._commit_refund(call, charge, refund)

    def _decide(self, refund: Row, charge: Row) -> None:
        """Write into the row how the refund begins and what will become of it, so that a restart goes on with it."""
        now, method = time.time(), charge["payment_method"]
        if method == "pm_konbini":
            refund["status"] = "requires_action"
        elif method == "pm_card_pendingRefund" or self._faults.chance("stripe", "pending"):
            refund |= {"status": "pending", "pending_reason": "processing"}
            after = self._faults.within("stripe", "settle_after")
            outcome = "failed" if self._faults.chance("stripe", "fail") else "succeeded"
            refund["plan"] = [[now + after, outcome]] if after is not None else []
        if method == "pm_card_refundFail" or self._faults.chance("stripe", "late_failure"):
            start = refund["plan"][-1][0] if refund["plan"] else now
            refund["plan"].append([start + (self._faults.within("stripe", "late_failure_after") or 0.0), "failed"])

    def _commit_refund(self, call: Call, charge: Row, refund: Row) -> Answer:
        before = refunded(self._book, charge)
        transaction = objects.transaction(refund, -refund["amount"], "refund")
        refund["balance_transaction"] = transaction["id"]
        body = objects.show_refund(refund)
        after = objects.show_charge(charge, before + refund["amount"])
        events = [
            objects.event("refund.created", body, charge["id"], None, call.identity, call.key),
            objects.event("charge.refunded", after, charge["id"], {"amount_refunded": before}, call.identity, call.key),
        ]
        puts = {"refund": [refund], "transaction": [transaction], "event": events}
        answer = Answer(200, body, events=events)
        self._book.write("refund.created", **puts, **call.stored(answer))
        self._plan(refund)
        return answer

    def retrieve(self, call: Call, id: str) -> Answer:
        return Answer(200, objects.show_refund(find(self._book, "refund", id)))

    def listed(self, call: Call) -> Answer:
        """GET /v1/refunds: newest first; by charge or payment_intent. There is no search by metadata, as at Stripe."""
        query = call.request.query
        charge = query.get("charge") or self._book.charge_of.get(query.get("payment_intent", ""), "")
        if "charge" in query or "payment_intent" in query:
            rows: Any = reversed(self._book.refunds(charge))
            if after := query.get("starting_after"):
                place = self._book["refund"].place
                rows = [row for row in rows if place[row["id"]] < place.get(after, 0)]
        else:
            rows = self._book["refund"].newest_first(query.get("starting_after"))
        return page(call, rows, objects.show_refund)

    def update(self, call: Call, id: str) -> Answer:
        """POST /v1/refunds/{id}: only metadata can be changed."""
        check_parameters(call.request.form, {"metadata", "expand"})
        refund = find(self._book, "refund", id)
        merged = {
            name: value for name, value in (refund["metadata"] | metadata(call.request.form)).items() if value != ""
        }
        return self._keep(call, "refund.metadata", refund | {"metadata": merged})

    def cancel(self, call: Call, id: str) -> Answer:
        """POST /v1/refunds/{id}/cancel: only what waits for the customer can be canceled."""
        refund = find(self._book, "refund", id)
        if refund["status"] != "requires_action":
            raise refusal(400, f"Refund {id} has a status of {refund['status']} and cannot be canceled.", saved=True)
        events = self.move(id, "canceled")
        answer = self._keep(call, "refund.canceled", find(self._book, "refund", id))
        return Answer(200, answer.body, events=events)

    def _keep(self, call: Call, what: str, refund: Row) -> Answer:
        answer = Answer(200, objects.show_refund(refund))
        self._book.write(what, refund=[refund], **call.stored(answer))
        return answer

    def _plan(self, refund: Row) -> None:
        """Put the next step of a refund's plan on the timeline."""
        if refund["plan"]:
            step = refund["plan"][0]
            self._timeline.at(step[0], lambda: self._webhooks.send(self._take(refund["id"], step)))

    def _take(self, id: str, step: list[Any]) -> list[Row]:
        """Do a planned step, unless somebody moved the refund meanwhile."""
        with self._book.lock:
            return self.move(id, step[1]) if find(self._book, "refund", id)["plan"][:1] == [step] else []

    def move(self, id: str, status: str, reason: str = "expired_or_canceled_card") -> list[Row]:
        """Give a refund another status, as the bank would; return the events to send. Raises Refused.

        pending → succeeded, failed, canceled; requires_action → the same and pending; succeeded → failed.
        """
        with self._book.lock:
            refund = find(self._book, "refund", id)
            before = refund["status"]
            if status not in objects.MOVES.get(before, ()):
                raise refusal(400, f"A refund that is {before} cannot become {status}.")
            charge = find(self._book, "charge", refund["charge"])
            rest = [step for step in refund["plan"][1:] if status == "succeeded"]
            after = refund | {"status": status, "pending_reason": None, "plan": rest}
            puts: dict[str, list[Row]] = {}
            changed = {"status": before}
            if status in ("failed", "canceled"):
                back = objects.transaction(refund, refund["amount"], "refund_failure")
                after["failure_balance_transaction"] = back["id"]
                puts["transaction"] = [back]
            if status == "failed":
                after["failure_reason"] = reason
                changed["failure_reason"] = None
            body = objects.show_refund(after)
            names = ["refund.failed"] if status == "failed" else []
            events = [
                objects.event(name, body, charge["id"], changed, None, None)
                for name in (*names, "refund.updated", "charge.refund.updated")
            ]
            self._book.write(f"refund.{status}", refund=[after], event=events, **puts)
            self._plan(after)
            return events

    def _charge_named(self, form: dict[str, Any]) -> Row:
        """The charge of a refund call, named by itself or by its intent."""
        if ("charge" in form) == ("payment_intent" in form):
            message = "One of the following params should be provided for this request: payment_intent or charge."
            raise refusal(400, message, code="parameter_missing")
        name = "charge" if "charge" in form else "payment_intent"
        id = form[name] if name == "charge" else self._book.charge_of.get(form[name], "")
        charge = self._book["charge"].get(id)
        if charge is None:
            raise refusal(404, f"No such {name}: '{form[name]}'", code="resource_missing", param=name)
        return charge
