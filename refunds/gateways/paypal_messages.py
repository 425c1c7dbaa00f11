"""What a message of PayPal tells us. https://developer.paypal.com/api/rest/webhooks/event-names/"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from oms.money import MoneyError, to_minor
from refunds.gateways.paypal import read_refund
from refunds.states import DisputeStatus

from .base import AskAgain, DisputeNews, GatewayError, News, ProviderFee

REFUND_KINDS = ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED")
CAPTURE_KINDS = ("PAYMENT.CAPTURE.REVERSED",)
DISPUTE_KINDS = ("CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED")
# https://developer.paypal.com/docs/api/customer-disputes/v1/: outcomes after which the money is still ours. After any
# other, and one we do not know, the customer may have it.
OURS = ("RESOLVED_SELLER_FAVOUR", "RESOLVED_SELLER_FAVOR", "CANCELED_BY_BUYER", "DENIED")


def read(kind: str, event: Mapping[str, Any]) -> Iterator[News]:
    """Other kinds tell nothing. Raises GatewayError for what cannot be read."""
    about = event.get("resource") or {}
    if kind in REFUND_KINDS:
        yield read_refund(about)
    elif kind in CAPTURE_KINDS:
        yield AskAgain(tuple(str(id) for id in (about.get("id"),) if id))
    elif kind in DISPUTE_KINDS:
        yield _dispute(about)


def _dispute(dispute: Mapping[str, Any]) -> DisputeNews:
    sold = dispute.get("disputed_transactions") or ()
    captures = tuple(str(one["seller_transaction_id"]) for one in sold if one.get("seller_transaction_id"))
    if not dispute.get("dispute_id") or not captures:
        raise GatewayError("PayPal named no disputed payment.", code="unusable_dispute")
    status, outcome = DisputeStatus.OPEN, dispute.get("dispute_outcome") or {}
    about = outcome.get("amount_refunded") or dispute.get("dispute_amount") or {}
    if dispute.get("status") == "RESOLVED":
        code = str(outcome.get("outcome_code"))
        status = DisputeStatus.WON if code in OURS else DisputeStatus.LOST
    amount, currency = _amount(about)
    id, reason = str(dispute["dispute_id"]), str(dispute.get("reason") or "")
    return DisputeNews(id, captures, status, reason, amount, currency, tuple(_fees(id, dispute)))


def _fees(id: str, dispute: Mapping[str, Any]) -> Iterator[ProviderFee]:
    """https://developer.paypal.com/api/customer-disputes/v1/definitions/fund_movement_list, and what it replaces.

    PayPal gives a movement no name of its own; its moment and direction tell it from others of the dispute.
    """
    moved = dispute.get("fund_movements") or dispute.get("money_movements") or ()
    for one in moved:
        if (one.get("party") or one.get("affected_party")) != "SELLER" or "FEE" not in str(one.get("reason")):
            continue
        amount, currency = _amount(one.get("amount") or {})
        moment, kind = one.get("effective_time") or one.get("initiated_time") or "", one.get("type")
        yield ProviderFee(f"{id}/{kind}/{moment}"[:80], -amount if kind == "CREDIT" else amount, currency)


def _amount(about: Mapping[str, Any]) -> tuple[int, str]:
    """In the smallest unit; (0, "") when nothing is said."""
    if not about:
        return 0, ""
    try:
        currency = str(about["currency_code"])
        return to_minor(Decimal(str(about["value"])), currency), currency
    except (KeyError, InvalidOperation, MoneyError) as problem:
        raise GatewayError("PayPal gave a dispute an amount that cannot be read.", code="unusable_dispute") from problem
