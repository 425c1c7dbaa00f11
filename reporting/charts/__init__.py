"""Charts of the dashboard: figures → Vega-Lite specification → SVG, drawn by the process behind `oms.rendering`.

Colors are roles of the page (`var(--chart)`), so one drawing serves light and dark; marks carry the address of their
rows and a sentence for those who do not see them.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.cache import cache

from oms import rendering
from reporting.charts import bars, line, map, share
from reporting.dashboard import Figures

Spec = dict[str, Any]

# What each chart is called in its address, and the widths it is drawn for: as wide as its place on a desk or a phone.
CHARTS: dict[str, Callable[[Figures, int], Spec]] = {
    "regions": map.regions,
    "reasons": bars.reasons,
    "processing-time": line.processing_time,
    "stages": bars.stages,
    "refunds": share.refunds,
    "products": bars.products,
}
WIDTHS = {"wide": 740, "narrow": 358}
# A drawing's key is its specification, so it can never be out of date; it may be forgotten.
KEPT_SECONDS = 24 * 3600
VERSION = 2  # of how drawings are cleaned


def svg(name: str, figures: Figures, width: str) -> str:
    """Draw one chart. Raises RendererAway when nothing draws just now."""
    spec = CHARTS[name](figures, WIDTHS[width])
    key = "chart/" + hashlib.sha256(f"{VERSION}{json.dumps(spec, sort_keys=True)}".encode()).hexdigest()
    drawn = cache.get(key)
    if drawn is None:
        drawn = rendering.svg(spec)
        cache.set(key, drawn, KEPT_SECONDS)
    return drawn
