"""PayPal's own book: what moved the balance, from its Transaction Search.

Sources: https://developer.paypal.com/docs/api/transaction-search/v1/ (windows of at most 31 days, pages of at most 500
rows, nothing younger than three hours for sure) and /docs/transaction-search/transaction-event-codes/. The app needs
PayPal's permission "Transaction Search". More than 10,000 rows are refused: then the window is halved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from refunds.gateways.base import GatewayError, Page
from refunds.gateways.paypal import PayPalGateway, read_amount
from refunds.reconciliation.records import Kind, Line, Standing

PATH = "/v1/reporting/transactions"
WINDOW, SHORTEST = timedelta(days=31), timedelta(minutes=1)
PER_PAGE = 500
TOO_LARGE = "RESULTSET_TOO_LARGE"
REFUND = "T1107"  # "Payment refund, initiated by merchant."
REVERSALS = ("T1100", "T1106")  # of a refund when they come in; going out they are PayPal's own, no refund of ours
TRANSACTION = "TXN"  # the reference is another transaction, not an order or an agreement
STANDING = {"P": Standing.OPEN, "S": Standing.PAID, "D": Standing.FAILED, "V": Standing.FAILED}


class PayPalBook:
    """Reads; never writes."""

    name = PayPalGateway.name

    def __init__(self, gateway: PayPalGateway) -> None:
        self._gateway = gateway

    def payouts(self, since: datetime, until: datetime, *, after: str = "") -> Page:
        """None: what PayPal sends to the bank (T04…) is an amount somebody chose, and names nothing it is made of."""
        return Page(())

    def transactions(self, since: datetime, until: datetime, *, payout: str = "", after: str = "") -> Page:
        if payout:
            return Page(())
        place = _Place.read(after) if after else _Place(since, min(since + WINDOW, until))
        while True:
            try:
                found = self._page(place)
            except GatewayError as problem:
                if problem.code != TOO_LARGE or place.until - place.since <= SHORTEST:
                    raise
                place = replace(place, until=place.since + (place.until - place.since) / 2)
            else:
                break
        rows = [_line(detail["transaction_info"]) for detail in found.get("transaction_details") or ()]
        more = place.page < int(found.get("total_pages") or 1)
        following = (
            replace(place, page=place.page + 1) if more else _Place(place.until, min(place.until + WINDOW, until))
        )
        # PayPal counts the last second in: what lies on the border belongs to the window that follows.
        lines = tuple(line for line in rows if line.at < place.until)
        return Page(lines, str(following) if following.since < until else "")

    def _page(self, place: "_Place") -> dict[str, Any]:
        asked = {"start_date": _written(place.since), "end_date": _written(place.until)}
        return self._gateway.get(PATH, **asked, fields="transaction_info", page_size=PER_PAGE, page=place.page)


@dataclass(frozen=True)
class _Place:
    """Where reading goes on: a window in whole seconds, and the page in it."""

    since: datetime
    until: datetime
    page: int = 1

    def __str__(self) -> str:
        return f"{self.since.isoformat()}/{self.until.isoformat()}/{self.page}"

    @classmethod
    def read(cls, text: str) -> "_Place":
        since, until, page = text.split("/")
        return cls(datetime.fromisoformat(since), datetime.fromisoformat(until), int(page))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(row: Mapping[str, Any]) -> Line:
    id, code = str(row["transaction_id"]), str(row["transaction_event_code"])
    amount, currency = read_amount(row["transaction_amount"])
    fee = read_amount(row["fee_amount"])[0] if row.get("fee_amount") else 0
    related = str(row.get("paypal_reference_id") or "") if row.get("paypal_reference_id_type") == TRANSACTION else ""
    kind = Kind.OTHER
    if code == REFUND:
        kind = Kind.REFUND
    elif code in REVERSALS and amount > 0 and related:
        kind = Kind.FAILURE
    # A refund is noted as "number,attempt"; a note of another form was inherited from the payment.
    number, _, attempt = str(row.get("custom_field") or "").partition(",")
    return Line(
        kind=kind,
        id=f"{id}-{code}",  # one transaction may have rows of several codes
        about=related if kind == Kind.FAILURE else id,
        amount=amount,
        currency=currency,
        at=datetime.fromisoformat(str(row["transaction_initiation_date"])).astimezone(UTC),
        fee=-fee,
        reference=number if kind != Kind.OTHER and attempt else "",
        payment=related if kind == Kind.REFUND else "",
        standing=STANDING.get(str(row.get("transaction_status")), "") if kind == Kind.REFUND else "",
    )
