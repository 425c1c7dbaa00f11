"""`manage.py quote_refund`: the refund arithmetic without a database or a service."""

from typing import Any

from django.core.management.base import CommandParser

from oms.management.json_command import JsonCommand
from refunds.quote_json import quote_text

EXAMPLE = """
example:
  echo '{"currency": "GBP", "order": {"lines": [{"id": "A", "quantity": 2, "unit_price": "12.00", "tax_rate": "20"}]},
         "returns": [{"lines": [{"id": "A", "quantity": 1}]}]}' | manage.py quote_refund
  prints {"quotes": [{"lines": [{"id": "A", "quantity": 1, "net": "12.00", "tax": "2.40", "gross": "14.40"}], ...}],
          "refundable_left": "14.40"}

exit codes: 0 quoted, 1 a return must be refused, 2 usage or unreadable input (with --lines: 0, refusals in place)
"""


class Command(JsonCommand):
    help = (
        "Quote the refunds of one order's returns, exact to the last cent: read a JSON object with currency, order and "
        "returns, print the itemised quotes and how each is spread over the payments. No database is touched."
    )
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="JSON file; - or nothing is stdin")
        parser.add_argument(
            "--lines", action="store_true", help="read JSON Lines and answer each line in its place (also refusals)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        answer = self.answer_lines if options["lines"] else self.answer_one
        answer(options["file"], quote_text)
