"""PayPal's Transaction Search: captures, refunds and refunds that came back, as rows of one balance.

Sources: https://developer.paypal.com/docs/api/transaction-search/v1/ and
/docs/transaction-search/transaction-event-codes/.
Computed from the book, so that it needs no clock of its own. Rows are there at once, not after three hours.
"""

import datetime
import time
from collections.abc import Iterator

from . import paypal_objects as objects
from .book import Book, Row
from .paypal_objects import refusal

LONGEST_DAYS = 31
MOST_ROWS = 10_000
LARGEST_PAGE, USUAL_PAGE = 500, 100
STATUS = {"COMPLETED": "S", "PENDING": "P", "FAILED": "D", "CANCELLED": "D"}


class Transactions:
    """What moved the balance. Callers hold the book's lock."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def search(self, query: Row) -> Row:
        """GET /v1/reporting/transactions: the oldest first, by when they began, both ends in. Raises Refused."""
        since, until = _time(query.get("start_date")), _time(query.get("end_date"))
        if until < since:
            raise refusal(400, "INVALID_DATE_RANGE", "The end date is before the start date.")
        if until - since > LONGEST_DAYS * 86_400:
            raise refusal(400, "INVALID_DATE_RANGE", "Date range is greater than 31 days")
        size, page = _number(query, "page_size", USUAL_PAGE, LARGEST_PAGE), _number(query, "page", 1, MOST_ROWS)
        rows = sorted((row for row in self._rows() if since <= int(row["at"]) <= until), key=lambda row: row["at"])
        if len(rows) > MOST_ROWS:
            raise refusal(400, "RESULTSET_TOO_LARGE", "Result set size is greater than the maximum limit.")
        return {
            "transaction_details": [{"transaction_info": _shown(row)} for row in rows[(page - 1) * size : page * size]],
            "account_number": "SANDBOX",
            "start_date": _stamp(since),
            "end_date": _stamp(until),
            "last_refreshed_datetime": _stamp(time.time()),
            "page": page,
            "total_items": len(rows),
            "total_pages": max(1, -(-len(rows) // size)),
            "links": [],
        }

    def seed(self, refunds: list[Row]) -> dict[str, int]:
        """Enter refunds of earlier days: {id, capture, amount, created, status?, custom_id?, fee?, came_back?} each.

        Repeat-safe. `amount` and `currency` may be others than the shop thinks; `came_back` is when a completed one
        failed after all. Raises Refused for an unknown capture.
        """
        rows: list[Row] = []
        for given in refunds:
            if self._book["paypal_refund"].get(given["id"]):
                continue
            capture = self._book["capture"].get(given["capture"])
            if capture is None:
                raise refusal(404, "INVALID_RESOURCE_ID")
            row: Row = dict.fromkeys(("custom_id", "invoice_id", "note_to_payer", "reason"), "")
            row |= {"status": "COMPLETED", "currency": capture["currency"], "fee": 0, "total": given["amount"]}
            rows.append(row | given | {"updated": given["created"], "plan": []})
        if rows:
            self._book.write("paypal.history", paypal_refund=rows)
        return {"added": len(rows), "known": len(refunds) - len(rows)}

    def _rows(self) -> Iterator[Row]:
        for capture in self._book["capture"].rows.values():
            about = {"id": capture["id"], "related": capture["order"], "type": "ODR", "custom": ""}
            yield about | _moved(capture, "T0006", capture["amount"]) | {"at": capture["created"], "status": "S"}
        for refund in self._book["paypal_refund"].rows.values():
            came_back = refund.get("came_back")
            about = {"id": refund["id"], "related": refund["capture"], "type": "TXN", "custom": refund["custom_id"]}
            status = "V" if came_back else STATUS[refund["status"]]
            if status != "D":  # what was denied never moved the balance
                yield about | _moved(refund, "T1107", -refund["amount"]) | {"at": refund["created"], "status": status}
            if came_back:
                about |= {"id": f"R{refund['id'][1:]}", "related": refund["id"]}
                back = refund | {"fee": 0}
                yield about | _moved(back, "T1106", refund["amount"]) | {"at": came_back, "status": "S"}


def _moved(row: Row, code: str, amount: int) -> Row:
    return {"code": code, "amount": amount, "currency": row["currency"], "fee": row.get("fee", 0)}


def _shown(row: Row) -> Row:
    shown: Row = {
        "transaction_id": row["id"],
        "paypal_reference_id": row["related"],
        "paypal_reference_id_type": row["type"],
        "transaction_event_code": row["code"],
        "transaction_initiation_date": _stamp(row["at"]),
        "transaction_updated_date": _stamp(row["at"]),
        "transaction_amount": objects.money(row["amount"], row["currency"]),
        "transaction_status": row["status"],
    }
    shown |= {"fee_amount": objects.money(-row["fee"], row["currency"])} if row["fee"] else {}
    return shown | ({"custom_field": row["custom"]} if row["custom"] else {})


def _stamp(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _time(given: object) -> float:
    if not given:
        raise refusal(400, "MISSING_REQUIRED_PARAMETER")
    try:
        found = datetime.datetime.fromisoformat(str(given))
    except ValueError:
        raise refusal(400, "INVALID_PARAMETER_SYNTAX") from None
    if found.tzinfo is None:
        raise refusal(400, "INVALID_PARAMETER_SYNTAX")
    return found.timestamp()


def _number(query: Row, name: str, usual: int, most: int) -> int:
    given = str(query.get(name, usual))
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise refusal(400, "INVALID_PARAMETER_VALUE")
    return int(given)
