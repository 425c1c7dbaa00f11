import csv
import sys
from argparse import ArgumentTypeError
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from oms import shops
from oms.management.explained import ExplainedCommand
from oms.money import amount_text
from oms.trial_balance import Balance, Total, totals, trial_balance
from reporting.period import FIRST_DAY, LAST_DAY

EXAMPLE = """examples:
  manage.py trial_balance                           every account as it stands now, debits and credits
  manage.py trial_balance --at 2026-10-31           as it stood at the end of that day in the shop's time zone
  manage.py trial_balance --at 2026-10-31T12:00:00Z --json

exit codes: 0 every currency adds up to zero, 1 one does not, 2 usage, 3 the database is away"""
HEAD = ("currency", "number", "account", "name", "debits", "credits", "balance")


def instant(text: str) -> str:
    try:
        found = parse_datetime(text) or parse_date(text)
        if found and FIRST_DAY.year <= found.year <= LAST_DAY.year:
            return text
    except ValueError:
        pass
    raise ArgumentTypeError(f"{text!r} is not a day like 2026-10-31 or an instant like 2026-10-31T12:00:00Z")


class Command(ExplainedCommand):
    help = "Print the trial balance: what stands on each account at an instant; each currency must add up to zero."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", type=instant, metavar="D", help="a day or an instant; left out, now")
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--json", action="store_true", help="print one JSON object")
        output.add_argument("--csv", action="store_true", help="print CSV with a header row")

    def handle(self, *args: Any, **options: Any) -> None:
        at = _meant(options["at"]) if options["at"] else None
        balances = trial_balance(at)
        sums = list(totals(balances))
        if options["json"]:
            accounts = [dict(zip(HEAD, _words(one), strict=True)) for one in balances]
            self.write_json(
                {"at": at.isoformat() if at else None, "accounts": accounts, "totals": list(map(_sum, sums))}
            )
        elif options["csv"]:
            writer = csv.writer(self.stdout, lineterminator="\n")
            writer.writerow(HEAD)
            writer.writerows(_words(one) for one in balances)
        else:
            self._show(balances, sums)
        if any(one.off for one in sums):
            sys.exit(1)

    def _show(self, balances: list[Balance], sums: list[Total]) -> None:
        for one in balances:
            self.stdout.write(
                f"{one.currency}  {one.account.number}  {one.account.label:<32}"
                f"{amount_text(one.balance, one.currency):>18}"
            )
        for total in sums:
            debits, credits = (amount_text(amount, total.currency) for amount in (total.debits, total.credits))
            off = amount_text(total.off, total.currency)
            self.stdout.write(f"{total.currency}: debits {debits} − credits {credits} = {off}")
        if not balances:
            self.stdout.write("Nothing was booked up to then.")


def _meant(text: str) -> datetime:
    """A day is meant to its end; an instant without a zone is the shop's."""
    zone, found = ZoneInfo(shops.current().time_zone), parse_datetime(text) if "T" in text or " " in text else None
    if found is None:
        day = parse_date(text)
        assert day is not None
        found = datetime.combine(day, time.max)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _words(one: Balance) -> list[str]:
    amounts = [amount_text(amount, one.currency) for amount in (one.debits, one.credits, one.balance)]
    return [one.currency, one.account.number, one.account.value, str(one.account.label), *amounts]


def _sum(total: Total) -> dict[str, str]:
    amounts = {"debits": total.debits, "credits": total.credits, "off": total.off}
    return {"currency": total.currency} | {
        name: amount_text(amount, total.currency) for name, amount in amounts.items()
    }
