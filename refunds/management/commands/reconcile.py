"""Compare our refunds with the books of others, from the terminal."""

import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from oms import shops
from oms.management.explained import ExplainedCommand, day
from oms.money import EXPONENTS, from_minor
from oms.refusals import Refused
from refunds.gateways import books
from refunds.gateways.base import GatewayError
from refunds.models import ReconciliationRun
from refunds.reconciliation import lifecycle, nightly, working
from refunds.reconciliation.causes import Book
from refunds.reconciliation.comparing import differences
from refunds.reconciliation.handing_in import hand_in_file, period
from refunds.reconciliation.lifecycle.runs import Handed
from refunds.reconciliation.records import Difference, Side
from refunds.reconciliation.statements import Unreadable
from refunds.reconciliation.states import RunStatus
from refunds.reconciliation.stored import to_json

ACTOR = "operator"
SHOWN = 200
EXAMPLE = """examples:
  manage.py reconcile                                     the payment providers' books, the last 35 days
  manage.py reconcile --from 2026-10-01 --to 2026-10-31
  manage.py reconcile --file credit-notes.csv             credit notes of the accounting, or a report of Stripe
  manage.py reconcile --dry-run --json                    compare, keep nothing

What differs stands on the worklist (/reconciliation/) afterwards; nothing is ever put right by itself.

exit codes: 0 nothing differs that is not in transit, 1 something does, or it was refused, 2 usage or a file that cannot
be read, 3 a provider or the database is away"""


class Command(ExplainedCommand):
    help = "Compare our refunds with the payment providers' books, or our credit memos with an accounting file."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="since", type=day, metavar="DAY", help="first day, in the shop's time zone")
        parser.add_argument("--to", dest="until", type=day, metavar="DAY", help="last day")
        parser.add_argument("--file", "--accounting", type=Path, metavar="FILE", help="compare with this file instead")
        parser.add_argument("--currency", default="GBP", help="of files that name none (default %(default)s)")
        parser.add_argument("--before-tax", action="store_true", help="prices in the file do not include tax")
        parser.add_argument("--again", action="store_true", help="also a file that was compared before")
        parser.add_argument("--dry-run", action="store_true", help="compare and print, keep nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        files = [self._handed(options)] if options["file"] else []
        since, until = self._period(options, files)
        providers = [] if files else books.in_use()
        if options["dry_run"]:
            self._try(files, providers, since, until, as_json=options["json"])
            return
        try:
            run = lifecycle.ask(
                since, until, providers=providers, files=files, again=options["again"], by=ACTOR, at=timezone.now()
            )
        except Refused as refused:
            raise CommandError(str(refused), returncode=1) from None
        self._tell(_carried_out(run), as_json=options["json"])

    def _handed(self, options: dict[str, Any]) -> Handed:
        code = options["currency"].upper()
        if code not in EXPONENTS:
            raise CommandError(f"{options['currency']} is no currency code of ISO 4217.", returncode=2)
        try:
            return hand_in_file(options["file"], currency=code, prices_include_tax=not options["before_tax"])
        except Unreadable as problem:
            words = "\n".join(f"{options['file'].name}: {one}" for one in problem.problems)
            raise CommandError(words, returncode=2) from None

    def _period(self, options: dict[str, Any], files: list[Handed]) -> tuple[datetime, datetime]:
        first, last = options["since"], options["until"]
        if (first is None) != (last is None):
            raise CommandError("--from and --to go together.", returncode=2)
        if first is None:
            now = timezone.now()
            return period(files) or (nightly.since(now), now)
        if last < first:
            raise CommandError("--to is before --from.", returncode=2)
        zone = ZoneInfo(shops.current().time_zone)
        start, end = (datetime.combine(one, datetime.min.time(), zone) for one in (first, last + timedelta(days=1)))
        return start.astimezone(UTC), end.astimezone(UTC)

    # ── Without keeping anything ──

    def _try(
        self, files: list[Handed], providers: list[str], since: datetime, until: datetime, *, as_json: bool
    ) -> None:
        found: list[Difference] = []
        now = timezone.now()
        try:
            for one in files:
                both = (Book.ACCOUNTING,) if one.book == Book.ACCOUNTING else (Book.PROVIDER, Book.PAYOUT)
                for book in both:
                    found += differences(one.lines, book, one.provider, since, until, now)[0]
            for name in providers:
                reader = books.BOOKS[name][1]()
                payouts = list(working.pages(reader.payouts, since, until))
                parts = [
                    line
                    for payout in payouts
                    for line in working.pages(reader.transactions, since, until, payout=payout.about)
                ]
                known = {line.id for line in parts}
                rest = [one for one in working.pages(reader.transactions, since, until) if one.id not in known]
                for book in (Book.PROVIDER, Book.PAYOUT):
                    found += differences([*payouts, *parts, *rest], book, name, since, until, now)[0]
        except GatewayError as problem:
            raise CommandError(f"{problem}", returncode=3) from None
        causes = dict(Counter(one.cause.value for one in found))
        if as_json:
            shown = [to_json(one) for one in found]
            self.write_json({"dry_run": True, "run": None, "causes": causes, "differences": shown})
        else:
            for one in found[:SHOWN]:
                self.stdout.write(f"{one.cause.label:22}{_side(one.here):40}{_side(one.there)}")
            self._sum(causes)
            self.stdout.write("Nothing was kept: this was a dry run.")
        _end(causes)

    # ── What was found ──

    def _tell(self, run: ReconciliationRun, *, as_json: bool) -> None:
        if run.status == RunStatus.FAILED:
            raise CommandError(run.trouble, returncode=3)
        causes = run.counts.get("differences", {})
        if as_json:
            counts = {name: run.counts.get(name, 0) for name in ("refunds", "memos", "lines", "new", "again", "gone")}
            self.write_json({"dry_run": False, "run": run.number, "status": run.status, "causes": causes, **counts})
        else:
            self._sum(causes)
            self.stdout.write(
                f"{run.number}: {run.counts.get('new', 0)} new, {run.counts.get('again', 0)} open again,"
                f" {run.counts.get('gone', 0)} no longer seen."
            )
        _end(causes)

    def _sum(self, causes: dict[str, int]) -> None:
        for cause, count in sorted(causes.items(), key=lambda one: (-one[1], one[0])):
            self.stdout.write(f"{cause.replace('_', ' '):22}{count:>8,}")
        if not causes:
            self.stdout.write("Nothing differs.")


def _end(causes: dict[str, int]) -> None:
    if set(causes) - {"in_transit"}:
        sys.exit(1)


def _side(side: Side) -> str:
    ids = side.ids[0] if side.ids else "–"
    if side.amount is None or side.currency not in EXPONENTS:
        return ids
    return f"{ids} {from_minor(side.amount, side.currency):f} {side.currency}"


def _carried_out(run: ReconciliationRun) -> ReconciliationRun:
    """Work on it here, or watch a worker do it, to its end."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), disable=not sys.stderr.isatty()) as bar:
        job = bar.add_task("waiting", total=None)
        while run.is_live:
            worked = working.work(now=timezone.now)
            run = ReconciliationRun.objects.get(pk=run.pk)
            step = working.step_of(run)
            bar.update(job, total=run.total or None, completed=run.done, description=step["do"] if step else run.status)
            if not worked and run.is_live:
                time.sleep(0.5)
    return run
