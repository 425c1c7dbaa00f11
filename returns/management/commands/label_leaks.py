"""Labels never used, from the terminal."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from oms.management.explained import ExplainedCommand
from oms.money import amount_text
from returns import leaks
from returns.models import Parcel

MOST = 1000
EXAMPLE = """examples:
  manage.py label_leaks --dry-run     labels that were bought, never scanned, and can still be given back
  manage.py label_leaks               give them back to their carriers now, and ask what became of earlier ones
  manage.py label_leaks --json        {"given_back": 2, "scanned": 0, "unanswered": 0, "answers": 1, "too_late": [],
                                       "recovered": [{"month": "2026-11", "carrier": "UPS", "labels": 1, …}]}

The same happens every night. A label with a scan is never given back.

exit codes: 0 done, 1 some label is past its carrier's time, 2 usage, 3 a carrier or the database is away"""


class Command(ExplainedCommand):
    help = "Give labels that were paid for and never used back to their carriers, and say what came back."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list what would be given back, ask no carrier")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        found, late = leaks.to_give_back(at=now), leaks.too_late(at=now)
        night = leaks.Night() if options["dry_run"] else leaks.look(at=now, limit=MOST)
        if options["json"]:
            self.write_json(
                {
                    "dry_run": options["dry_run"],
                    "to_give_back": [_label(one) for one in found],
                    "given_back": night.given_back,
                    "scanned": night.scanned,
                    "unanswered": night.unanswered,
                    "answers": night.answers,
                    "too_late": [_label(one) for one in late],
                    "recovered": [
                        row | {"month": f"{row['month']:%Y-%m}", "amount": amount_text(row["amount"], row["currency"])}
                        for row in leaks.recovered()
                    ],
                }
            )
        else:
            self._say(found, late, night, tried=not options["dry_run"])
        if night.unanswered:
            raise CommandError("A carrier did not answer; the rest is tried again tonight.", returncode=3)
        if late:
            sys.exit(1)

    def _say(self, found: list[Parcel], late: list[Parcel], night: leaks.Night, *, tried: bool) -> None:
        for words, labels in (("to give back", found), ("too late", late)):
            for one in labels:
                self.stdout.write(f"{words}: {one.carrier} {one.tracking_number} {one.price} {one.currency} {one.rma}")
        if tried:
            self.stdout.write(
                f"{night.given_back} given back, {night.scanned} scanned after all, {night.answers} answered"
            )
        for row in leaks.recovered():
            amount = amount_text(row["amount"], row["currency"])
            self.stdout.write(f"{row['month']:%Y-%m} {row['carrier']}: {amount} {row['currency']} came back")


def _label(parcel: Parcel) -> dict[str, Any]:
    return {
        "rma": parcel.rma.number,
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "price": amount_text(parcel.price or 0, parcel.currency),
        "currency": parcel.currency,
        "until": last.date().isoformat() if (last := leaks.last_day(parcel)) else None,
    }
