"""`manage.py value_stock`: what stock is worth, without a database."""

from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from inventory.valuation import Method
from inventory.value_json import value_text
from oms.management.json_command import JsonCommand

EXAMPLE = """
example:
  echo '{"method": "fifo", "events": [{"op": "receive", "qty": 60, "unit_cost": "10.00"},
         {"op": "issue", "qty": 20}, {"op": "return", "qty": 5, "of": 1}]}' | manage.py value_stock
  prints {"events": [{"cost": "600.00", "unit_cost": "10.00", "average": "10.00"}, ...],
          "qty": 45, "value": "450.00", "cogs": "150.00"}

operations: receive (qty, unit_cost), issue (qty, lot: the receipt, only read by specific),
  return (qty, of: the issue it belongs to), vendor_return (qty, of: the receipt); of and lot count events from 0

exit codes: 0 valued, 1 refused (more than on hand, ...), 2 usage or unreadable input (with --lines: 0, in place)
"""


class Command(JsonCommand):
    help = (
        "Value the stock of one product under FIFO, LIFO, weighted average or specific identification: read a JSON "
        "object with its movements, print what each cost and what is left. No database is touched."
    )
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="JSON file; - or nothing is stdin")
        parser.add_argument("--method", choices=[method.value for method in Method], help="use this method instead")
        parser.add_argument("--lines", action="store_true", help="read JSON Lines and answer each line in its place")

    def handle(self, *args: Any, **options: Any) -> None:
        answer = self.answer_lines if options["lines"] else self.answer_one
        answer(options["file"], partial(value_text, method=options["method"]))
