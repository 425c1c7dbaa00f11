"""The shelf of expected returns: what may be sold soon, by day, and which products run low or pile up with it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from inventory import limits
from inventory.forms import LimitForm
from inventory.models import StockLimit
from oms import rendering
from oms.access import may
from oms.roles import allowed
from reporting import shelf as soon
from reporting.charts.style import ACCENT, INK, Spec
from reporting.charts.style import chart as framed
from reporting.findings import number, percent
from reporting.tables import with_colors

SHOWN = 100
WIDTHS = {"wide": 740, "narrow": 358}
KINDS = {
    "low": ("bad", gettext_lazy("too few")),
    "high": ("careful", gettext_lazy("too many")),
    "covered": ("waiting", gettext_lazy("enough with what comes back")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@may("see stock")
def shelf(request: HttpRequest) -> HttpResponse:
    may_change = allowed(request.user, "change settings")
    form = LimitForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not may_change:
            return render(request, "403.html", status=403)
        if form.is_valid():
            limits.set_limit(**form.cleaned_data, by=request.user.actor, at=timezone.now())
            messages.success(request, _("Saved. The list below counts with it."))
            return redirect("inventory:shelf")
    now = timezone.now()
    found = soon.answer(now)
    warned = soon.warnings(found)
    context = {
        "title": _("Sellable soon"),
        "form": form if may_change else None,
        "problem": form,
        "tiles": [
            (_("On their way"), number(sum(one.under_way for one in found)), _("sent, not here yet")),
            (_("At the dock"), number(sum(one.at_dock for one in found)), _("to be looked at")),
            (_("Sellable soon"), number(sum(one.sellable for one in found), 1), _("as often as they passed before")),
            (_("Too few"), number(sum(one.kind == "low" for one in warned)), _("products, even with what comes back")),
            (_("Too many"), number(sum(one.kind == "high" for one in warned)), _("products, with what comes back")),
        ],
        "rows": [_row(one) for one in found[:SHOWN]],
        "more": max(0, len(found) - SHOWN),
        "days": [(date_format(day, "D j M"), number(pieces, 1)) for day, pieces in soon.by_day(found, now.date())],
        "warned": [
            {"one": one, "meaning": KINDS[one.kind][0], "words": KINDS[one.kind][1], "whose": soon.LIMITS[one.whose]}
            for one in warned[:SHOWN]
        ],
        "limits": StockLimit.objects.select_related("product").order_by("product__sku", "category"),
    }
    return render(request, "inventory/shelf.html", context, status=422 if form.errors else 200)


@require_safe
@may("see stock")
def shelf_chart(request: HttpRequest) -> HttpResponse:
    width = request.GET.get("width", "wide")
    if width not in WIDTHS:
        raise Http404
    now = timezone.now()
    days = soon.by_day(soon.answer(now), now.date())
    try:
        drawn = rendering.svg(_spec(days, WIDTHS[width]))
    except rendering.RendererAway:
        text = _("The chart cannot be drawn just now. The numbers below are complete.")
        status = 200 if request.headers.get("HX-Request") else 503
        return render(request, "reporting/no_chart.html", {"text": text}, status=status)
    if not request.headers.get("HX-Request"):
        drawn = with_colors(drawn)
    return HttpResponse(drawn, content_type="image/svg+xml")


def _spec(days: list[tuple[Any, Any]], width: int) -> Spec:
    values = [
        {
            "place": place,
            "day": date_format(day, "j M"),
            "value": float(pieces),
            "text": number(pieces, 1) if pieces else "",
        }
        for place, (day, pieces) in enumerate(days)
    ]
    x = {
        "field": "day",
        "type": "ordinal",
        "sort": {"field": "place"},
        "axis": {"grid": False, "labelAngle": 0, "labelOverlap": True},
    }
    y = {"field": "value", "type": "quantitative", "axis": {"tickCount": 4}}
    return framed(
        width,
        240 if width > 500 else 200,
        _("Pieces that may be sold, by day"),
        data={"values": values},
        layer=[
            {"mark": {"type": "bar", "color": ACCENT, "aria": False}, "encoding": {"x": x, "y": y}},
            {
                "mark": {"type": "text", "dy": -8, "color": INK, "aria": False},
                "encoding": {"x": x, "y": y, "text": {"field": "text"}},
            },
        ],
    )


def _row(one: soon.Soon) -> dict[str, Any]:
    history = one.history
    return {
        "one": one,
        "sellable": number(one.sellable, 1),
        "first": date_format(one.first, "D j M") if one.first else "",
        "share": percent(history.share, 0) if history.looked_at else "–",
        "basis": _("%(basis)s, %(pieces)s looked at")
        % {"basis": soon.BASES[history.basis], "pieces": number(history.looked_at)}
        if history.looked_at
        else soon.BASES["none"],
    }
