import json
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandError, CommandParser

from oms.management.explained import ExplainedCommand, day
from oms.spreadsheets import lines
from reporting import choices
from reporting.period import Filters, shop_period
from reporting.reports import REPORTS, Row

GROUPS = tuple(dict.fromkeys(group for report in REPORTS.values() for group in report.groups))
_NAMES = "\n".join(f"  {name:<22} {report.question}" for name, report in REPORTS.items())
EPILOG = f"""reports:
{_NAMES}

Days are days in the shop's time zone, both ends included. Money is in one currency, the most used one unless named.

example:
  manage.py report return_rate --by month --from 2011-01-01 --to 2011-03-31 --goods-only --json

exit codes: 0 answered, 2 usage, 3 the database is away"""


class Command(ExplainedCommand):
    help = "Print one report: the same numbers as the dashboard, for any range of days."
    example = EPILOG

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=REPORTS, metavar="NAME", help="which report, see below")
        parser.add_argument("--by", choices=GROUPS, default="", help="one row each")
        parser.add_argument("--from", dest="start", type=day, metavar="D", help="first day, as 2011-01-31")
        parser.add_argument("--to", dest="end", type=day, metavar="D", help="last day, as 2011-12-31")
        parser.add_argument("--goods-only", action="store_true", help="count lines of merchandise only")
        parser.add_argument("--country", default="", help="only this country, as orders name it")
        parser.add_argument("--currency", default="", help="three letters, as GBP")
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--json", action="store_true", help="print a JSON array")
        output.add_argument("--csv", action="store_true", help="print CSV, harmless in a spreadsheet")

    def handle(self, *args: Any, **options: Any) -> None:
        report = REPORTS[options["name"]]
        if options["by"] and options["by"] not in report.groups:
            known = ", ".join(report.groups) or "nothing"
            raise CommandError(f"{options['name']} cannot be asked by {options['by']}, only by {known}.", returncode=2)
        if options["start"] and options["end"] and options["start"] > options["end"]:
            raise CommandError("The first day (--from) is after the last day (--to).", returncode=2)
        period = shop_period(options["start"], options["end"])
        known_choices = choices.answer(period.zone)
        currency = options["currency"].upper() or known_choices.currency
        if options["currency"] and currency not in known_choices.currencies:
            raise CommandError(f"There is nothing in the currency {currency[:3]!r}.", returncode=2)
        if not options["currency"] and len(known_choices.currencies) > 1:
            others = ", ".join(known_choices.currencies[1:])
            self.stderr.write(f"in {currency}; for {others} add --currency")
        filters = Filters(currency, options["country"], goods_only=options["goods_only"])
        self._print(report.ask(period, filters, options["by"]), options)

    def _print(self, rows: list[Row], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(rows, default=_plain, ensure_ascii=False))
            return
        head = list(rows[0]) if rows else []
        table = [list(row.values()) for row in rows]
        if options["csv"]:
            for line in lines(head, table) if head else ():
                self.stdout.write(line, ending="")
            return
        texts = [head, *([_words(value) for value in row] for row in table)]
        widths = [max(len(row[n]) for row in texts) for n in range(len(head))]
        for row in texts:
            self.stdout.write("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        if not rows:
            self.stdout.write("Nothing in this period.")


def _plain(value: Any) -> float | str:
    """Rates and means as JSON numbers: they are no money, so nothing is lost beyond their last decimal."""
    return float(value) if isinstance(value, Decimal) else value.isoformat()


def _words(value: Any) -> str:
    return "–" if value is None else str(value)
