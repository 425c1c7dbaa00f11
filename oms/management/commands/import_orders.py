"""Bring in the orders and credit notes of another shop."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from inventory.imports import known_serials, note_pieces
from oms.importing import native, online_retail
from oms.importing.documents import CreditNote, Sale
from oms.importing.report import ImportReport, Unreadable
from oms.importing.sales import Sales
from oms.importing.tables import Table
from oms.management.explained import ExplainedCommand
from refunds.imports import CreditNotes
from refunds.imports.store_credit import CreditSpent

LAYOUTS: dict[str, ModuleType] = {layout.NAME: layout for layout in (online_retail, native)}
LINES_PER_BATCH = 10_000
NOTES_PER_BATCH = 2_000
REJECTIONS_SHOWN = 100  # to people; --json names more of them
ONE_AT_A_TIME = 0x68_6F_6D_65_69_6D_70  # the advisory lock that keeps two imports apart

EXAMPLE = """examples:
  manage.py import_orders oms/demo/data/online_retail_sample.csv.gz
  manage.py import_orders orders.csv --layout native --dry-run
  manage.py import_orders history.csv.gz --json > report.json

layouts:
  online-retail  one row per invoice line: InvoiceNo StockCode Description Quantity InvoiceDate UnitPrice CustomerID
                 Country; C… are credit notes and become closed returns
  native         one row per order line; its columns are described in oms/importing/native.md

A second run of the same file changes nothing. Rows that cannot be read are left out and named with their line, column
and reason; the rest is kept.

exit codes: 0 done (rows left out are named), 1 refused (another import is running), 2 the file or its layout cannot be
read, 3 the database is away"""


class Command(ExplainedCommand):
    help = "Import orders and credit notes from a CSV file (also .gz); safe to repeat."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="CSV file, plain or gzip")
        parser.add_argument("--layout", default=online_retail.NAME, help=f"one of: {', '.join(LAYOUTS)}")
        parser.add_argument("--dry-run", action="store_true", help="do everything, keep nothing")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")

    def handle(self, *args: Any, file: str, layout: str, **options: Any) -> None:
        if layout not in LAYOUTS:
            raise CommandError(f"There is no layout {layout!r}; known: {', '.join(LAYOUTS)}.", returncode=2)
        started, report = time.monotonic(), ImportReport()
        if not _alone():
            raise CommandError("Another import is running; start this one when it has ended.", returncode=1)
        try:
            _import(file, LAYOUTS[layout], report, keep=not options["dry_run"])
        except Unreadable as problem:
            raise CommandError(str(problem), returncode=2) from None
        finally:
            _release()
        self._tell(report, time.monotonic() - started, as_json=options["json"], is_kept=not options["dry_run"])

    def _tell(self, report: ImportReport, seconds: float, *, as_json: bool, is_kept: bool) -> None:
        facts = asdict(report) | {
            "dry_run": not is_kept,
            "seconds": round(seconds, 2),
            "rows_per_second": round(report.rows / seconds),
            "peak_mb": _peak_megabytes(),
        }
        if as_json:
            self.stdout.write(json.dumps(facts))
            return
        for name, value in facts.items():
            if name not in ("rejections", "dry_run"):
                self.stdout.write(f"{name.replace('_', ' '):22}{value:>12,}")
        for rejection in report.rejections[:REJECTIONS_SHOWN]:
            column = f", {rejection['column']}" if rejection["column"] else ""
            self.stdout.write(f"line {rejection['line']}{column}: {rejection['reason']}")
        if report.rejected > REJECTIONS_SHOWN:
            self.stdout.write(f"… and {report.rejected - REJECTIONS_SHOWN:,} more (--json names them)")
        if not is_kept:
            self.stdout.write("Nothing was kept: this was a dry run.")


def _import(path: str, layout: ModuleType, report: ImportReport, *, keep: bool) -> None:
    if keep:
        _read(path, layout, report)
        return
    with transaction.atomic():
        _read(path, layout, report)
        transaction.set_rollback(True)


def _read(path: str, layout: ModuleType, report: ImportReport) -> None:
    """Sales first, batch by batch; then credit notes, which may refer to any of them."""
    now = timezone.now()
    sales = Sales(
        report,
        layout.is_goods,
        now=now,
        pay_with_credit=CreditSpent(now=now).pay,
        known_serials=known_serials,
        note_pieces=note_pieces,
    )
    notes: list[CreditNote] = []
    read = ImportReport()  # what is left out is named in the order of the file
    with Table(path, layout.COLUMNS, layout.OPTIONAL) as table, _progress() as progress:
        task = progress.add_task("rows read", total=None)
        with sales:
            for batch in _of_sales(layout.Reader().documents(table, read), notes):
                sales.write(batch)
                progress.update(task, completed=read.rows)
        report.include(read)
        if notes:
            _refresh_statistics()
            credits_ = CreditNotes(report, now=now)
            for some in _batches(notes):
                credits_.write(some)


def _of_sales(documents: Iterator[Sale | CreditNote], notes: list[CreditNote]) -> Iterator[list[Sale]]:
    """Sales in batches; credit notes are put aside into `notes`."""
    batch: list[Sale] = []
    size = 0
    for document in documents:
        if isinstance(document, CreditNote):
            notes.append(document)
            continue
        batch.append(document)
        size += len(document.lines)
        if size >= LINES_PER_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _batches(notes: list[CreditNote]) -> Iterator[list[CreditNote]]:
    for start in range(0, len(notes), NOTES_PER_BATCH):
        yield notes[start : start + NOTES_PER_BATCH]


def _refresh_statistics() -> None:
    """Matching joins what was just written: without statistics PostgreSQL would take the tables for empty."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE oms_order, oms_orderline, oms_payment")


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} {task.description}"),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=not sys.stderr.isatty(),
    )


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
        return bool(cursor.fetchone()[0])


def _release() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def _peak_megabytes() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # on Linux `getrusage` counts the program that started this one too
        return round(int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))
