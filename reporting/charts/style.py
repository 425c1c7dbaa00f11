"""What all charts share: quiet axes, one accent and greys, roles instead of colors."""

from typing import Any

Spec = dict[str, Any]

ACCENT, QUIET, GRID = "var(--chart)", "var(--chart-quiet)", "var(--chart-grid)"
INK, INK_2, PAPER = "var(--ink)", "var(--ink-2)", "var(--paper)"
CAREFUL = "var(--careful)"
CLOCK_COLORS = {
    "us": "var(--chart)",
    "customer": "var(--waiting)",
    "carrier": "var(--moving)",
    "bank": "var(--careful)",
}

CONFIG: Spec = {
    "background": None,
    "font": "sans-serif",
    "padding": 0,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": GRID,
        "labelColor": INK_2,
        "labelFontSize": 12,
        "labelPadding": 8,
        "title": None,
    },
    "text": {"fontSize": 12, "color": INK_2},
    "aria": True,
}


def chart(width: int, height: int | Spec, description: str, **parts: Any) -> Spec:
    """A whole specification; `parts` are Vega-Lite's own."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "description": description,
        "config": CONFIG,
        **parts,
    }


# A color, address or sentence that stands in the data as it is to be drawn.
FILL: Spec = {"field": "color", "type": "nominal", "scale": None}
MARK: Spec = {"href": {"field": "url"}, "description": {"field": "words"}}


def short(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1].rstrip() + "…"
