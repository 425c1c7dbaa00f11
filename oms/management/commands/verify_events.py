import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from oms.management.explained import ExplainedCommand
from oms.verification import verify

SHOWN = 100
EXAMPLE = """examples:
  manage.py verify_events           what was read, then a line per thing that does not fit
  manage.py verify_events --json    {"streams": …, "events": …, "seals": …, "broken": [sentence, …]}

exit codes: 0 the record is whole, 1 something was changed, cut off or lost, 2 usage, 3 the database is away"""


class Command(ExplainedCommand):
    help = "Recompute the chain of every event stream and every seal, and say what was changed, cut off or lost."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify(progress=lambda events: self.stderr.write(f"{events:,} events read"))
        if options["json"]:
            self.write_json(asdict(found))
        else:
            self.stdout.write(f"{found.events:,} events in {found.streams:,} streams under {found.seals:,} seals")
            for sentence in found.broken[:SHOWN]:
                self.stdout.write(sentence)
            if len(found.broken) > SHOWN:
                self.stdout.write(f"… and {len(found.broken) - SHOWN:,} more")
            self.stdout.write("The record does not fit." if found.broken else "The record is whole.")
        if found.broken:
            sys.exit(1)
