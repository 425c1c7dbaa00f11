import json
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from oms import embedded
from oms.demo import seeding
from oms.management.explained import ExplainedCommand
from oms.models import Order

SEED = 20_101_201  # the day of the first real invoice
EXAMPLE = """example:
  manage.py seed_demo --returns 150

exit codes: 0 filled, 1 refused (there are orders already), 2 usage, 3 the database is away"""


class Command(ExplainedCommand):
    help = "Fill an empty shop with about 2,000 real invoices and 150 made-up returns, and make one log-in per role."
    example = EXAMPLE

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--returns", type=int, default=150, help="how many returns to make up (default 150)")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
        parser.add_argument("--json", action="store_true", help="print what was made as one JSON object")

    def handle(self, *args: Any, returns: int, dry_run: bool, **options: Any) -> None:
        if not 0 <= returns <= 2000:
            raise CommandError("--returns is a number from 0 to 2000.", returncode=2)
        if Order.objects.exists():
            raise CommandError("There are orders here already; the demo fills only an empty shop.", returncode=1)
        if dry_run and options["json"]:
            self.stdout.write(json.dumps({"orders": 0, "returns": returns, "dry_run": True}))
            return
        if dry_run:
            self.stdout.write(f"Would import the sample, make up {returns} returns and one log-in per role.")
            return
        now, random = timezone.now(), Random(SEED)  # noqa: S311 - the same made-up data everywhere is the point
        data = embedded.make_data_dir()
        with Progress(console=Console(stderr=True)) as bars:
            step = _progress(bars)
            seeding.make_terms()
            seeding.make_places()
            seeding.import_sample(now=now, random=random, progress=step)
            seeding.make_stock(now=now, random=random)
            seeding.make_options(now=now)
            seeding.make_staff(data)
            made = seeding.make_returns(now=now, random=random, progress=step, count=returns)
            rest = self._rest(now, data, random)
            for done, (words, make) in enumerate(rest):
                step(words, done, len(rest))
                make()
            step("filled", len(rest), len(rest))
        if options["json"]:
            self.stdout.write(json.dumps({"orders": Order.objects.count(), "returns": made, "dry_run": False}))
            return
        self.stdout.write(f"{Order.objects.count()} orders, {made} made-up returns.")

    def _rest(self, now: datetime, data: Path, random: Random) -> list[tuple[str, Callable[[], Any]]]:
        """What each page shows beside orders and returns, in the order in which one stands on the other."""

        def own(number: int) -> Random:
            return Random(SEED + number)  # noqa: S311 - as above

        return [
            ("exchanging", lambda: seeding.make_exchanges(now=now, random=own(1))),
            ("losing parcels", lambda: seeding.make_parcel_cases(now=now)),
            ("repairing goods", lambda: seeding.make_goods(now=now, random=own(2))),
            ("tracking pieces", lambda: seeding.make_tracked(now=now, random=own(4))),
            ("finding goods", lambda: seeding.make_found_goods(now=now, random=own(3))),
            ("giving gifts", lambda: seeding.make_gifts(now=now, random=own(5))),
            ("giving store credit", lambda: seeding.make_store_credit(now=now, random=random)),
            ("splitting payments", lambda: seeding.make_split_payment(now=now, random=own(2))),
            ("writing other books", lambda: seeding.make_other_books(now=now, data=data)),
            ("collecting parcels", lambda: seeding.make_collected(now=now)),
            ("counting shelves", lambda: seeding.make_counts(now=now)),
            ("closing months", lambda: seeding.keep_books(now=now)),
            ("telling the carrier", seeding.tell_labels),
            ("setting terms", seeding.ask_before_less),
        ]


def _progress(bars: Progress) -> Callable[[str, int, int], None]:
    task = bars.add_task("filling the shop", total=None)

    def show(words: str, done: int, total: int) -> None:
        bars.update(task, description=words, completed=done, total=total)

    return show
