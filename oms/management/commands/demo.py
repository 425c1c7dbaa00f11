import json
import os
import shutil
import signal
import sys
import tempfile
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from oms import embedded
from oms.demo import walk as walking
from oms.demo.people import log_ins
from oms.demo.processes import DemoError
from oms.demo.shop import Shop
from oms.models import Order

EXAMPLES = """examples:
  bin/demo                              start, or start again with the data of last time
  bin/demo --fresh                      start over with a new shop
  bin/demo --codes                      one-time codes for the staff of a running demo
  bin/demo --walk                       drive one return through the whole job and stop
  HOMEWARD_DATA=/tmp/second bin/demo    a second shop beside the first

exit codes: 0 ended as asked, 1 refused or the walk failed, 2 wrong usage, 3 a part of it would not run"""


class Interrupted(BaseException):
    """Ctrl-C, or somebody asked this process to end."""


def interrupt(*_: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # stopping is under way and must not be cut short
    raise Interrupted


class Command(BaseCommand):
    help = (
        "Run a whole shop with data to try, on this machine alone: PostgreSQL, Valkey, web, worker, beat and stand-ins "
        "for Stripe and EasyPost. Ctrl-C stops all of it and keeps the data."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.prog = "bin/demo"
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--fresh", action="store_true", help="delete the data of last time and start over")
        how.add_argument(
            "--walk",
            action="store_true",
            help="on throw-away data and free ports: one return from request to refund, a line per step, then JSON",
        )
        how.add_argument("--codes", action="store_true", help="print log-ins with one-time codes of now, start nothing")
        parser.add_argument("--json", action="store_true", help="print addresses and log-ins as one line of JSON")

    def handle(self, *args: Any, fresh: bool, walk: bool, codes: bool, **options: Any) -> None:
        if codes:
            self._codes(as_json=options["json"])
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP:  # nohup stays nohup
                signal.signal(number, interrupt)
        try:
            if walk:
                self._walk()
            else:
                self._stay(fresh=fresh, as_json=options["json"])
        except DemoError as refusal:
            raise CommandError(str(refusal), returncode=1) from None
        except embedded.EmbeddedError as refusal:
            raise CommandError(str(refusal), returncode=3) from None
        except Interrupted:
            self.stderr.write(f"Stopped.{'' if walk else self._what_is_kept()}")

    def _what_is_kept(self) -> str:
        if (embedded.data_dir() / "seeding").exists():
            return " The shop was not filled yet; the next start begins with it again."
        return " The data is kept; bin/demo goes on with it."

    def _stay(self, *, fresh: bool, as_json: bool) -> None:
        with Shop(throw_away=False, said=Console(stderr=True)).running(fresh=fresh) as shop:
            people = log_ins(shop.data)
            bought = walking.a_line_to_send_back()
            order = bought.order if bought else None
            if as_json:
                line = {"web": shop.web_url, "sandbox": shop.sandbox_url, "data": str(shop.data), "people": people}
                line["customer"] = order and {"order": order.number, "postcode": order.customer.postcode}
                self.stdout.write(json.dumps(line))
            else:
                self._show(shop, people, order)
            self.stdout.flush()
            shop.watch()

    def _show(self, shop: Shop, people: list[dict[str, Any]], order: Order | None) -> None:
        rows = [
            ("Customers", f"{shop.web_url}/{_how_to_enter(order)}"),
            ("Staff", f"{shop.web_url}/staff/"),
            ("Health", f"{shop.web_url}/healthz/deep"),
            ("Stripe, EasyPost", f"{shop.sandbox_url}  (stand-ins: no money, no parcels)"),
            ("Data and logs", f"{shop.data}"),
        ]
        self.stdout.write("")
        for label, place in rows:
            self.stdout.write(f"  {label:<17} {place}")
        self._show_people(people)
        self.stdout.write("\n  Ctrl-C stops everything and keeps the data.\n")

    def _codes(self, *, as_json: bool) -> None:
        people = log_ins(embedded.data_dir())
        if not people:
            raise CommandError(f"There is no shop in {embedded.data_dir()} yet; bin/demo makes one.", returncode=1)
        if as_json:
            self.stdout.write(json.dumps(people))
        else:
            self._show_people(people)

    def _show_people(self, people: list[dict[str, Any]]) -> None:
        if not people:
            return
        names = [f"{person['email']} ({person['role']})" for person in people]
        width = max(map(len, names)) + 2
        self.stdout.write(f"\n  {'Log in as':<{width}}{'password':<20}one-time code (bin/demo --codes shows the next)")
        for name, person in zip(names, people, strict=True):
            self.stdout.write(f"  {name:<{width}}{person['password']:<20}{person['code_now']}")

    def _walk(self) -> None:
        if os.environ.get("HOMEWARD_WALK") != "1":
            self._walk_on_throw_away_data()
        data = embedded.data_dir()
        done = {}
        try:
            with Shop(throw_away=True, said=Console(stderr=True)).running(fresh=False) as shop:
                done = walking.run(shop.web_url, shop.sandbox_url, data=shop.data, say=self._say)
        finally:
            shutil.rmtree(data, ignore_errors=True)
            shutil.rmtree(embedded.keeper.run_dir(data), ignore_errors=True)
        self.stdout.write(json.dumps(done))
        if (done["quoted"], done["status"], done["journal_sum"]) != (done["refunded"], "closed", "0.00"):
            raise DemoError("The walk did not end as it should; its last line says how it ended.")

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()

    def _walk_on_throw_away_data(self) -> None:
        """Become the same command with a data folder of its own: settings read it once, at the start."""
        folder = Path(tempfile.mkdtemp(prefix="homeward-walk-"))
        folder.chmod(0o711)  # PostgreSQL refuses root and walks through it as somebody else
        own = {"HOMEWARD_WALK": "1", "HOMEWARD_DATA": str(folder), "HOMEWARD_FAST_DISK": "1"}
        own["VERDICTS_WAIT"] = "0"  # nobody takes back here what was inspected
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL")}
        os.execve(sys.executable, [sys.executable, *sys.argv], kept | own)  # noqa: S606 - ourselves again


def _how_to_enter(order: Order | None) -> str:
    """Customers have no log-in: an order of theirs that can be sent back, while the shop has a young one."""
    return f"  (order {order.number}, postcode {order.customer.postcode})" if order else ""
