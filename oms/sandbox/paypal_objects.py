"""The shapes of PayPal's objects: rows of the book in, JSON as the API and the webhooks show it out.

Sources: https://developer.paypal.com/docs/api/payments/v2/, /docs/api/webhooks/v1/, /docs/disputes/webhooks/.
"""

import json
import re
import secrets
import time
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .book import Row
from .wire import Answer, Refused

ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
NAMES = {
    400: ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
    401: ("AUTHENTICATION_FAILURE", "Authentication failed due to missing authorization header."),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    409: ("RESOURCE_CONFLICT", "The server has detected a conflict while processing this request."),
    422: ("UNPROCESSABLE_ENTITY", "The requested action could not be performed."),
    429: ("RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."),
    500: ("INTERNAL_SERVER_ERROR", "An internal server error has occurred."),
    503: ("SERVICE_UNAVAILABLE", "Service Unavailable."),
}
# Currencies PayPal takes without decimals, whatever the standard says, and those of thousandths.
DECIMALS = {"JPY": 0, "HUF": 0, "TWD": 0, "TND": 3}
KIND = {"COMPLETED": "PAYMENT.CAPTURE.REFUNDED", "PENDING": "PAYMENT.REFUND.PENDING", "FAILED": "PAYMENT.REFUND.FAILED"}
MOVES = {"PENDING": ("COMPLETED", "FAILED", "CANCELLED"), "COMPLETED": ("FAILED",)}


def new_id() -> str:
    """Seventeen capitals and digits, as PayPal's captures and refunds have them."""
    return "".join(secrets.choice(ALPHABET) for _ in range(17))


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def error(status: int, issue: str = "", description: str = "") -> Row:
    name, message = NAMES[status]
    body: Row = {"name": name, "message": message, "debug_id": secrets.token_hex(7)}
    return body | ({"details": [{"issue": issue, "description": description or issue}]} if issue else {})


def refusal(status: int, issue: str = "", description: str = "", *, saved: bool = False) -> Refused:
    """`saved`: the call had begun to execute, so its request id answers the same again."""
    return Refused(Answer(status, error(status, issue, description), {"_saved": "1"} if saved else {}))


def money(minor: int, currency: str) -> Row:
    return {"currency_code": currency, "value": f"{Decimal(minor).scaleb(-DECIMALS.get(currency, 2)):f}"}


def minor(amount: Any, currency: str) -> int:
    """A `money` of a call in the smallest unit. Raises Refused with PayPal's issue."""
    if not isinstance(amount, dict) or not {"value", "currency_code"} <= set(amount):
        raise refusal(400, "MISSING_REQUIRED_PARAMETER")
    value = str(amount["value"])
    if not re.fullmatch(r"-?[0-9]+|-?[0-9]*[.][0-9]+", value) or len(value) > 32:
        raise refusal(400, "INVALID_PARAMETER_SYNTAX")
    if not re.fullmatch("[A-Z]{3}", str(amount["currency_code"])):
        raise refusal(422, "INVALID_CURRENCY_CODE")
    if amount["currency_code"] != currency:
        raise refusal(422, "REFUND_CAPTURE_CURRENCY_MISMATCH", "Refund must be in the same currency as the capture")
    decimals = DECIMALS.get(currency, 2)
    given = len(value.partition(".")[2])
    if given > decimals:
        raise refusal(422, "DECIMAL_PRECISION" if decimals else "DECIMALS_NOT_SUPPORTED")
    try:
        found = int(Decimal(value).scaleb(decimals))
    except InvalidOperation:
        raise refusal(400, "INVALID_PARAMETER_SYNTAX") from None
    if found <= 0:
        raise refusal(422, "CANNOT_BE_ZERO_OR_NEGATIVE")
    return found


def show_refund(row: Row, base: str = "https://api-m.paypal.com") -> Row:
    shown: Row = {
        "id": row["id"],
        "status": row["status"],
        "amount": money(row["amount"], row["currency"]),
        "seller_payable_breakdown": {
            "gross_amount": money(row["amount"], row["currency"]),
            "paypal_fee": money(0, row["currency"]),
            "net_amount": money(row["amount"], row["currency"]),
            "total_refunded_amount": money(row["total"], row["currency"]),
        },
        "create_time": stamp(row["created"]),
        "update_time": stamp(row["updated"]),
        "links": [
            {"href": f"{base}/v2/payments/refunds/{row['id']}", "rel": "self", "method": "GET"},
            {"href": f"{base}/v2/payments/captures/{row['capture']}", "rel": "up", "method": "GET"},
        ],
    }
    shown |= {name: row[name] for name in ("custom_id", "invoice_id", "note_to_payer") if row[name]}
    return shown | ({"status_details": {"reason": row["reason"]}} if row["reason"] else {})


def show_capture(row: Row, refunded: int) -> Row:
    status = "REFUNDED" if refunded == row["amount"] else "PARTIALLY_REFUNDED" if refunded else "COMPLETED"
    return {
        "id": row["id"],
        "status": status,
        "amount": money(row["amount"], row["currency"]),
        "final_capture": True,
        "supplementary_data": {"related_ids": {"order_id": row["order"]}},
        "create_time": stamp(row["created"]),
        "update_time": stamp(row["created"]),
        "links": [
            {"href": f"https://api-m.paypal.com/v2/checkout/orders/{row['order']}", "rel": "up", "method": "GET"}
        ],
    }


def show_order(capture: Row, refunds: list[Row], refunded: int) -> Row:
    payments = {"captures": [show_capture(capture, refunded)], "refunds": [show_refund(row) for row in refunds]}
    unit = {"reference_id": "default", "amount": money(capture["amount"], capture["currency"]), "payments": payments}
    return {"id": capture["order"], "intent": "CAPTURE", "status": "COMPLETED", "purchase_units": [unit]}


def show_dispute(row: Row, capture: Row) -> Row:
    outcome = {"dispute_outcome": {"outcome_code": row["outcome"]}} if row["outcome"] else {}
    return outcome | {
        "dispute_id": row["id"],
        "status": row["status"],
        "reason": row["reason"],
        "dispute_amount": money(capture["amount"], capture["currency"]),
        "disputed_transactions": [{"seller_transaction_id": capture["id"]}],
        "create_time": stamp(row["created"]),
        "update_time": stamp(time.time()),
    }


def event(kind: str, resource_type: str, resource: Row, subject: str) -> Row:
    """A row of the book whose `body` is the text that is signed and sent."""
    id, created = f"WH-{new_id()}-{new_id()}", int(time.time())
    body = {
        "id": id,
        "event_version": "1.0",
        "create_time": stamp(created),
        "resource_type": resource_type,
        "resource_version": "2.0",
        "event_type": kind,
        "summary": kind,
        "resource": resource,
        "links": [],
    }
    text = json.dumps(body, separators=(",", ":"))
    return {"id": id, "vendor": "paypal", "subject": subject, "type": kind, "created": created, "body": text}
