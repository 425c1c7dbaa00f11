"""Stripe's own book: balance transactions and payouts.

Sources: https://docs.stripe.com/api/balance_transactions/list, https://docs.stripe.com/api/payouts/list,
https://docs.stripe.com/reports/reporting-categories. Only automatic payouts know what they are made of.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from refunds.gateways.base import Page
from refunds.gateways.stripe import STATUSES, StripeGateway, called
from refunds.reconciliation.records import Kind, Line, Standing
from refunds.states import RefundStatus

PER_PAGE = 100
KINDS = {"refund": Kind.REFUND, "partial_capture_reversal": Kind.REFUND, "refund_failure": Kind.FAILURE}
STANDING = {
    RefundStatus.PENDING: Standing.OPEN,
    RefundStatus.SETTLED: Standing.PAID,
    RefundStatus.FAILED: Standing.FAILED,
    RefundStatus.CANCELED: Standing.FAILED,
}
PAYOUT_STANDING = {"failed": Standing.FAILED, "canceled": Standing.FAILED, "paid": Standing.PAID}


class StripeBook:
    """Reads; never writes."""

    name = StripeGateway.name

    def __init__(self, gateway: StripeGateway) -> None:
        self._gateway = gateway

    def payouts(self, since: datetime, until: datetime, *, after: str = "") -> Page:
        asked = _asked(after) | {"created": _between(since, until)}
        page = called(lambda: self._gateway.client.v1.payouts.list(asked))  # type: ignore[arg-type]
        return _page([_payout(one.to_dict()) for one in page.data], page)

    def transactions(self, since: datetime, until: datetime, *, payout: str = "", after: str = "") -> Page:
        asked = _asked(after) | {"expand": ["data.source"]}
        asked |= {"payout": payout} if payout else {"created": _between(since, until)}
        page = called(lambda: self._gateway.client.v1.balance_transactions.list(asked))  # type: ignore[arg-type]
        rows = [one.to_dict() for one in page.data]
        # The payout's own row takes the sum out of the balance again: it is no part of it.
        return _page([_transaction(row, payout) for row in rows if row["type"] != "payout"], page)


def _asked(after: str) -> dict[str, Any]:
    return {"limit": PER_PAGE} | ({"starting_after": after} if after else {})


def _between(since: datetime, until: datetime) -> dict[str, int]:
    return {"gte": int(since.timestamp()), "lt": int(until.timestamp())}


def _page(lines: list[Line], page: Any) -> Page:
    return Page(tuple(lines), page.data[-1].id if page.has_more and page.data else "")


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _payout(row: Mapping[str, Any]) -> Line:
    standing = PAYOUT_STANDING.get(str(row["status"]), Standing.OPEN)
    return Line(
        Kind.PAYOUT, row["id"], row["id"], row["amount"], row["currency"].upper(), _time(row["created"]),
        standing=standing,
    )  # fmt: skip


def _transaction(row: Mapping[str, Any], payout: str) -> Line:
    source = row.get("source")
    about = source if isinstance(source, Mapping) else {"id": source or row["id"]}
    noted = about.get("metadata") or {}
    kind = KINDS.get(str(row.get("reporting_category") or row["type"]), Kind.OTHER)
    status = STATUSES.get(str(about.get("status"))) if kind == Kind.REFUND else None
    return Line(
        kind=kind,
        id=row["id"],
        about=str(about["id"]),
        amount=row["amount"],
        currency=row["currency"].upper(),
        at=_time(row["created"]),
        fee=row["fee"],
        reference=str(noted.get("refund", "")) if kind != Kind.OTHER else "",
        order=str(noted.get("order", "")) if kind != Kind.OTHER else "",
        payment=str(about.get("payment_intent") or about.get("charge") or "") if kind != Kind.OTHER else "",
        payout=payout,
        standing=STANDING[status] if status else "",
        available_at=_time(row["available_on"]),
    )
