"""Looking at all of it and keeping what was seen: nightly in a worker, and when somebody asks."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import transaction

from oms.money import MoneyError, amount_text
from refunds.conservation.orders import Balance, balances
from refunds.conservation.taxes import taxes
from refunds.conservation.units import units
from refunds.models import ConservationFinding, ConservationRun
from refunds.states import Reading

logger = logging.getLogger(__name__)

TOTALS = ("captured", "refunded", "credited", "charged_back", "kept", "drift")
ORDER = (
    "captured", "captured_in_journal", "refunded", "refunded_in_journal", "refunds_settled", "credited",
    "credited_in_journal", "charged_back", "charged_back_in_journal",
)  # fmt: skip
UNIT = ("gross", "credited", "tax", "credited_tax", "on_memos", "in_events")
TAX = ("captured", "captured_in_journal", "refunded", "refunded_in_journal")
MOST_KEPT = 1000


def watch(*, by: str, at: datetime) -> ConservationRun:
    """Read all three books and keep what was seen, with the first MOST_KEPT things that drift."""
    with transaction.atomic():
        sums: dict[str, dict[str, Any]] = {}
        drifting = [one for one in _added(balances(), sums) if one.drift]
        by_unit = [one for one in units() if one.drift]
        by_tax = [one for one in taxes(drifting=True) if one.drift]
        run = ConservationRun.objects.create(
            asked_by=by,
            ran_at=at,
            orders=sum(one["orders"] for one in sums.values()),
            totals=[
                {"currency": code, "orders": one["orders"]} | {name: text(one[name], code) for name in TOTALS}
                for code, one in sums.items()
            ],
            drifting=len(drifting) + len(by_unit) + len(by_tax),
        )
        found = [
            *(_finding(run, Reading.ORDER, one, "", ORDER) for one in drifting),
            *(_finding(run, Reading.UNIT, one, one.sku, UNIT) for one in by_unit),
            *(_finding(run, Reading.TAX, one, _rate(one.rate), TAX) for one in by_tax),
        ]
        ConservationFinding.objects.bulk_create(islice(found, MOST_KEPT), batch_size=500)
    if run.drifting:
        logger.error("money is not conserved: %s of %s orders, lines or tax lines drift", run.drifting, run.orders)
    return run


def text(amount: Decimal, currency: str) -> str:
    """The amount in its currency's decimals; what was changed by hand may have more and is shown all the same."""
    try:
        return amount_text(amount, currency)
    except MoneyError:
        return f"{amount:f}"


def _added(read: Iterable[Balance], sums: dict[str, dict[str, Any]]) -> Iterator[Balance]:
    """Pass everything on, adding it up by currency."""
    for one in read:
        total = sums.setdefault(one.currency, {"orders": 0} | dict.fromkeys(TOTALS, Decimal(0)))
        total["orders"] += 1
        for name in TOTALS:
            total[name] += getattr(one, name)
        yield one


def _finding(
    run: ConservationRun, reading: Reading, one: Any, subject: str, names: Iterable[str]
) -> ConservationFinding:
    return ConservationFinding(
        run=run,
        reading=reading,
        order_number=one.order,
        subject=subject[:60],
        currency=one.currency,
        drift=one.drift,
        amounts={name: text(getattr(one, name), one.currency) for name in names},
    )


def _rate(rate: Decimal | None) -> str:
    return "" if rate is None else f"{rate.normalize():f} %"
