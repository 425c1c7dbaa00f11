"""Every question as a table of plain values: what the command prints and a CSV holds.

Rates are numbers with 6 decimals or None, money is text with 3 decimals in the currency asked for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone

from refunds.liability import by_age, totals
from reporting import (
    bottlenecks,
    costs,
    csat,
    processing_time,
    products,
    reasons,
    refund_rate,
    refund_taxes,
    regions,
    return_rate,
    shelf,
    units,
)
from reporting.period import Filters, Period

Row = dict[str, Any]
Asked = Callable[[Period, Filters, str], list[Row]]


@dataclass(frozen=True)
class Report:
    """A question with its name. `groups`: what it can be asked by."""

    ask: Asked
    question: str
    groups: tuple[str, ...] = ()


def money(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.001"), ROUND_HALF_UP))


def _return_rate(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": row.key,
            "orders": row.orders,
            "returns": row.returns,
            "orders_returned": row.orders_returned,
            "units_sold": row.units_sold,
            "units_returned": row.units_returned,
            "value_sold": money(row.value_sold),
            "value_returned": money(row.value_returned),
            "rate_by_invoice": row.rate_by_invoice,
            "rate_by_order": row.rate_by_order,
            "rate_by_units": row.rate_by_units,
            "rate_by_value": row.rate_by_value,
        }
        for row in return_rate.answer(period, filters, by)
    ]


def _refund_rate(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": key,
            "items": found.items,
            "full": found.full,
            "partial": found.partial,
            "unmatched": found.unmatched,
            "none": found.none,
            "refund_rate": found.rate,
        }
        for key, found in _by(by, refund_rate.by_day(period, filters), refund_rate.total)
    ]


def _processing_time(period: Period, filters: Filters, by: str) -> list[Row]:
    rows = [
        {
            "key": key,
            "returns": found.returns,
            "mean_days": found.mean_days,
            "mean_business_days": found.mean_business_days,
            "target_business_days": found.target,
            "within_target": found.within_target,
            "hit_rate": found.hit_rate,
        }
        for key, found in _by(by, processing_time.by_day(period, filters), processing_time.total)
    ]
    if not by:
        waited = processing_time.waited(period, filters)
        rows[0] |= {f"hours_waiting_for_{clock}": hours for clock, hours in waited.items()}
    return rows


def _costs(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": key,
            "labels": money(found.labels),
            "handling": money(found.handling),
            "written_off": money(found.written_off),
            "hard_cost": money(found.hard),
            "lost_revenue_estimated": money(found.lost_revenue),
            "returns_handled": found.returns_handled,
        }
        for key, found in _by(by, costs.by_day(period, filters), costs.total)
    ]


def _csat(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": key,
            "answers": found.answers,
            "score": found.score,
            **found.scores,
            "satisfied": found.satisfied,
            "share_satisfied": found.share_satisfied,
        }
        for key, found in _by(by, csat.by_day(period, filters), csat.total)
    ]


def _reasons(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": row.code,
            "label": row.label,
            "returns": row.returns,
            "returns_before": row.returns_before,
            "units_returned": row.units,
            "value_returned": money(row.value),
            "cause": row.cause,
        }
        for row in reasons.answer(period, filters)
    ]


def _regions(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": row.country,
            "place": row.place,
            "orders": row.orders,
            "orders_returned": row.orders_returned,
            "returns": row.returns,
            "value_returned": money(row.value_returned),
            "rate_by_order": row.rate,
        }
        for row in regions.answer(period, filters)
    ]


def _products(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": row.sku,
            "title": row.title,
            "orders": row.orders,
            "orders_returned": row.orders_returned,
            "units_returned": row.units_returned,
            "value_returned": money(row.value_returned),
            "rate_by_order": row.rate,
            "rate_smoothed": row.smoothed,
            "cause": row.cause,
        }
        for row in products.answer(period, filters, listed=100)
    ]


def _bottlenecks(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": row.code,
            "clock": row.clock,
            "passages": row.passages,
            "mean_hours": row.mean_hours,
            "median_hours": row.median_hours,
            "slow_hours": row.slow_hours,
            "share": row.share,
            "waiting": row.waiting,
            "waiting_since": row.waiting_since,
        }
        for row in bottlenecks.answer(period, filters)
    ]


def _store_credit_liability(period: Period, filters: Filters, by: str) -> list[Row]:
    """As it stands now, whatever the period. The last row is all of it, beside what the books say."""
    now = timezone.now()
    found = by_age(now, filters.currency)
    rows = [
        {
            "key": one.category,
            "age_in_days": one.age,
            "credits": one.grants,
            "owed": money(one.owed),
            "set_aside": money(one.held),
            "past_its_day": money(one.overdue),
            "owed_in_the_books": None,
        }
        for one in found
    ]
    for total in totals(now):
        if total.currency == filters.currency:
            rows.append(
                {
                    "key": "total",
                    "age_in_days": None,
                    "credits": sum(one.grants for one in found),
                    "owed": money(total.owed),
                    "set_aside": money(sum((one.held for one in found), Decimal(0))),
                    "past_its_day": money(sum((one.overdue for one in found), Decimal(0))),
                    "owed_in_the_books": money(total.booked),
                }
            )
    return rows


def _returned_units(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "key": row.key,
            "units": row.units,
            "still_here": row.here,
            "value": money(row.value),
            "mean_days": row.mean_days,
        }
        for row in units.answer(period, filters, by)
    ]


def _damage(period: Period, filters: Filters, by: str) -> list[Row]:
    return units.to_rows(units.everything(period, filters))


def _sellable_soon(period: Period, filters: Filters, by: str) -> list[Row]:
    """As it stands now, whatever the period."""
    return [
        {
            "key": one.sku,
            "title": one.title,
            "under_way": one.under_way,
            "at_dock": one.at_dock,
            "share_passing": one.history.share.quantize(Decimal("0.000001")),
            "measured_on": one.history.basis,
            "looked_at": one.history.looked_at,
            "sellable_soon": one.sellable,
            "first_day": one.first,
        }
        for one in shelf.answer(timezone.now())
    ]


def _refund_taxes(period: Period, filters: Filters, by: str) -> list[Row]:
    return [
        {
            "month": row.month or None,
            "country": row.country or None,
            "rate": None if row.rate is None else f"{row.rate.normalize():f}",
            "refunds": row.refunds,
            "net": money(row.net),
            "tax": money(row.tax),
            "gross": money(row.gross),
        }
        for row in refund_taxes.answer(period, filters, by)
    ]


REPORTS = {
    "return_rate": Report(_return_rate, "how much comes back", ("month", "country", "product", "reason")),
    "refund_rate": Report(_refund_rate, "what share of the returned items is refunded, in full or in part", ("month",)),
    "processing_time": Report(_processing_time, "how long a return takes, from asking to settled", ("month",)),
    "reasons": Report(_reasons, "why things come back"),
    "costs": Report(_costs, "what returns cost; lost revenue, an estimate, apart", ("month",)),
    "csat": Report(_csat, "how customers found it", ("month",)),
    "refund_taxes": Report(
        _refund_taxes, "which sales tax went back, by month, country and rate", ("month", "country")
    ),
    "returned_units": Report(
        _returned_units,
        "what came back: how many, still here, worth what, how old",
        ("condition", "reason", "location", "product"),
    ),
    "damage": Report(_damage, "what came back damaged, by carrier, packing and product"),
    "sellable_soon": Report(_sellable_soon, "what is on its way back or at the dock, and how much may be sold"),
    "regions": Report(_regions, "where things come back from, and where that is on the map"),
    "products": Report(_products, "which products come back too often, and probably why"),
    "bottlenecks": Report(_bottlenecks, "where the time goes, stage by stage"),
    "store_credit_liability": Report(_store_credit_liability, "store credit owed now, by age, beside the books"),
}


def _by(by: str, days: dict[date, Any], total: Callable[[Iterable[Any]], Any]) -> list[tuple[str, Any]]:
    """Add up days to months, or to one row with the key "all"."""
    if not by:
        return [(return_rate.ALL, total(days.values()))]
    months = sorted({f"{day:%Y-%m}" for day in days})
    return [(month, total(part for day, part in days.items() if f"{day:%Y-%m}" == month)) for month in months]
