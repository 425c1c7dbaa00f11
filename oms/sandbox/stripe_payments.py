"""Stripe's payments: https://docs.stripe.com/api/payment_intents, /api/charges, /api/events."""

from . import stripe_objects as objects
from .book import Book, Row
from .stripe_calls import Call, find, metadata, page, positive, refunded, refusal
from .wire import Answer, new_id


class Payments:
    """Intents and their charges, events, balance transactions. Callers hold the book's lock."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def create_intent(self, call: Call) -> Answer:
        """POST /v1/payment_intents: with confirm=true and any test card the money is captured at once."""
        form = call.request.form
        for name in ("amount", "currency"):
            if not form.get(name):
                raise refusal(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
        amount = positive(form["amount"], "amount")
        intent = objects.new_intent(new_id("pi"), amount, str(form["currency"]).lower(), metadata(form))
        return self._confirm(call, intent, form.get("confirm") == "true")

    def confirm_intent(self, call: Call, id: str) -> Answer:
        return self._confirm(call, find(self._book, "intent", id), True)

    def _confirm(self, call: Call, intent: Row, confirm: bool) -> Answer:
        method = call.request.form.get("payment_method") or intent["payment_method"]
        if confirm and not method:
            raise refusal(400, "You cannot confirm this PaymentIntent because it is missing a payment method.")
        if confirm and "declined" in method.lower():
            raise refusal(402, "Your card was declined.", type="card_error", code="card_declined", saved=True)
        if intent["charge"]:
            message = "You cannot confirm this PaymentIntent because it has already succeeded."
            raise refusal(400, message, code="payment_intent_unexpected_state")
        intent = intent | {"payment_method": method}
        puts: dict[str, list[Row]] = {"intent": [intent]}
        if confirm:
            intent["charge"] = new_id("ch")
            puts["charge"] = [objects.new_charge(intent)]
        answer = Answer(200, objects.show_intent(intent))
        self._book.write("intent.confirmed" if confirm else "intent.created", **puts, **call.stored(answer))
        return answer

    def seed(self, payments: list[Row]) -> dict[str, int]:
        """Enter captured payments of an imported history: {payment_intent, charge, amount, currency, created?} each.

        Repeat-safe. Raises Refused (409) for a known intent of another amount or currency, entering nothing.
        """
        with self._book.lock:
            intents, charges = [], []
            for payment in payments:
                amount = positive(payment.get("amount"), "amount")
                currency = str(payment["currency"]).lower()
                intent = objects.new_intent(str(payment["payment_intent"]), amount, currency, {})
                intent["created"] = int(payment.get("created", intent["created"]))
                intent |= {"payment_method": payment.get("payment_method", "pm_card_visa"), "charge": payment["charge"]}
                known = self._book["intent"].get(intent["id"])
                if known is None:
                    intents.append(intent)
                    charges.append(objects.new_charge(intent))
                elif (known["amount"], known["currency"], known["charge"]) != (amount, currency, intent["charge"]):
                    raise refusal(409, f"{intent['id']} is in the book with another amount, currency or charge.")
            if intents:
                self._book.write("payments.seeded", intent=intents, charge=charges)
            return {"added": len(intents), "known": len(payments) - len(intents)}

    def retrieve_intent(self, call: Call, id: str) -> Answer:
        return Answer(200, objects.show_intent(find(self._book, "intent", id)))

    def retrieve_charge(self, call: Call, id: str) -> Answer:
        charge = find(self._book, "charge", id)
        return Answer(200, objects.show_charge(charge, refunded(self._book, charge)))

    def list_events(self, call: Call) -> Answer:
        """GET /v1/events: newest first, by `type` or `types[]`."""
        wanted = set(call.request.query.get("types") or filter(None, [call.request.query.get("type")]))
        rows = self._book["event"].newest_first(call.request.query.get("starting_after"))
        chosen = (row for row in rows if row["vendor"] == "stripe" and (not wanted or row["type"] in wanted))
        return page(call, chosen, objects.show_event)

    def retrieve_event(self, call: Call, id: str) -> Answer:
        return Answer(200, objects.show_event(find(self._book, "event", id)))
