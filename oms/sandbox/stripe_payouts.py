"""Stripe's balance: its transactions, and the payouts made of them every day.

Sources: https://docs.stripe.com/api/balance_transactions, https://docs.stripe.com/api/payouts. A payout is made at
midnight UTC of all that moved the balance on the day before, in one currency; it is computed from the book, so it needs
no clock of its own. `POST /_sandbox/payouts/<id>` lets one differ from its sum, as banks sometimes do.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from . import stripe_objects as objects
from .book import Book, Row
from .stripe_calls import Call, page, refusal
from .wire import Answer

DAY = 86_400


class Payouts:
    """Balance transactions and payouts. Callers hold the book's lock."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def list_transactions(self, call: Call) -> Answer:
        """GET /v1/balance_transactions: newest first, by `type`, `source`, `payout` or `created`."""
        query = call.request.query
        rows: Iterable[Row] = self._transactions()
        if payout := query.get("payout"):
            rows = (row for row in rows if _payout_of(row) == payout and _is_over(row))
        for name in ("type", "source"):
            if wanted := query.get(name):
                rows = [row for row in rows if row[name] == wanted]
        rows = _behind(_newest_first(_created(rows, query)), query.get("starting_after"))
        return page(call, rows, self._shown(_expanded(query)))

    def list_payouts(self, call: Call) -> Answer:
        """GET /v1/payouts: newest first, by `created`."""
        query = call.request.query
        return page(
            call, _behind(_newest_first(_created(self._payouts(), query)), query.get("starting_after")), lambda row: row
        )

    def retrieve_payout(self, call: Call, id: str) -> Answer:
        found = next((row for row in self._payouts() if row["id"] == id), None)
        if found is None:
            raise refusal(404, f"No such payout: '{id}'", code="resource_missing", param="payout")
        return Answer(200, found)

    def change(self, id: str, form: Row) -> Answer:
        """Let a payout's amount or status be another than its transactions make it."""
        with self._book.lock:
            if id not in {row["id"] for row in self._payouts()}:
                raise refusal(404, f"No such payout: '{id}'", code="resource_missing", param="payout")
            kept = {name: form[name] for name in ("amount", "status") if name in form}
            self._book.write("payout.changed", payout=[{"id": id} | kept])
            return Answer(200, next(row for row in self._payouts() if row["id"] == id))

    def seed(self, refunds: list[Row]) -> dict[str, int]:
        """Enter refunds of earlier days: {id, payment_intent, amount, created, status?, metadata?, fee?, failed_at?}.

        Repeat-safe. `amount` and `currency` may be others than the shop thinks. Raises Refused for an unknown payment.
        """
        with self._book.lock:
            rows, transactions = [], []
            for given in refunds:
                if self._book["refund"].get(given["id"]):
                    continue
                charge = self._book["charge"].get(self._book.charge_of.get(given["payment_intent"], ""))
                if charge is None:
                    raise refusal(404, f"No such payment_intent: '{given['payment_intent']}'", code="resource_missing")
                row = objects.new_refund(charge, int(given["amount"]), None, dict(given.get("metadata") or {}))
                row |= {"id": given["id"], "created": int(given["created"]), "status": given.get("status", "succeeded")}
                row["currency"] = given.get("currency", row["currency"])
                made = self._transaction(row, -row["amount"], "refund", int(given["created"]), int(given.get("fee", 0)))
                row["balance_transaction"] = made["id"]
                transactions.append(made)
                if row["status"] == "failed":
                    at = int(given.get("failed_at", given["created"]))
                    back = self._transaction(row, row["amount"], "refund_failure", at, 0)
                    row |= {"failure_reason": "expired_or_canceled_card", "failure_balance_transaction": back["id"]}
                    transactions.append(back)
                rows.append(row)
            if rows:
                self._book.write("refunds.seeded", refund=rows, transaction=transactions)
            return {"added": len(rows), "known": len(refunds) - len(rows)}

    @staticmethod
    def _transaction(refund: Row, amount: int, type: str, created: int, fee: int) -> Row:
        return objects.transaction(refund, amount, type) | {"created": created, "fee": fee}

    def _transactions(self) -> Iterator[Row]:
        """Rows of the book, and one per charge, which the book does not keep apart."""
        yield from self._book["transaction"].rows.values()
        for charge in self._book["charge"].rows.values():
            yield {
                "id": "txn_" + charge["id"].partition("_")[2],
                "amount": charge["amount"],
                "created": charge["created"],
                "currency": charge["currency"],
                "source": charge["id"],
                "type": "charge",
            }

    def _payouts(self) -> list[Row]:
        sums: dict[str, Row] = {}
        for row in self._transactions():
            if _is_over(row):
                id = _payout_of(row)
                payout = sums.setdefault(id, _payout(id, row))
                payout["amount"] += row["amount"] - row.get("fee", 0)
        for id, changed in self._book["payout"].rows.items():
            if id in sums:
                sums[id] |= {name: value for name, value in changed.items() if name != "id"}
        return list(sums.values())

    def _shown(self, expand: bool) -> Any:
        def show(row: Row) -> Row:
            shown = objects.show_transaction(row)
            refund = self._book["refund"].get(row["source"]) if expand else None
            return shown | ({"source": objects.show_refund(refund)} if refund else {})

        return show


def _is_over(row: Row) -> bool:
    return int(row["created"]) // DAY < int(time.time()) // DAY


def _payout_of(row: Row) -> str:
    return f"po_{time.strftime('%Y%m%d', time.gmtime(row['created']))}{row['currency']}"


def _payout(id: str, row: Row) -> Row:
    made = (int(row["created"]) // DAY + 1) * DAY
    return {
        "id": id,
        "object": "payout",
        "amount": 0,
        "arrival_date": made + DAY,
        "automatic": True,
        "balance_transaction": "txn_" + id,
        "created": made,
        "currency": row["currency"],
        "description": "STRIPE PAYOUT",
        "destination": "ba_sandbox",
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "completed",
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid" if made + DAY <= time.time() else "in_transit",
        "type": "bank_account",
    }


def _created(rows: Iterable[Row], query: Row) -> Iterable[Row]:
    asked = query.get("created") or {}
    asked = asked if isinstance(asked, dict) else {"gte": asked, "lte": asked}
    limits = {name: int(value) for name, value in asked.items()}
    for row in rows:
        at = row["created"]
        late = at > limits.get("lte", at) or at >= limits.get("lt", at + 1)
        early = at < limits.get("gte", at) or at <= limits.get("gt", at - 1)
        if not (late or early):
            yield row


def _newest_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["created"], row["id"]), reverse=True)


def _behind(rows: list[Row], after: str | None) -> list[Row]:
    """What follows the row `after` in the list."""
    if not after:
        return rows
    place = next((at for at, row in enumerate(rows) if row["id"] == after), None)
    if place is None:
        raise refusal(400, f"No such object: '{after}'", code="resource_missing", param="starting_after")
    return rows[place + 1 :]


def _expanded(query: Row) -> bool:
    given = query.get("expand") or []
    return "data.source" in (given.values() if isinstance(given, dict) else given)
