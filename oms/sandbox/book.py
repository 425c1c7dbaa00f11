"""What the stand-ins know: rows in memory, every change appended to a journal before anyone is told of it.

The journal `book.jsonl` is one JSON object a line: ``{"at": unix seconds, "what": "refund.created", "put": {table:
[row, …]}}``. A row replaces the earlier row of the same id, so the last one counts. One line is one change: a refund,
its balance transaction, its events and the stored answer of its idempotency key stand or fall together. Whoever reads
the file alone has the whole book.
"""

import fcntl
import json
import os
import pathlib
import threading
import time
from collections.abc import Iterable
from typing import Any

type Row = dict[str, Any]

TABLES: tuple[str, ...] = (
    "intent",
    "charge",
    "refund",
    "transaction",
    "key",
    "event",
    "delivered",
    "shipment",
    "tracker",
)
TABLES += ("capture", "paypal_refund", "dispute", "payout", "session")


class BookInUse(Exception):
    """Another process writes this book."""


class Table:
    """Rows by id, in the order in which they first came."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.order: list[str] = []
        self.place: dict[str, int] = {}

    def put(self, row: Row) -> None:
        if row["id"] not in self.rows:
            self.place[row["id"]] = len(self.order)
            self.order.append(row["id"])
        self.rows[row["id"]] = row

    def get(self, id: str) -> Row | None:
        return self.rows.get(id)

    def newest_first(self, after: str | None = None) -> Iterable[Row]:
        """Rows from the youngest to the oldest, beginning behind the row `after`."""
        start = self.place.get(after, 0) if after else len(self.order)
        return (self.rows[id] for id in reversed(self.order[:start]))


class Book:
    """The rows of all vendors. `lock` guards every decision that reads before it writes."""

    def __init__(self, folder: pathlib.Path) -> None:
        """Open the book in `folder`, reading what an earlier run wrote. Raises BookInUse."""
        self.lock = threading.RLock()
        self.tables = {name: Table() for name in TABLES}
        self.refunds_of: dict[str, list[str]] = {}
        self.charge_of: dict[str, str] = {}
        self.paypal_refunds_of: dict[str, list[str]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / "book.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise BookInUse(str(folder)) from None
        self._read(folder / "book.jsonl")

    def __getitem__(self, table: str) -> Table:
        return self.tables[table]

    def write(self, what: str, **puts: list[Row]) -> None:
        """Append one change to the journal, then to memory. The caller holds `lock` since it decided."""
        line = json.dumps({"at": round(time.time(), 3), "what": what, "put": puts}, separators=(",", ":")) + "\n"
        with self.lock:
            self._append(line.encode())
            self._apply(puts)

    def refunds(self, charge: str) -> list[Row]:
        """The refunds of a charge, oldest first."""
        rows = self.tables["refund"].rows
        return [rows[id] for id in self.refunds_of.get(charge, [])]

    def _append(self, line: bytes) -> None:
        # One write, unbuffered: the line outlives a killed process. It does not promise to outlive a power cut.
        written = os.write(self._file, line)
        if written != len(line):
            os.ftruncate(self._file, os.lseek(self._file, 0, os.SEEK_END) - written)
            raise OSError("the book's disk is full")

    def _apply(self, puts: dict[str, list[Row]]) -> None:
        for name, rows in puts.items():
            table = self.tables[name]
            for row in rows:
                if name == "refund" and row["id"] not in table.rows:
                    self.refunds_of.setdefault(row["charge"], []).append(row["id"])
                elif name == "paypal_refund" and row["id"] not in table.rows:
                    self.paypal_refunds_of.setdefault(row["capture"], []).append(row["id"])
                elif name == "charge":
                    self.charge_of[row["payment_intent"]] = row["id"]
                table.put(row)

    def _read(self, path: pathlib.Path) -> None:
        good = 0
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # the process died within its last write: nobody was told of that change
                self._apply(json.loads(line)["put"])
                good += len(line)
        os.ftruncate(self._file, good)
