import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser

from oms import shops
from oms.management.explained import ExplainedCommand, day
from refunds.accounting import LAYOUTS, Days

_NAMES = "\n".join(f"  {name}" for name in LAYOUTS)
EXAMPLE = f"""layouts:
{_NAMES}

Days are days in the shop's time zone, both ends included. The same days of closed months give the same bytes.

examples:
  manage.py export_books --layout beancount --from 2026-10-01 --to 2026-10-31 --out october.beancount
  manage.py export_books --layout xero_sales_credit_note --from 2026-10-01 --to 2026-10-31 > october.csv

exit codes: 0 exported, 2 usage or a file that cannot be written, 3 the database is away"""


class Command(ExplainedCommand):
    help = "Write the books of some days in a form that accounting programs read, line by line as it is made."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--layout", choices=LAYOUTS, required=True, metavar="NAME", help="which form, see below")
        parser.add_argument("--from", dest="first", type=day, required=True, metavar="D", help="first day")
        parser.add_argument("--to", dest="last", type=day, required=True, metavar="D", help="last day")
        parser.add_argument("--out", default="-", metavar="FILE", help="where to; left out or -, printed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["first"] > options["last"]:
            raise CommandError("The first day (--from) is after the last day (--to).", returncode=2)
        days = Days(options["first"], options["last"], ZoneInfo(shops.current().time_zone))
        lines = LAYOUTS[options["layout"]].lines(days)
        if options["out"] == "-":
            for line in lines:
                self.stdout.write(line, ending="")
        else:
            self.stderr.write(f"{_write(Path(options['out']), lines):,} lines → {options['out']}")


def _write(path: Path, lines: Iterator[str]) -> int:
    """Write beside the file first, so that it is there whole or not at all."""
    if path.is_dir():
        raise CommandError(f"{path} cannot be written: it is a folder", returncode=2)
    part, count = path.with_name(f"{path.name}.part{os.getpid()}"), 0
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            for line in lines:
                file.write(line)
                count += 1
        part.replace(path)
    except OSError as problem:
        raise CommandError(f"{path} cannot be written: {problem.strerror}", returncode=2) from None
    finally:
        part.unlink(missing_ok=True)
    return count
