"""Addresses of the dashboard and of the rows behind a number; filters are words in the address."""

from urllib.parse import urlencode

from django.urls import reverse

from reporting.period import Filters, Period


def query(period: Period, filters: Filters, **more: str | int) -> str:
    """The query that asks for the same period and filters again, and for `more`; empty parts are left out."""
    parts: dict[str, str | int] = {}
    if period.start:
        parts["from"] = period.start.isoformat()
    if period.end:
        parts["to"] = period.end.isoformat()
    for name in ("currency", "country", "sku", "reason"):
        if value := getattr(filters, name):
            parts[name] = value
    if filters.goods_only:
        parts["goods"] = 1
    return urlencode({**parts, **more})


def dashboard(period: Period, filters: Filters, **more: str | int) -> str:
    return f"{reverse('reporting:dashboard')}?{query(period, filters, **more)}"


def damage(period: Period, filters: Filters) -> str:
    return f"{reverse('reporting:damage')}?{query(period, filters)}"


def chart(name: str, period: Period, filters: Filters, **more: str | int) -> str:
    return f"{reverse('reporting:chart', args=[name])}?{query(period, filters, **more)}"


def rows(kind: str, period: Period, filters: Filters, **more: str | int) -> str:
    return f"{reverse('reporting:rows', args=[kind])}?{query(period, filters, **more)}"


def rows_csv(kind: str, period: Period, filters: Filters, **more: str | int) -> str:
    return f"{reverse('reporting:rows_csv', args=[kind])}?{query(period, filters, **more)}"
