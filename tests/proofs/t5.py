"""T5: orders are imported at 15,000 lines a second and more, at a small multiple of a bare COPY, in little memory.

`size` order lines are made up, imported by the command in a process of its own, and the same rows are copied into one
plain table (typed columns, a primary key, kept on disk) for comparison. Seconds are judged at the full size only.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.proofs import Progress, invoices

SMALL, FULL = 6_000, 541_909
BARE = (
    "CREATE TABLE bare (id bigserial PRIMARY KEY, invoice text, sku text, title text, quantity integer,"
    " placed_at timestamp, price numeric(12, 3), customer text, country text)"
)
LINES_PER_INVOICE = 20
PER_SECOND, TIMES_COPY, MEGABYTES, SECONDS = 15_000, 15.0, 200, 40.0


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`lost`: rows of the file that are neither kept nor named; `copy_seconds` is the bare COPY of the same file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "invoices.csv"
        rows = invoices.write(
            file, sales=size // (LINES_PER_INVOICE + 1), credit_notes=size // 200, lines=LINES_PER_INVOICE
        )
        progress(0, rows)
        copied = _copy(file)
        told, seconds = _import(file)
        progress(rows, rows)
    lost = rows - told["rows"]
    quick = told["rows_per_second"] >= PER_SECOND and seconds <= SECONDS and seconds <= TIMES_COPY * copied
    light = told["peak_mb"] <= MEGABYTES
    return {
        "rows": rows,
        "lost": lost,
        "rejected": told["rejected"],
        "seconds": round(seconds, 1),
        "copy_seconds": round(copied, 2),
        "times_copy": round(seconds / copied, 1),
        "rows_per_second": told["rows_per_second"],
        "peak_mb": told["peak_mb"],
        "passed": not lost and not told["rejected"] and (size < FULL or (quick and light)),
    }


def _import(file: Path) -> tuple[dict[str, Any], float]:
    command = [sys.executable, "manage.py", "import_orders", str(file), "--json"]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), time.perf_counter() - began


def _copy(file: Path) -> float:
    from django.db import connection

    columns = "invoice, sku, title, quantity, placed_at, price, customer, country"
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        began = time.perf_counter()
        with cursor.copy(f"COPY bare ({columns}) FROM STDIN (FORMAT csv, HEADER)") as copy, file.open("rb") as source:
            while block := source.read(1 << 20):
                copy.write(block)
        took = time.perf_counter() - began
        cursor.execute("DROP TABLE bare")
    return took
