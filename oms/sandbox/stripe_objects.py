"""The shapes of Stripe's objects: rows of the book in, JSON as the API and the webhooks show it out."""

import json
import time
from typing import Any

from .book import Row
from .wire import new_id

VERSION = "2026-01-28.clover"
DESCRIPTIONS = {"refund": "REFUND FOR CHARGE", "refund_failure": "REFUND FAILURE", "charge": "Charge"}
MOVES = {
    "requires_action": ("pending", "succeeded", "failed", "canceled"),
    "pending": ("succeeded", "failed", "canceled"),
    "succeeded": ("failed",),
}


def error(type: str, message: str, code: str | None = None, param: str | None = None) -> Row:
    """The envelope of https://docs.stripe.com/api/errors; absent fields are left out, as the API does."""
    fields = {"code": code, "message": message, "param": param, "type": type}
    return {"error": {name: value for name, value in fields.items() if value is not None}}


def new_intent(id: str, amount: int, currency: str, metadata: dict[str, str]) -> Row:
    return {
        "id": id,
        "amount": amount,
        "currency": currency,
        "created": int(time.time()),
        "metadata": metadata,
        "payment_method": None,
        "charge": None,
    }


def new_charge(intent: Row) -> Row:
    kept = ("amount", "currency", "created", "metadata", "payment_method")
    return {"id": intent["charge"], "payment_intent": intent["id"]} | {name: intent[name] for name in kept}


def new_refund(charge: Row, amount: int, reason: str | None, metadata: dict[str, str]) -> Row:
    return {
        "id": new_id("re"),
        "amount": amount,
        "charge": charge["id"],
        "created": int(time.time()),
        "currency": charge["currency"],
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "succeeded",
        "pending_reason": None,
        "failure_reason": None,
        "failure_balance_transaction": None,
        "balance_transaction": None,
        "plan": [],
    }


def transaction(refund: Row, amount: int, type: str) -> Row:
    return {
        "id": new_id("txn"),
        "amount": amount,
        "created": int(time.time()),
        "currency": refund["currency"],
        "source": refund["id"],
        "type": type,
    }


def event(
    type: str,
    object: Row,
    subject: str,
    changed: Row | None,
    request: str | None,
    key: str | None,
) -> Row:
    """A row of the book whose `body` is the text that is signed and sent; `subject` keeps the order of its lane."""
    id, created = new_id("evt"), int(time.time())
    data = {"object": object} | ({"previous_attributes": changed} if changed else {})
    body = {
        "id": id,
        "object": "event",
        "api_version": VERSION,
        "created": created,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": request, "idempotency_key": key},
        "type": type,
    }
    text = json.dumps(body, separators=(",", ":"))
    return {"id": id, "vendor": "stripe", "subject": subject, "type": type, "created": created, "body": text}


def show_event(row: Row) -> Row:
    shown: Row = json.loads(row["body"])
    return shown


def show_refund(row: Row) -> Row:
    shown = {name: value for name, value in row.items() if name != "plan" and value is not None}
    always: dict[str, Any] = {
        "object": "refund",
        "balance_transaction": row["balance_transaction"],
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "reason": row["reason"],
        "receipt_number": None,
        "source_transfer_reversal": None,
        "transfer_reversal": None,
    }
    return shown | always


def show_charge(row: Row, refunded: int) -> Row:
    return {
        "id": row["id"],
        "object": "charge",
        "amount": row["amount"],
        "amount_captured": row["amount"],
        "amount_refunded": refunded,
        "balance_transaction": "txn_" + row["id"].partition("_")[2],
        "captured": True,
        "created": row["created"],
        "currency": row["currency"],
        "customer": None,
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": row["metadata"],
        "paid": True,
        "payment_intent": row["payment_intent"],
        "payment_method": row["payment_method"],
        "refunded": refunded == row["amount"],
        "status": "succeeded",
    }


def show_intent(row: Row) -> Row:
    done = row["charge"] is not None
    waiting = "requires_confirmation" if row["payment_method"] else "requires_payment_method"
    return {
        "id": row["id"],
        "object": "payment_intent",
        "amount": row["amount"],
        "amount_capturable": 0,
        "amount_received": row["amount"] if done else 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{row['id']}_secret_sandbox",
        "confirmation_method": "automatic",
        "created": row["created"],
        "currency": row["currency"],
        "customer": None,
        "last_payment_error": None,
        "latest_charge": row["charge"],
        "livemode": False,
        "metadata": row["metadata"],
        "next_action": None,
        "payment_method": row["payment_method"],
        "payment_method_types": ["card"],
        "status": "succeeded" if done else waiting,
    }


def show_transaction(row: Row) -> Row:
    return row | {
        "object": "balance_transaction",
        "available_on": row["created"],
        "balance_type": "payments",
        "description": DESCRIPTIONS.get(row["type"], ""),
        "exchange_rate": None,
        "fee": row.get("fee", 0),
        "fee_details": [],
        "net": row["amount"] - row.get("fee", 0),
        "reporting_category": row["type"],
        "status": "available",
    }
