"""The provider's report of K8: a payout reconciliation with its payouts, as CSV, with errors put in."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.proofs.k8_rows import Errors, Row, later, smallest, text

REPORT = (
    "balance_transaction_id", "created_utc", "available_on_utc", "currency", "gross", "fee", "net",
    "reporting_category", "source_id", "automatic_payout_id", "payment_intent_id", "refund_metadata[refund]",
    "refund_metadata[order]",
)  # fmt: skip


class Report:
    """Writes the report; each error is noted in `errors`."""

    def __init__(self, errors: Errors) -> None:
        self.errors, self.now, self.random = errors, errors.now, errors.random
        self.take, self.number, self.note = errors.take, errors.number, errors.note

    def write(self, path: Path) -> int:
        """Write the provider's report; returns how many rows it has."""
        lines = {row.number: self._clean(row) for row in self.errors.rows if row.state != "sent"}
        for row in self.errors.rows:
            if row.state == "sent":
                self.note("provider", "in_transit", [row.number], [])
        extra: list[dict[str, str]] = []
        kinds: tuple[Callable[[dict[str, list[dict[str, str]]]], Iterator[dict[str, str]]], ...] = (
            self._missing, self._amount, self._currency, self._status, self._failed_later, self._duplicate,
            self._wrong_payment, self._split, self._combined, self._fee, self._date, self._dashboard, self._unknown,
        )  # fmt: skip
        for kind in kinds:
            for _time in range(self.errors.each):
                extra += kind(lines)
        every = [line for some in lines.values() for line in some] + extra
        return self._put(path, [*every, *self._payouts(every)])

    def _line(self, row: Row, kind: str = "refund", **other: str) -> dict[str, str]:
        sign = "-" if kind == "refund" else ""
        line = {
            "balance_transaction_id": self.number("txn_"),
            "created_utc": f"{row.at:%Y-%m-%d %H:%M:%S}",
            "available_on_utc": f"{row.at + timedelta(days=2):%Y-%m-%d %H:%M:%S}",
            "currency": row.currency.lower(),
            "gross": sign + text(row.amount, row.currency),
            "fee": "0",
            "reporting_category": kind,
            "source_id": row.provider_id,
            "payment_intent_id": row.payment,
            "refund_metadata[refund]": row.number,
            "refund_metadata[order]": row.order,
        }
        return line | other

    def _clean(self, row: Row) -> list[dict[str, str]]:
        lines = [self._line(row)]
        if row.state == "failed":
            lines.append(self._line(later(row, 3), "refund_failure"))
        return lines

    def _missing(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row = self.take()
        del lines[row.number]
        self.note("provider", "missing_there", [row.number], [])
        yield from ()

    def _amount(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row = self.take()
        other = replace(row, amount=row.amount + smallest(row.currency))
        lines[row.number] = [self._line(other)]
        self.note("provider", "amount", [row.number], [row.provider_id])
        yield from ()

    def _currency(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row = self.take()
        lines[row.number] = [self._line(replace(row, currency="JPY", amount=Decimal(500)))]
        if row.currency == "JPY":
            lines[row.number] = [self._line(replace(row, currency="EUR", amount=row.amount))]
        self.note("provider", "currency", [row.number], [row.provider_id])
        yield from ()

    def _status(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        """Failed with us, paid there."""
        row = self.errors.failed.pop()
        lines[row.number] = [self._line(row)]
        self.note("provider", "status", [row.number], [row.provider_id])
        yield from ()

    def _failed_later(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row = self.take()
        lines[row.number].append(self._line(later(row, 5), "refund_failure"))
        self.note("provider", "failed_later", [row.number], [row.provider_id])
        yield from ()

    def _duplicate(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row = self.take()
        second = self.number("re_second")
        self.note("provider", "duplicate", [row.number], [second])
        yield self._line(later(row, 1), source_id=second)

    def _wrong_payment(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row, other = self.take(), self.take()
        lines[row.number] = [self._line(row, payment_intent_id=other.payment)]
        self.note("provider", "wrong_order", [row.number], [row.provider_id])
        yield from ()

    def _split(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row = self.take()
        first = smallest(row.currency)
        parts = [replace(row, amount=first), replace(row, amount=row.amount - first)]
        names = [self.number("re_part"), self.number("re_part")]
        del lines[row.number]
        self.note("provider", "split", [row.number], names)
        for part, name in zip(parts, names, strict=True):
            yield self._line(part, source_id=name)

    def _combined(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        """Two refunds of one order left as one; of ours it names none, or both."""
        one, two = self.errors.pairs.pop()
        name = self.number("re_both")
        for row in (one, two):
            del lines[row.number]
        both = f"{one.number}, {two.number}" if self.random.random() < 0.5 else ""
        self.note("provider", "combined", [one.number, two.number], [name])
        together = replace(one, amount=one.amount + two.amount)
        yield self._line(together, source_id=name, **{"refund_metadata[refund]": both})

    def _fee(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row = self.take()
        lines[row.number] = [self._line(row, fee=text(smallest(row.currency) * 3, row.currency))]
        self.note("provider", "fee", [row.number], [row.provider_id])
        yield from ()

    def _date(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row = self.take()
        lines[row.number] = [self._line(later(row, 6))]
        self.note("provider", "date", [row.number], [row.provider_id])
        yield from ()

    def _dashboard(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        row, name = self.take(), self.number("re_hand")
        self.note("provider", "dashboard", [], [name])
        blank = {"refund_metadata[refund]": "", "refund_metadata[order]": ""}
        yield self._line(replace(row, amount=smallest(row.currency) * 7), source_id=name, **blank)

    def _unknown(self, lines: dict[str, list[dict[str, str]]]) -> Iterator[dict[str, str]]:
        """It names a refund we do not have."""
        row, name = self.take(), self.number("re_lost")
        self.note("provider", "missing_here", [], [name])
        yield self._line(row, source_id=name, **{"refund_metadata[refund]": "F-LOST-00000"})

    def _payouts(self, lines: list[dict[str, str]]) -> Iterator[dict[str, str]]:
        """One payout per day and currency over all rows; some are not the sum, and some refunds are left out."""
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for line in lines:
            name = f"po_{line['created_utc'][:10].replace('-', '')}{line['currency']}"
            line["automatic_payout_id"] = name
            sums[name, line["currency"]] += Decimal(line["gross"]) - Decimal(line["fee"])
        for line in self._candidates(lines):
            sums[line["automatic_payout_id"], line["currency"]] -= Decimal(line["gross"])
            line["automatic_payout_id"] = ""
            self.note("payout", "payout_gap", [], [line["source_id"]])
        off = set(self.random.sample(sorted(sums), self.errors.each))
        for (name, currency), amount in sums.items():
            code = currency.upper()
            if (name, currency) in off:
                amount += smallest(code)
                self.note("payout", "payout_gap", [], [name])
            yield {
                "balance_transaction_id": self.number("txn_"),
                "created_utc": f"{datetime.fromisoformat(name[3:11]) + timedelta(days=1):%Y-%m-%d} 00:00:00",
                "currency": currency,
                "gross": text(-amount, code),
                "fee": "0",
                "reporting_category": "payout",
                "source_id": name,
            }

    def _candidates(self, lines: list[dict[str, str]]) -> list[dict[str, str]]:
        """Refunds without another error, long available, that will be left out of their payout."""
        spoken_of = {name for one in self.errors.wrong for name in (*one.here, *one.there)}
        came_back = {line["source_id"] for line in lines if line["reporting_category"] == "refund_failure"}
        old = f"{self.now - timedelta(days=12):%Y-%m-%d}"
        fit = [
            line
            for line in lines
            if line["created_utc"] < old
            and line["source_id"] not in spoken_of | came_back
            and line["refund_metadata[refund]"] not in spoken_of
        ]
        return self.random.sample(fit, self.errors.each)

    def _put(self, path: Path, lines: list[dict[str, str]]) -> int:
        self.random.shuffle(lines)
        with path.open("w", newline="") as file:
            out = csv.DictWriter(file, REPORT)
            out.writeheader()
            for line in lines:
                code = line["currency"].upper()
                net = text(Decimal(line["gross"]) - Decimal(line["fee"]), code)
                out.writerow(line | {"net": net})
        return len(lines)
