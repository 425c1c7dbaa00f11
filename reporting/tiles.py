"""The key figures at the top of the dashboard, in the words of `components/tile.html`."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.templatetags.components import MINUS, money
from reporting import links
from reporting.dashboard import Course, Figures, points
from reporting.findings import number, percent

Tile = dict[str, Any]


def tiles(figures: Figures) -> list[Tile]:
    return [_returns(figures), _refunds(figures), _times(figures), _costs(figures), _lost(figures), _csat(figures)]


def _returns(figures: Figures) -> Tile:
    course = figures.returns
    return {
        "label": _("Return rate"),
        "value": percent(course.now.rate_by_order),
        "unit": _("of %(all)s orders") % {"all": number(course.now.orders)},
        "url": links.rows("orders", figures.period, figures.filters, returned=1),
        "points": points(course, lambda found: found.rate_by_order),
        **_in_points(course.now.rate_by_order, course.before.rate_by_order, less_is_good=True),
    }


def _refunds(figures: Figures) -> Tile:
    course = figures.refunds
    items = number(course.now.items)
    return {
        "label": _("Refund rate"),
        "value": percent(course.now.rate),
        "unit": _("of %(all)s returned items") % {"all": items},
        "url": links.rows("items", figures.period, figures.filters),
        "points": points(course, lambda found: found.rate),
        **_in_points(course.now.rate, course.before.rate, less_is_good=None),
    }


def _times(figures: Figures) -> Tile:
    course = figures.times
    now, before = course.now, course.before
    tile: Tile = {
        "label": _("Processing time"),
        "value": "–" if now.mean_business_days is None else number(now.mean_business_days, 1),
        "unit": ngettext("business days, promised %(days)d", "business days, promised %(days)d", now.target)
        % {"days": now.target},
        "url": links.rows("settled", figures.period, figures.filters),
        "points": points(course, lambda found: found.mean_business_days),
    }
    if now.mean_business_days is None or before.mean_business_days is None:
        return tile | {"against": _nothing_before(now.mean_business_days)}
    change = now.mean_business_days - before.mean_business_days
    return tile | _changed(change, _signed(change, 1), less_is_good=True)


def _costs(figures: Figures) -> Tile:
    course = figures.costs
    return {
        "label": _("Cost of returns"),
        "value": _round(course.now.hard, figures),
        "unit": _("labels, handling, write-offs"),
        "url": links.rows("costs", figures.period, figures.filters),
        "points": points(course, lambda found: found.hard),
        **_in_percent(course.now.hard, course.before.hard),
    }


def _lost(figures: Figures) -> Tile:
    course = figures.costs
    return {
        "label": _("Lost revenue"),
        "value": _round(course.now.lost_revenue, figures),
        "unit": _("an estimate"),
        "url": links.rows("returns", figures.period, figures.filters),
        "points": points(course, lambda found: found.lost_revenue),
        **_in_percent(course.now.lost_revenue, course.before.lost_revenue),
    }


def _csat(figures: Figures) -> Tile:
    course: Course = figures.satisfaction
    now, before = course.now.score, course.before.score
    tile: Tile = {
        "label": _("Customers’ verdict"),
        "value": "–" if now is None else number(now, 1),
        "unit": ngettext("of 5, %(count)d answer", "of 5, %(count)d answers", course.now.answers)
        % {"count": course.now.answers},
        "url": links.rows("surveys", figures.period, figures.filters),
        "points": points(course, lambda found: found.score),
    }
    if now is None or before is None:
        return tile | {"against": _nothing_before(now)}
    return tile | _changed(now - before, _signed(now - before, 1), less_is_good=False)


def _round(amount: Decimal, figures: Figures) -> str:
    """An amount as a headline: whole units of the currency from a thousand on."""
    text = money(amount, figures.filters.currency)
    return text.rpartition(".")[0] if amount >= 1000 and "." in text[-4:] else text


def _in_points(now: Decimal | None, before: Decimal | None, *, less_is_good: bool | None) -> Tile:
    if now is None or before is None:
        return {"against": _nothing_before(now)}
    change = 100 * (now - before)
    return _changed(change, _("%(change)s pts") % {"change": _signed(change, 1)}, less_is_good=less_is_good)


def _in_percent(now: Decimal, before: Decimal) -> Tile:
    if not before:
        return {"against": _nothing_before(now or None)}
    change = 100 * (now - before) / before
    return _changed(change, f"{_signed(change, 0)}\N{NO-BREAK SPACE}%", less_is_good=True)


def _changed(change: Decimal, text: str, *, less_is_good: bool | None) -> Tile:
    if not any(digit in text for digit in "123456789"):
        return {"against": _("as in the period before")}
    is_more = change > 0
    meaning = "" if less_is_good is None else "bad" if is_more == less_is_good else "good"
    against = _("on the period before")
    return {"delta": text, "direction": "up" if is_more else "down", "meaning": meaning, "against": against}


def _nothing_before(now: object) -> str:
    return _("nothing in this period") if now is None else _("nothing to compare with")


def _signed(change: Decimal, decimals: int) -> str:
    return f"{MINUS if change < 0 else '+'}{number(abs(change), decimals)}"
