"""Differences as the database keeps them: JSON for a run's checkpoint, decimals and references for the worklist."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from oms.money import EXPONENTS, from_minor
from refunds.reconciliation.records import Difference, Side

if TYPE_CHECKING:
    from refunds.models import CreditMemo, Refund


@dataclass
class Seen:
    """One difference, ready to be noted: amounts in major units, None where a side has none."""

    key: str
    book: str
    provider: str
    cause: str
    happened_at: datetime
    here: dict[str, Any]
    there: dict[str, Any]
    amount_here: Decimal | None
    currency_here: str
    amount_there: Decimal | None
    currency_there: str
    numbers: list[str] = field(default_factory=list)
    refund: "Refund | None" = None
    memo: "CreditMemo | None" = None


def to_json(one: Difference) -> dict[str, Any]:
    return {
        "key": one.key[:200],
        "book": one.book.value,
        "provider": one.provider,
        "cause": one.cause.value,
        "at": one.at.isoformat(),
        "here": _side(one.here),
        "there": _side(one.there),
    }


def _side(side: Side) -> dict[str, Any]:
    """What is known of a side; what is not is left out."""
    said: dict[str, Any] = {
        "ids": list(side.ids[:50]),
        "amount": side.amount,
        "currency": side.currency,
        "at": side.at.isoformat() if side.at else "",
        "standing": str(side.standing),
        "order": side.order,
        "payment": side.payment,
        "reference": side.reference,
        "payout": side.payout,
        "fee": side.fee,
        "line": side.line,
    }
    return {name: value for name, value in said.items() if value or (value == 0 and name == "amount")}


def from_json(one: dict[str, Any]) -> Seen:
    here, there = one["here"], one["there"]
    return Seen(
        key=one["key"],
        book=one["book"],
        provider=one["provider"],
        cause=one["cause"],
        happened_at=datetime.fromisoformat(one["at"]),
        here=here,
        there=there,
        amount_here=_amount(here),
        currency_here=here.get("currency", ""),
        amount_there=_amount(there),
        currency_there=there.get("currency", ""),
        numbers=[*here.get("ids", [])],
    )


def _amount(side: dict[str, Any]) -> Decimal | None:
    if "amount" not in side or side.get("currency") not in EXPONENTS:
        return None
    return from_minor(side["amount"], side["currency"])
