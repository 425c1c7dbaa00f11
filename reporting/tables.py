"""Figures as tables and lists for the pages of the dashboard."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms.templatetags.components import money
from reporting import findings, links
from reporting.charts.line import step_name
from reporting.charts.map import CLASSES
from reporting.dashboard import Figures
from reporting.findings import ENDINGS, number, percent
from reporting.period import Filters
from reporting.reasons import ACTIONS, CAUSE_NAMES
from reporting.regions import ENOUGH_ORDERS
from reporting.rows import Listing
from reporting.stages import CLOCKS, NAMES

if TYPE_CHECKING:
    from reporting.forms import RowsForm

COSTS = {
    "labels": gettext_lazy("Label"),
    "handling": gettext_lazy("Handling"),
    "written_off": gettext_lazy("Written off"),
}
Cell = Any


# ── The charts of the dashboard, each with its table ──────────────────────────────────────────────────────────────


def charts(figures: Figures) -> list[dict[str, Any]]:
    """What each chart needs: name, title, size, table and the addresses of its pictures."""
    return [
        _chart(figures, "regions", findings.regions, "wide", _regions(figures)) | _map_notes(figures),
        _chart(figures, "reasons", findings.reasons, "narrow", _reasons(figures)),
        _chart(figures, "processing-time", findings.processing_time, "wide", _times(figures)),
        _chart(figures, "stages", findings.stages, "narrow", _stages(figures)),
        _chart(figures, "products", findings.products, "wide", _products(figures)),
        _chart(figures, "refunds", findings.refunds, "narrow", _refunds(figures)),
    ]


def _chart(figures: Figures, name: str, title: Any, size: str, table: dict[str, Any]) -> dict[str, Any]:
    report = name.replace("-", "_")
    report = {"stages": "bottlenecks", "refunds": "refund_rate"}.get(report, report)
    address = f"{reverse('reporting:report_csv', args=[report])}?{links.query(figures.period, figures.filters)}"
    return {
        "name": name,
        "title": title(figures),
        "size": size,
        "wide_url": links.chart(name, figures.period, figures.filters) if size == "wide" else "",
        "narrow_url": links.chart(name, figures.period, figures.filters, width="narrow"),
        "csv_url": address,
        **table,
    }


def _map_notes(figures: Figures) -> dict[str, Any]:
    ends = [percent(end, 0).replace("\N{NO-BREAK SPACE}%", "") for end in CLASSES]
    names = [f"≤ {ends[0]} %", *(f"{a}–{b} %" for a, b in pairwise(ends)), f"> {ends[-1]} %"]
    return {
        "legend": [{"class": f"legend__map-{place}", "label": name} for place, name in enumerate(names, 1)],
        "aside_title": _("Not on any map"),
        "aside": [
            {
                "text": f"{region.country or _('No country')}: {percent(region.rate)}",
                "url": links.rows("orders", figures.period, figures.filters.but(country=region.country), returned=1)
                if region.country
                else "",
                "sub": _("%(part)d of %(all)d orders") % {"part": region.orders_returned, "all": region.orders},
            }
            for region in figures.regions
            if not region.place
        ],
    }


def _regions(figures: Figures) -> dict[str, Any]:
    return {
        "note": _("Orders of which something came back, of all orders. Lightest: low, or fewer than %(few)d orders")
        % {"few": ENOUGH_ORDERS},
        "columns": _columns(_("Country"), +1, _("Return rate"), _("Orders"), _("With a return"), _("Worth")),
        "rows": [
            [
                region.country or "–",
                percent(region.rate),
                _link(figures, region.orders, "orders", country=region.country),
                _link(figures, region.orders_returned, "orders", country=region.country, returned=1),
                money(region.value_returned, figures.filters.currency),
            ]
            for region in figures.regions
        ],
    }


def _reasons(figures: Figures) -> dict[str, Any]:
    named = [reason for reason in figures.reasons if reason.code and reason.returns]
    silent = sum(reason.returns for reason in figures.reasons if not reason.code)
    note = _("Returns that name the reason")
    if silent:
        note = _("%(note)s; %(count)s more say nothing") % {"note": note, "count": number(silent)}
    causes = [reason.cause for reason in named if reason.cause]
    return {
        "note": note,
        "advice": [str(ACTIONS[cause]) for cause in dict.fromkeys(causes[:2])],
        "columns": _columns(_("Reason"), +1, _("Returns"), _("Before"), _("Units")),
        "rows": [
            [
                {"text": reason.label, "sub": CAUSE_NAMES.get(reason.cause, "")},
                _link(figures, reason.returns, "returns", reason=reason.code),
                number(reason.returns_before),
                number(reason.units),
            ]
            for reason in named
        ],
    }


def _times(figures: Figures) -> dict[str, Any]:
    return {
        "note": _("Mean business days from asking to settled, by the day of settling"),
        "columns": _columns(_("From"), +1, _("Returns"), _("Business days"), _("Calendar days"), _("Within promise")),
        "rows": [
            [
                step_name(step),
                {"text": number(found.returns), "url": links.rows("settled", step, figures.filters)},
                number(found.mean_business_days, 1),
                number(found.mean_days, 1),
                percent(found.hit_rate, 0),
            ]
            for step, found in zip(figures.steps, figures.times.steps, strict=True)
        ],
    }


def _stages(figures: Figures) -> dict[str, Any]:
    return {
        "note": _("Mean time in each stage, and whom it waits for"),
        "legend": [{"class": f"legend__{clock}", "label": name} for clock, name in CLOCKS.items()],
        "columns": _columns(_("Stage"), +1, _("Mean"), _("Median"), _("9 of 10 within"), _("Standing there now")),
        "rows": [
            [
                {"text": str(NAMES[stage.code][0]), "sub": str(CLOCKS[stage.clock])},
                {
                    "text": findings.hours(stage.mean_hours),
                    "url": links.rows("settled", figures.period, figures.filters, stage=stage.code),
                },
                findings.hours(stage.median_hours),
                findings.hours(stage.slow_hours),
                {
                    "text": number(stage.waiting),
                    "url": links.rows("waiting", figures.period, figures.filters, stage=stage.code),
                }
                if stage.waiting
                else "0",
            ]
            for stage in figures.stages
        ],
    }


def _refunds(figures: Figures) -> dict[str, Any]:
    found = figures.refunds.now
    return {
        "note": _("Returned items by how they ended"),
        "legend": [
            {"class": f"legend__{ending}", "label": f"{name}: {number(getattr(found, ending))}"}
            for ending, name in ENDINGS.items()
            if getattr(found, ending)
        ],
        "columns": _columns(_("Ended"), +1, _("Items"), _("Share")),
        "rows": [
            [
                str(name),
                _link(figures, getattr(found, ending), "items", ending=ending),
                percent(Decimal(getattr(found, ending)) / found.items) if found.items else "–",
            ]
            for ending, name in ENDINGS.items()
        ],
    }


def _products(figures: Figures) -> dict[str, Any]:
    return {
        "note": _("Ranked by a rate drawn towards the shop's own, so that one of one does not lead"),
        "columns": _columns(_("Product"), +1, _("Return rate"), _("Orders"), _("With a return"), _("Points at")),
        "rows": [
            [
                {"text": findings.title(product), "sub": product.sku},
                percent(product.rate),
                number(product.orders),
                {
                    "text": number(product.orders_returned),
                    "url": links.rows(
                        "orders",
                        figures.period,
                        figures.filters.but(sku=product.sku, goods_only=True),
                        returned=1,
                    ),
                },
                str(CAUSE_NAMES.get(product.cause, "–")),
            ]
            for product in figures.products
        ],
    }


def _columns(*labels: Any) -> list[dict[str, Any]]:
    """Labels of columns; those after +1 hold numbers."""
    numbers, found = False, []
    for label in labels:
        if label == 1:
            numbers = True
        else:
            found.append({"label": label, "number": numbers})
    return found


def _link(figures: Figures, count: int, kind: str, *, country: str = "", reason: str = "", **more: Any) -> Cell:
    changed = {name: value for name, value in (("country", country), ("reason", reason)) if value}
    url = links.rows(kind, figures.period, figures.filters.but(**changed), **more)
    return {"text": number(count), "url": url} if count else "0"


# ── The rows behind a number ──────────────────────────────────────────────────────────────────────────────────────

_NUMBERS = {"number", "money"}


def columns(listing: Listing) -> list[dict[str, Any]]:
    return [{"label": label, "number": kind in _NUMBERS} for _name, label, kind in listing.columns if kind != "hidden"]


def head(listing: Listing) -> list[str]:
    return [name for name, _label, _kind in listing.columns]


def cells(listing: Listing, rows: Iterable[list[Any]], zone: str) -> list[list[Cell]]:
    names = [name for name, _label, _kind in listing.columns]
    clock = ZoneInfo(zone)
    found = []
    for row in rows:
        values = dict(zip(names, row, strict=True))
        shown = [(kind, values[name]) for name, _label, kind in listing.columns if kind != "hidden"]
        found.append([_cell(kind, value, values, clock) for kind, value in shown])
    return found


def _cell(kind: str, value: Any, row: dict[str, Any], clock: ZoneInfo) -> Cell:
    if value is None:
        return "–"
    if kind == "money":
        return money(value, row.get("currency", ""))
    if kind == "number":
        return number(value, 1 if isinstance(value, Decimal) and value % 1 else 0)
    if kind == "moment":
        assert isinstance(value, datetime)
        return date_format(value.astimezone(clock), "j M Y, H:i")
    if kind == "ending":
        return str(ENDINGS.get(value, value))
    if kind == "cost":
        return str(COSTS.get(value, value))
    if kind == "order":
        return {"text": value, "url": _address("orders:detail", value)}
    if kind == "unit":
        return {"text": value, "url": _address("inventory:unit", value)}
    if kind == "return":
        return {"text": value, "url": _address("returns:detail", row.get("number") or "")}
    return str(value) or "–"


def _address(name: str, number: str) -> str:
    try:
        return reverse(name, args=[number]) if number else ""
    except NoReverseMatch:
        return ""


def chips(form: "RowsForm") -> list[dict[str, str]]:
    """What the list is narrowed to, each with the address of the list without it."""
    data = form.cleaned_data
    words = {
        "country": data["country"],
        "sku": data["sku"],
        "reason": data["reason"],
        "ending": str(ENDINGS.get(data["ending"], "")),
        "returned": _("something came back") if data["returned"] else "",
        "goods": _("goods only") if data["goods"] else "",
        **{name: data[name] for name in ("condition", "carrier", "back", "packaging")},
    }
    found = []
    for name, text in words.items():
        if text:
            rest = form.data.copy()
            rest.pop(name, None)
            rest.pop("page", None)
            found.append({"text": text, "url": f"?{rest.urlencode()}"})
    return found


def narrowing(form: "RowsForm") -> dict[str, Any]:
    data = form.cleaned_data
    found = {"ending": data["ending"], "stage": data["stage"], "returned": 1 if data["returned"] else ""}
    found |= {name: data[name] for name in ("condition", "carrier", "back", "packaging")}
    return {name: value for name, value in found.items() if value}


def of_dashboard(filters: Filters) -> Filters:
    return Filters(filters.currency, filters.country)


def with_colors(svg: str) -> str:
    """A drawing as a file of its own: it names the stylesheet that holds the colors."""
    return f'<?xml-stylesheet type="text/css" href="{static("css/drawing.css")}"?>\n{svg}'
