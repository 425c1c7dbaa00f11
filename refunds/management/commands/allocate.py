"""`manage.py allocate`: split a total over weights so that the shares add up."""

import json
import re
from typing import Any

from django.core.management.base import CommandError, CommandParser

from oms.management.json_command import JsonCommand
from refunds.quote_json import allocate_text

EXAMPLE = """
examples:
  manage.py allocate 1000 1 1 1          prints {"shares": [334, 333, 333]}
  manage.py allocate -- -10 1 1 1        prints {"shares": [-4, -3, -3]}
  echo '{"total": 10, "weights": [0, 0]}' | manage.py allocate --lines
                                         prints {"shares": [5, 5]}

exit codes: 0 split, 1 refused (a negative weight), 2 usage or unreadable input (with --lines: 0, refusals in place)
"""

WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)


class Command(JsonCommand):
    help = (
        "Split TOTAL, in minor units, over the WEIGHTs by largest remainder, ties to the earlier; all-zero weights "
        "split evenly. No database is touched."
    )
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numbers", nargs="*", metavar="TOTAL WEIGHT", help="whole numbers; with --lines: FILE or -")
        parser.add_argument(
            "--lines",
            action="store_true",
            help='read JSON Lines like {"total": 10, "weights": [1, 2]} from FILE or stdin, answer each in its place',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        given: list[str] = options["numbers"]
        if options["lines"]:
            if len(given) > 1:
                raise CommandError("With --lines name one FILE, or - for stdin.", returncode=2)
            self.answer_lines(given[0] if given else "-", allocate_text)
            return
        if len(given) < 2:
            raise CommandError("Name TOTAL and at least one WEIGHT.", returncode=2)
        if not all(WHOLE_NUMBER.fullmatch(text) for text in given):
            raise CommandError("TOTAL and each WEIGHT are whole numbers of minor units.", returncode=2)
        total, *weights = (int(text) for text in given)
        answer = allocate_text(json.dumps({"total": total, "weights": weights}))
        self.write(answer)
        if "error" in answer:
            raise SystemExit(1)
