"""Bars: reasons, stages of the way, products. The label stands above its bar, so that it may be long on a phone."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reporting import findings, links
from reporting.charts.style import ACCENT, CLOCK_COLORS, FILL, INK, INK_2, MARK, QUIET, Spec, chart, short
from reporting.dashboard import Figures
from reporting.stages import CLOCKS, NAMES

ROW = 46
MOST = 8


def reasons(figures: Figures, width: int) -> Spec:
    """Returns by reason, the most named first; the first in the accent."""
    named = [reason for reason in figures.reasons if reason.code and reason.returns][:MOST]
    whole = sum(reason.returns for reason in figures.reasons if reason.code)
    bars = [
        {
            "label": reason.label,
            "value": reason.returns,
            "text": f"{reason.returns} · {findings.percent(Decimal(reason.returns) / whole, 0)}",
            "color": ACCENT if position == 0 else QUIET,
            "url": links.rows("returns", figures.period, figures.filters.but(reason=reason.code)),
            "words": ngettext(
                "%(label)s: %(count)d return", "%(label)s: %(count)d returns", reason.returns
            ) % {"label": reason.label, "count": reason.returns},
        }
        for position, reason in enumerate(named)
    ]  # fmt: skip
    return _bars(bars, width, findings.reasons(figures))


def stages(figures: Figures, width: int) -> Spec:
    """Mean hours of each stage, in the order of the way, colored by whose clock runs."""
    bars = [
        {
            "label": str(NAMES[stage.code][0]),
            "value": float(stage.mean_hours or 0),
            "text": findings.hours(stage.mean_hours),
            "color": CLOCK_COLORS[stage.clock],
            "url": links.rows("settled", figures.period, figures.filters, stage=stage.code),
            "words": _("%(stage)s: %(time)s, waiting for %(whom)s")
            % {"stage": NAMES[stage.code][0], "time": findings.hours(stage.mean_hours), "whom": CLOCKS[stage.clock]},
        }
        for stage in figures.stages
        if stage.passages
    ]
    return _bars(bars, width, findings.stages(figures))


def products(figures: Figures, width: int) -> Spec:
    """Products by smoothed rate, drawn with their real one; what they point at stands in the table."""
    bars = [
        {
            "label": short(findings.title(product), width // 15),
            "value": float(product.smoothed),
            "text": _("%(rate)s · %(part)d of %(all)d")
            % {"rate": findings.percent(product.rate), "part": product.orders_returned, "all": product.orders},
            "color": ACCENT if position == 0 else QUIET,
            "url": links.rows(
                "orders", figures.period, figures.filters.but(sku=product.sku, goods_only=True), returned=1
            ),
            "words": _("%(title)s: %(rate)s of its orders came back")
            % {"title": findings.title(product), "rate": findings.percent(product.rate)},
        }
        for position, product in enumerate(figures.products[:MOST])
    ]
    return _bars(bars, width, findings.products(figures))


def _bars(bars: list[dict[str, Any]], width: int, description: str) -> Spec:
    rows = [{**bar, "position": position} for position, bar in enumerate(bars)]
    top = max((bar["value"] for bar in bars), default=0) or 1
    y: Spec = {"field": "position", "type": "ordinal", "axis": None, "scale": {"padding": 0}}
    x: Spec = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [0, top]}}
    text: Spec = {"type": "text", "baseline": "middle", "dy": -9}
    return chart(
        width,
        max(len(rows), 1) * ROW,
        description,
        data={"values": rows},
        encoding={"y": y},
        layer=[
            {
                "mark": {"type": "bar", "height": 10, "yOffset": 9, "cornerRadiusEnd": 3, "cursor": "pointer"},
                "encoding": {"x": x, "color": FILL, **MARK},
            },
            {
                "mark": {**text, "align": "left", "fontSize": 13, "aria": False},
                "encoding": {"x": {"value": 0}, "text": {"field": "label"}, "color": {"value": INK}},
            },
            {
                "mark": {**text, "align": "right", "aria": False},
                "encoding": {"x": {"value": width}, "text": {"field": "text"}, "color": {"value": INK_2}},
            },
        ],
    )
