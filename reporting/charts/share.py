"""A whole in parts: returned items by how they ended (R116)."""

from django.utils.translation import gettext as _

from reporting import findings, links
from reporting.charts.style import FILL, INK, INK_2, MARK, PAPER, Spec, chart
from reporting.dashboard import Figures

COLORS = {
    "full": "var(--chart)",
    "partial": "var(--careful)",
    "unmatched": "var(--chart-quiet)",
    "none": "var(--chart-grid)",
}


def refunds(figures: Figures, width: int) -> Spec:
    """Full, partial, refunded without a known sale, and not (yet) refunded, as a ring with the rate in it."""
    found = figures.refunds.now
    values = [
        {
            "position": position,
            "count": getattr(found, ending),
            "color": COLORS[ending],
            "url": links.rows("items", figures.period, figures.filters, ending=ending),
            "words": f"{name}: {getattr(found, ending)}",
        }
        for position, (ending, name) in enumerate(findings.ENDINGS.items())
        if getattr(found, ending)
    ]
    size = 230
    middle = {"x": {"value": width / 2}, "y": {"value": size / 2}}
    return chart(
        width,
        size,
        findings.refunds(figures),
        data={"values": values},
        layer=[
            {
                "mark": {
                    "type": "arc",
                    "innerRadius": 74,
                    "outerRadius": 112,
                    "cornerRadius": 3,
                    "stroke": PAPER,
                    "strokeWidth": 2,
                },
                "encoding": {
                    "theta": {"field": "count", "type": "quantitative", "stack": True},
                    "order": {"field": "position", "type": "quantitative"},
                    "color": FILL,
                    **MARK,
                },
            },
            {
                "data": {"values": [{"text": findings.percent(found.rate, 0)}]},
                "mark": {"type": "text", "fontSize": 34, "fontWeight": 650, "dy": -6, "aria": False, "color": INK},
                "encoding": {**middle, "text": {"field": "text"}},
            },
            {
                "data": {"values": [{"text": _("refunded")}]},
                "mark": {"type": "text", "fontSize": 13, "dy": 22, "aria": False, "color": INK_2},
                "encoding": {**middle, "text": {"field": "text"}},
            },
        ],
    )
