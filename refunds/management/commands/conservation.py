import sys
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser

from oms.management.explained import ExplainedCommand
from refunds.conservation import Balance, TaxReading, UnitReading, balances, taxes, units
from refunds.conservation.watching import TOTALS, text

SHOWN = 100
EXAMPLE = """examples:
  manage.py conservation           totals per currency, then a line for everything that drifts
  manage.py conservation --json    {"currencies": [{"currency": …, "captured": …, …, "drift": "0.00"}],
                                    "drifting": [orders], "units": [order lines], "taxes": [tax lines]}

exit codes: 0 the drift is zero, 1 it is not, 2 usage, 3 the database is away"""


class Command(ExplainedCommand):
    help = (
        "Compare captured = refunded + credited + charged back + kept per order, unit and tax line with the journal;"
        " drift must be 0."
    )
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
        by_unit = [one for one in units() if one.drift]
        by_tax = [one for one in taxes(drifting=True) if one.drift]
        if options["json"]:
            self.write_json(
                {
                    "currencies": [_words(code, total) for code, total in totals.items()],
                    "drifting": [_order(one) for one in drifting[:SHOWN]],
                    "units": [_unit(one) for one in by_unit[:SHOWN]],
                    "taxes": [_tax(one) for one in by_tax[:SHOWN]],
                }
            )
        else:
            self._show(totals, drifting)
            self._show_more(by_unit, by_tax)
        if drifting or by_unit or by_tax:
            sys.exit(1)

    def _show(self, totals: dict[str, dict[str, Any]], drifting: list[Balance]) -> None:
        for code, total in totals.items():
            words = _words(code, total)
            self.stdout.write(
                f"{code}: {words['orders']:,} orders, captured {words['captured']} = refunded {words['refunded']}"
                f" + credited {words['credited']} + charged back {words['charged_back']} + kept {words['kept']};"
                f" drift {words['drift']}"
            )
        for one in drifting[:SHOWN]:
            self.stdout.write(
                f"order {one.order}: captured {one.captured} (journal {one.captured_in_journal}), refunded"
                f" {one.refunded} (journal {one.refunded_in_journal}, settled refunds {one.refunds_settled}), credited"
                f" {one.credited} (journal {one.credited_in_journal}), charged back {one.charged_back} (journal"
                f" {one.charged_back_in_journal})"
            )
        if len(drifting) > SHOWN:
            self.stdout.write(f"… and {len(drifting) - SHOWN:,} more orders")
        if not totals:
            self.stdout.write("No money was ever captured here; drift 0.")

    def _show_more(self, by_unit: list[UnitReading], by_tax: list[TaxReading]) -> None:
        for unit in by_unit[:SHOWN]:
            self.stdout.write(
                f"order {unit.order}, {unit.sku}: {unit.returned} of {unit.sold} units, {unit.credited} of"
                f" {unit.gross}; credit memos {unit.on_memos} (events {unit.in_events})"
            )
        for tax in by_tax[:SHOWN]:
            rate = "no rate" if tax.rate is None else f"{tax.rate.normalize():f} %"
            self.stdout.write(
                f"order {tax.order}, tax at {rate}: taken in {tax.captured} (journal {tax.captured_in_journal}), given"
                f" back {tax.refunded} (journal {tax.refunded_in_journal})"
            )


def _add(totals: dict[str, dict[str, Any]], one: Balance) -> None:
    total = totals.setdefault(one.currency, {"orders": 0} | dict.fromkeys(TOTALS, Decimal(0)))
    total["orders"] += 1
    for name in TOTALS:
        total[name] += getattr(one, name)


def _words(code: str, total: dict[str, Any]) -> dict[str, Any]:
    amounts = {name: text(total[name], code) for name in TOTALS}
    return {"currency": code, "orders": total["orders"], **amounts}


def _order(one: Balance) -> dict[str, str]:
    names = (
        "captured", "refunded", "credited", "charged_back", "captured_in_journal", "refunded_in_journal",
        "credited_in_journal", "charged_back_in_journal", "refunds_settled", "drift",
    )  # fmt: skip
    return {"order": one.order} | _amounts(one, names)


def _unit(one: UnitReading) -> dict[str, Any]:
    counts = {"order": one.order, "sku": one.sku, "sold": one.sold, "returned": one.returned}
    names = ("gross", "tax", "credited", "credited_tax", "on_memos", "in_events")
    return counts | _amounts(one, (*names, "drift"))


def _tax(one: TaxReading) -> dict[str, Any]:
    rate = None if one.rate is None else f"{one.rate.normalize():f}"
    names = ("captured", "refunded", "captured_in_journal", "refunded_in_journal", "drift")
    return {"order": one.order, "rate": rate} | _amounts(one, names)


def _amounts(one: Any, names: tuple[str, ...]) -> dict[str, str]:
    return {"currency": one.currency} | {name: text(getattr(one, name), one.currency) for name in names}
