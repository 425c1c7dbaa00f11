"""The accounting's file of K8: credit notes as Xero imports them, as CSV, with errors put in."""

import csv
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.proofs.k8_rows import Errors, Row, later, smallest, text

ZONE = ZoneInfo("Europe/London")
NOTES = (
    "*ContactName", "EmailAddress", "*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate", "*Description",
    "*Quantity", "*UnitAmount", "Discount", "*AccountCode", "*TaxType", "Currency",
)  # fmt: skip


class Notes:
    """Writes the credit notes; each error is noted in `errors`."""

    def __init__(self, errors: Errors) -> None:
        self.errors, self.now, self.random = errors, errors.now, errors.random
        self.take, self.number, self.note = errors.take, errors.number, errors.note

    def write(self, path: Path) -> int:
        """Write the accounting's credit notes; returns how many rows it has."""
        documents: dict[str, tuple[str, Row]] = {row.document: (row.order, row) for row in self.errors.rows}
        for row in self.errors.rows:
            if self.now - row.at < timedelta(days=1):  # the bookkeeper has not come to those yet
                del documents[row.document]
                self.note("accounting", "in_transit", [row.memo, row.document], [])
        for _time in range(self.errors.each):
            row = self.take()
            del documents[row.document]
            self.note("accounting", "missing_there", [row.memo, row.document], [])

            row = self.take()
            documents[row.document] = row.order, replace(row, amount=row.amount + smallest(row.currency) * 2)
            self.note("accounting", "amount", [row.memo, row.document], [row.document])

            row = self.take()
            code, amount = ("EUR", "9.00") if row.currency == "KWD" else ("KWD", "1.500")
            documents[row.document] = row.order, replace(row, currency=code, amount=Decimal(amount))
            self.note("accounting", "currency", [row.memo, row.document], [row.document])

            row, second = self.take(), self.number("CN-B")
            documents[second] = row.order, row
            self.note("accounting", "duplicate", [row.memo, row.document], [second])

            row, other = self.take(), self.take()
            documents[row.document] = other.order, row
            self.note("accounting", "wrong_order", [row.memo, row.document], [row.document])

            row = self.take()
            documents[row.document] = row.order, later(row, 5)
            self.note("accounting", "date", [row.memo, row.document], [row.document])

            row, names = self.take(), [self.number("CN-P"), self.number("CN-P")]
            del documents[row.document]
            first = smallest(row.currency)
            documents[names[0]] = row.order, replace(row, amount=first)
            documents[names[1]] = row.order, replace(row, amount=row.amount - first)
            self.note("accounting", "split", [row.memo, row.document], names)

            (one, two), name = self.errors.pairs.pop(), self.number("BATCH-")
            for row in (one, two):
                del documents[row.document]
            both = f"{one.document} {two.document}" if self.random.random() < 0.5 else one.order
            documents[name] = both, replace(one, amount=one.amount + two.amount)
            self.note("accounting", "combined", [one.memo, one.document, two.memo, two.document], [name])

            row, name = self.take(), self.number("CN-X")
            documents[name] = "R-NOBODY", row
            self.note("accounting", "missing_here", [], [name])
        return self._put(path, documents)

    def _put(self, path: Path, documents: dict[str, tuple[str, Row]]) -> int:
        count = 0
        with path.open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(NOTES)
            for document, (reference, row) in documents.items():
                day = f"{row.at.astimezone(ZONE):%d/%m/%Y}"
                amounts = [row.amount]
                if row.amount > smallest(row.currency) * 10 and self.random.random() < 0.3:  # goods less a fee
                    amounts = [row.amount + smallest(row.currency) * 3, -smallest(row.currency) * 3]
                for amount in amounts:
                    quantity = -1 if amount > 0 else 1
                    out.writerow(
                        ("Jane Example", "jane@example.test", document, reference, day, day, "Returned", quantity,
                         text(abs(amount), row.currency), "", "200", "No VAT", row.currency)
                    )  # fmt: skip
                    count += 1
        return count
