from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from oms import rendering, shops
from oms.access import may
from oms.spreadsheets import lines
from reporting import charts, choices, damage_tables, links, shelf, tables, units
from reporting.charts import CHARTS, WIDTHS
from reporting.dashboard import Figures, figures
from reporting.forms import PeriodForm, RowsForm, last_day
from reporting.remembered import remembered, watermark
from reporting.reports import REPORTS
from reporting.rows import LISTINGS, Listing
from reporting.tiles import tiles

PAGE_SIZE = 50
PRESETS = ((30, gettext_lazy("30 days")), (90, gettext_lazy("90 days")), (365, gettext_lazy("12 months")))


@require_safe
@may("see reports")
def dashboard(request: HttpRequest) -> HttpResponse:
    mark = watermark()
    form = _form(PeriodForm, request, mark)
    if not form.is_valid():
        return render(request, "reporting/dashboard.html", {"form": form, "title": _("Dashboard")}, status=400)
    found = _figures(form, mark)
    context = {
        "title": _("Dashboard"),
        "form": form.with_days(),
        "figures": found,
        "before": found.period.previous(),
        "presets": _presets(form),
        "tiles": tiles(found),
        "charts": tables.charts(found),
        "units_url": links.rows("units", found.period, found.filters),
        "damage_url": links.damage(found.period, found.filters),
        "warned": remembered("stock_warnings", mark=mark, find=lambda: shelf.counted(timezone.now())),
    }
    return render(request, "reporting/dashboard.html", context)


@require_safe
@may("see reports")
@gzip_page
@cache_control(private=True, max_age=60)
def chart(request: HttpRequest, name: str) -> HttpResponse:
    """One chart as SVG. As a page of its own it brings its colors along; inside the dashboard the page has them."""
    width = request.GET.get("width", "wide")
    if name not in CHARTS or width not in WIDTHS:
        raise Http404
    mark = watermark()
    form = _form(PeriodForm, request, mark)
    if not form.is_valid():
        return _refused(form)
    try:
        drawn = charts.svg(name, _figures(form, mark), width)
    except rendering.RendererAway:
        text = _("The chart cannot be drawn just now. The numbers below are complete.")
        status = 200 if request.headers.get("HX-Request") else 503
        return render(request, "reporting/no_chart.html", {"text": text}, status=status)
    if not request.headers.get("HX-Request"):
        drawn = tables.with_colors(drawn)
    return HttpResponse(drawn, content_type="image/svg+xml")


@require_safe
@may("see reports")
def damage(request: HttpRequest) -> HttpResponse:
    """What came back damaged, by who carried it, how it was packed and what it is; and what stands out (R68)."""
    form = _form(PeriodForm, request, watermark())
    if not form.is_valid():
        return render(request, "reporting/damage.html", {"form": form, "title": _("Damage")}, status=400)
    found = units.everything(form.period, form.filters)
    context = {
        "title": _("Damage"),
        "form": form.with_days(),
        **damage_tables.tables(found, form.period, form.filters),
        "csv_url": f"{reverse('reporting:report_csv', args=['damage'])}?{links.query(form.period, form.filters)}",
        "all_url": links.rows("units", form.period, form.filters),
        "dashboard_url": links.dashboard(form.period, form.filters),
    }
    return render(request, "reporting/damage.html", context)


@require_safe
@may("see reports")
def rows(request: HttpRequest, kind: str) -> HttpResponse:
    form, listing = _listing(request, kind)
    if listing is None:
        context = {"form": form, "title": _("Rows"), "dashboard_url": reverse("reporting:dashboard")}
        return render(request, "reporting/rows.html", context, status=400)
    page = Paginator(_Lazily(listing), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "title": listing.title,
        "form": form,
        "chips": tables.chips(form),
        "page": page,
        "columns": tables.columns(listing),
        "rows": tables.cells(listing, page.object_list, form.zone),
        "csv_url": links.rows_csv(kind, form.period, form.filters, **tables.narrowing(form)),
        "dashboard_url": links.dashboard(form.period, tables.of_dashboard(form.filters)),
    }
    return render(request, "reporting/rows.html", context)


@require_safe
@may("see reports")
def rows_csv(request: HttpRequest, kind: str) -> HttpResponse | StreamingHttpResponse:
    form, listing = _listing(request, kind)
    if listing is None:
        return _refused(form)
    return _file(f"{kind}-{form.period.start}-{form.period.end}", lines(tables.head(listing), _every(listing)))


@require_safe
@may("see reports")
def report_csv(request: HttpRequest, name: str) -> HttpResponse | StreamingHttpResponse:
    report = REPORTS.get(name.replace("-", "_"))
    if report is None:
        raise Http404
    form = _form(PeriodForm, request, watermark())
    if not form.is_valid():
        return _refused(form)
    found = report.ask(form.period, form.filters, "")
    table = lines(list(found[0]), (list(row.values()) for row in found)) if found else iter(())
    return _file(f"{name}-{form.period.start}-{form.period.end}", table)


class _Lazily:
    """A listing as the paginator wants it: counted and cut by the database."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing

    def count(self) -> int:
        return self.listing.count()

    def __getitem__(self, part: slice) -> list[list[Any]]:
        return self.listing.page(part.start, part.stop - part.start)


def _form(kind: type[PeriodForm], request: HttpRequest, mark: str) -> PeriodForm:
    zone = shops.current().time_zone
    known = remembered("choices", zone, mark=mark, find=lambda: choices.answer(zone))
    today = timezone.now().astimezone(ZoneInfo(zone)).date()
    return kind(request.GET, known, last_day(known, today), zone)


def _figures(form: PeriodForm, mark: str) -> Figures:
    period, filters = form.period, form.filters
    return remembered("dashboard", period, filters, mark=mark, find=lambda: figures(period, filters))


def _listing(request: HttpRequest, kind: str) -> tuple[RowsForm, Listing | None]:
    if kind not in LISTINGS:
        raise Http404
    form = _form(RowsForm, request, watermark())
    assert isinstance(form, RowsForm)
    return form, LISTINGS[kind](form.period, form.filters, form.narrowed) if form.is_valid() else None


def _presets(form: PeriodForm) -> list[dict[str, Any]]:
    found = []
    spans = [(label, form.ends_on - timedelta(days=days - 1), form.ends_on) for days, label in PRESETS]
    if form.choices.first_day:
        spans.append((_("Everything"), form.choices.first_day, max(form.ends_on, form.choices.last_day)))
    for label, start, end in spans:
        period = type(form.period)(start, end, form.zone)
        url = links.dashboard(period, form.filters)
        found.append({"label": label, "url": url, "current": (period.start, period.end) == _span(form)})
    return found


def _span(form: PeriodForm) -> tuple[Any, Any]:
    return form.period.start, form.period.end


def _every(listing: Listing) -> Iterator[list[Any]]:
    with transaction.atomic():
        yield from listing.every()


def _file(name: str, content: Iterator[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _refused(form: PeriodForm) -> HttpResponse:
    sentences = [
        f"{form.fields[name].label or name}: {error}" for name, found in form.errors.items() for error in found
    ]
    return HttpResponse("\n".join(sentences), status=400, content_type="text/plain; charset=utf-8")
