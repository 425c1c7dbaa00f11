import sys
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser

from oms.management.explained import ExplainedCommand
from oms.money import amount_text
from refunds.conservation import Balance, balances

SHOWN = 100
EXAMPLE = """examples:
  manage.py conservation           totals per currency, then a line per order that drifts
  manage.py conservation --json    {"currencies": [{"currency": …, "captured": …, …, "drift": "0.00"}], "drifting": […]}

exit codes: 0 the drift is zero, 1 it is not, 2 usage, 3 the database is away"""


class Command(ExplainedCommand):
    help = "Compare captured = refunded + kept of every order in the payments with the journal; the drift must read 0."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        totals: dict[str, dict[str, Any]] = {}
        drifting: list[Balance] = []
        for one in balances():
            _add(totals, one)
            if one.drift:
                drifting.append(one)
        if options["json"]:
            currencies = [_words(code, total) for code, total in totals.items()]
            self.write_json({"currencies": currencies, "drifting": [_order(one) for one in drifting[:SHOWN]]})
        else:
            self._show(totals, drifting)
        if drifting:
            sys.exit(1)

    def _show(self, totals: dict[str, dict[str, Any]], drifting: list[Balance]) -> None:
        for code, total in totals.items():
            words = _words(code, total)
            self.stdout.write(
                f"{code}: {words['orders']:,} orders, captured {words['captured']} = refunded {words['refunded']}"
                f" + kept {words['kept']}; drift {words['drift']}"
            )
        for one in drifting[:SHOWN]:
            self.stdout.write(
                f"order {one.order}: captured {one.captured} (journal {one.captured_in_journal}), refunded"
                f" {one.refunded} (journal {one.refunded_in_journal}, settled refunds {one.refunds_settled})"
            )
        if len(drifting) > SHOWN:
            self.stdout.write(f"… and {len(drifting) - SHOWN:,} more")
        if not totals:
            self.stdout.write("No money was ever captured here; drift 0.")


def _add(totals: dict[str, dict[str, Any]], one: Balance) -> None:
    total = totals.setdefault(
        one.currency, {"orders": 0} | dict.fromkeys(("captured", "refunded", "kept", "drift"), Decimal(0))
    )
    total["orders"] += 1
    for name in ("captured", "refunded", "kept", "drift"):
        total[name] += getattr(one, name)


def _words(code: str, total: dict[str, Any]) -> dict[str, Any]:
    amounts = {name: amount_text(total[name], code) for name in ("captured", "refunded", "kept", "drift")}
    return {"currency": code, "orders": total["orders"], **amounts}


def _order(one: Balance) -> dict[str, str]:
    names = ("captured", "refunded", "captured_in_journal", "refunded_in_journal", "refunds_settled", "drift")
    amounts = {name: amount_text(getattr(one, name), one.currency) for name in names}
    return {"order": one.order, "currency": one.currency, **amounts}
