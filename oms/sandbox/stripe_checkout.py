"""Stripe's hosted payment page: sessions, and the page itself, which pays when it is told to.

Sources: https://docs.stripe.com/api/checkout/sessions, https://docs.stripe.com/payments/checkout. One line item with
`price_data`, mode `payment`.
"""

import html
import time
from typing import Any

from . import stripe_objects as objects
from .book import Book, Row
from .stripe_calls import Call, find, metadata, positive, refusal
from .wire import Answer, Request, new_id

PAGES = "/c/pay/"
LONGEST = 24 * 3600  # seconds; a session lives no longer
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Payment page of the sandbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px/1.5 system-ui;margin:0;background:#f6f7f9;color:#1a1f36}}main{{max-width:26rem;margin:10vh auto;
padding:2rem;background:#fff;border-radius:10px}}button{{font:inherit;width:100%;padding:.8rem;border:0;
border-radius:6px;background:#4338ca;color:#fff}}p.s{{color:#4f566b}}</style></head>
<body><main><p class="s">Sandbox: no real money moves here</p><h1>{amount} {currency}</h1><p>{what}</p>
{rest}<p><a href="{back}">Back to the shop</a></p></main></body></html>"""
FORM = '<form method="post"><button name="pay" value="pm_card_visa">Pay with a test card</button></form>'


class Checkout:
    """Sessions and their pages. Callers of the API's part hold the book's lock."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def create(self, call: Call) -> Answer:
        """POST /v1/checkout/sessions"""
        form = call.request.form
        items = form.get("line_items") or {}
        item = next(iter(items.values()), None) if isinstance(items, dict) else None
        if form.get("mode") != "payment" or not item or not form.get("success_url"):
            raise refusal(400, "Missing required param: mode, line_items or success_url.", code="parameter_missing")
        price: dict[str, Any] = item["price_data"]
        now = int(time.time())
        expires = positive(form.get("expires_at", now + LONGEST), "expires_at")
        if not now + 1700 <= expires <= now + LONGEST + 60:
            message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
            raise refusal(400, message, param="expires_at")
        identity = new_id("cs_test", 40)
        row: Row = {
            "id": identity,
            "amount": positive(price["unit_amount"], "unit_amount") * positive(item.get("quantity", 1), "quantity"),
            "currency": str(price["currency"]).lower(),
            "what": str(price["product_data"]["name"]),
            "metadata": metadata(form),
            "payment_metadata": metadata(form.get("payment_intent_data") or {}),
            "success_url": form["success_url"],
            "cancel_url": form.get("cancel_url"),
            "client_reference_id": form.get("client_reference_id"),
            "created": now,
            "expires_at": expires,
            "status": "open",
            "intent": None,
            "url": f"{call.request.base}{PAGES}{identity}",
        }
        answer = Answer(200, show(row))
        self._book.write("session.created", session=[row], **call.stored(answer))
        return answer

    def retrieve(self, call: Call, id: str) -> Answer:
        return Answer(200, show(self._aged(find(self._book, "session", id))))

    def expire(self, call: Call, id: str) -> Answer:
        """POST /v1/checkout/sessions/{id}/expire: only an open one."""
        row = self._aged(find(self._book, "session", id))
        if row["status"] != "open":
            message = f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {row["status"]}.'
            raise refusal(400, message)
        row, events = row | {"status": "expired"}, []
        events = [objects.event("checkout.session.expired", show(row), id, None, call.identity, call.key)]
        answer = Answer(200, show(row), events=events)
        self._book.write("session.expired", session=[row], event=events, **call.stored(answer))
        return answer

    def page(self, request: Request) -> Answer:
        """The hosted page: GET shows it, POST pays and sends the customer back."""
        with self._book.lock:
            known = self._book["session"].get(request.path.removeprefix(PAGES))
            if known is None:
                return Answer(404, b"<!doctype html><title>Not found</title>", content_type="text/html; charset=utf-8")
            row = self._aged(known)
            if request.method == "POST" and row["status"] == "open":
                return self._pay(row, str(request.form.get("pay") or "pm_card_visa"))
            return self._shown(row)

    def _pay(self, row: Row, method: str) -> Answer:
        intent = objects.new_intent(new_id("pi"), row["amount"], row["currency"], row["payment_metadata"])
        intent |= {"payment_method": method, "charge": new_id("ch")}
        row = row | {"status": "complete", "intent": intent["id"]}
        events = [objects.event("checkout.session.completed", show(row), row["id"], None, None, None)]
        charges = [objects.new_charge(intent)]
        self._book.write("session.completed", session=[row], intent=[intent], charge=charges, event=events)
        location = str(row["success_url"]).replace("{CHECKOUT_SESSION_ID}", row["id"])
        return Answer(303, b"", {"Location": location}, "text/html; charset=utf-8", events)

    def _shown(self, row: Row) -> Answer:
        exponent = 0 if row["currency"] == "jpy" else 2
        rest = FORM if row["status"] == "open" else f"<p>This page is {row['status']}.</p>"
        text = PAGE.format(
            amount=f"{row['amount'] / 10**exponent:.{exponent}f}",
            currency=row["currency"].upper(),
            what=html.escape(row["what"]),
            rest=rest,
            back=html.escape(row["cancel_url"] or row["success_url"], quote=True),
        )
        return Answer(200, text.encode(), content_type="text/html; charset=utf-8")

    def _aged(self, row: Row) -> Row:
        if row["status"] == "open" and row["expires_at"] <= time.time():
            return row | {"status": "expired"}
        return row


def show(row: Row) -> Row:
    """https://docs.stripe.com/api/checkout/sessions/object"""
    paid = row["status"] == "complete"
    kept = ("id", "metadata", "success_url", "cancel_url", "client_reference_id", "created", "expires_at", "status")
    return {name: row[name] for name in kept} | {
        "object": "checkout.session",
        "amount_subtotal": row["amount"],
        "amount_total": row["amount"],
        "currency": row["currency"],
        "customer": None,
        "livemode": False,
        "mode": "payment",
        "payment_intent": row["intent"],
        "payment_method_types": ["card"],
        "payment_status": "paid" if paid else "unpaid",
        "ui_mode": "hosted",
        "url": row["url"] if row["status"] == "open" else None,
    }
