"""The picture of the comparison: what stock was worth after each movement, one line per method."""

from django.utils.translation import gettext as _

from inventory import revaluing
from inventory.states import CostingMethod
from inventory.valuation import ValuationRefused
from oms.models import Product
from reporting.charts.style import ACCENT, CAREFUL, Spec, chart

WIDTHS = {"wide": 740, "narrow": 358}
MOST_POINTS = 200
COLORS = {
    CostingMethod.FIFO: ACCENT,
    CostingMethod.LIFO: CAREFUL,
    CostingMethod.AVERAGE: "var(--moving)",
    CostingMethod.SPECIFIC: "var(--waiting)",
}


def value_over_time(product: Product, width: str) -> Spec:
    """Value after each movement under each method that these movements are possible under."""
    events, rows = revaluing.history(product)
    step = max(1, len(events) // MOST_POINTS)
    values = []
    for method in CostingMethod:
        try:
            valued = revaluing.value_under(events, method)
        except ValuationRefused:
            continue
        for at in (*range(0, len(rows), step), len(rows) - 1):
            values.append(
                {
                    "at": at + 1,
                    "value": f"{valued.events[at].value:.2f}",
                    "method": str(method.label),
                    "color": COLORS[method],
                }
            )
    return chart(
        WIDTHS[width],
        {"wide": 300, "narrow": 220}[width],
        _("Value of %(sku)s after each movement, under each method") % {"sku": product.sku},
        data={"values": values, "format": {"parse": {"value": "number"}}},
        layer=[
            {
                "mark": {"type": "line", "interpolate": "step", "strokeWidth": 2, "aria": False},
                "encoding": {
                    "x": {
                        "field": "at",
                        "type": "quantitative",
                        "scale": {"zero": False, "nice": False},
                        "axis": {"grid": False, "tickCount": 5, "tickMinStep": 1, "format": "d"},
                    },
                    "y": {"field": "value", "type": "quantitative", "axis": {"tickCount": 4}},
                    "stroke": {"field": "color", "type": "nominal", "scale": None},
                    "detail": {"field": "method"},
                },
            }
        ],
    )
