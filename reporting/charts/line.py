"""The course of a figure over time."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reporting import findings, links
from reporting.charts.style import ACCENT, CAREFUL, GRID, INK, INK_2, MARK, PAPER, Spec, chart
from reporting.dashboard import Figures
from reporting.period import Period

HEIGHT = {358: 240, 740: 340}


def step_name(step: Period) -> str:
    """A step of a period in a few characters: "3 Oct" for a day or a week, "Oct 2026" for a month."""
    assert step.start is not None
    is_long = (step.days or 0) > 8 or (step.start.day == 1 and (step.days or 0) > 8)
    return date_format(step.start, "M Y" if is_long else "j M")


def processing_time(figures: Figures, width: int) -> Spec:
    """Mean business days to settle, step by step, against the promise; a step's point leads to its returns."""
    target = figures.times.now.target
    values = []
    for position, (step, found) in enumerate(zip(figures.steps, figures.times.steps, strict=True)):
        mean = found.mean_business_days
        values.append(
            {
                "position": position,
                "label": step_name(step),
                "value": None if mean is None else float(mean),
                "text": "" if mean is None else str(mean),
                "color": CAREFUL if mean is not None and mean > target else ACCENT,
                "url": links.rows("settled", step, figures.filters),
                "words": ngettext(
                    "%(step)s: %(mean)s business days, %(count)d return",
                    "%(step)s: %(mean)s business days, %(count)d returns",
                    found.returns,
                )
                % {"step": step_name(step), "mean": mean, "count": found.returns},
            }
        )
    known = [value["value"] for value in values if value["value"] is not None]
    top = max([*known, target]) * 1.18
    many = max(1, round(len(values) / (width / 70)))
    ticks = [position for position in range(len(values)) if (len(values) - 1 - position) % many == 0]
    labels = " : ".join(f"datum.value == {position} ? '{_quoted(values[position]['label'])}'" for position in ticks)
    x: Spec = {
        "field": "position",
        "type": "quantitative",
        "scale": {"domain": [-0.3, max(len(values) - 0.7, 0.7)], "nice": False, "zero": False},
        "axis": {"grid": False, "values": ticks, "labelExpr": f"{labels} : ''" if ticks else "''"},
    }
    y: Spec = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [0, top], "nice": False},
        "axis": {"tickCount": 4},
    }
    shown = {"filter": "isValid(datum.value)"}
    last = known and max(v["position"] for v in values if v["value"] is not None)
    return chart(
        width,
        HEIGHT.get(width, 260),
        findings.processing_time(figures),
        data={"values": values},
        layer=[
            {
                "data": {"values": [{"target": target, "label": _("promise: %(days)d days") % {"days": target}}]},
                "layer": [
                    {
                        "mark": {"type": "rule", "strokeDash": [4, 4], "color": INK_2, "aria": False},
                        "encoding": {"y": {"field": "target", "type": "quantitative"}},
                    },
                    {
                        "mark": {"type": "text", "align": "right", "dy": -7, "color": INK_2, "aria": False},
                        "encoding": {
                            "x": {"value": "width"},
                            "y": {"field": "target", "type": "quantitative"},
                            "text": {"field": "label"},
                        },
                    },
                ],
            },
            {
                "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2, "interpolate": "monotone", "aria": False},
                "encoding": {"x": x, "y": y},
            },
            {
                "transform": [shown],
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1, "stroke": PAPER, "strokeWidth": 2},
                "encoding": {"x": x, "y": y, "fill": {"field": "color", "type": "nominal", "scale": None}, **MARK},
            },
            {
                "transform": [shown, {"filter": f"datum.position == {last if known else -1}"}],
                "mark": {"type": "text", "dy": -14, "fontSize": 13, "fontWeight": 600, "color": INK, "aria": False},
                "encoding": {"x": x, "y": y, "text": {"field": "text"}},
            },
        ],
        encoding={},
        resolve={"axis": {"y": "shared"}},
    ) | {"config": {**_config(), "padding": {"left": 0, "top": 0, "right": 18, "bottom": 2}}}


def _config() -> Spec:
    from_style: Spec = chart(0, 0, "")["config"]
    return {**from_style, "axisY": {"gridColor": GRID}}


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace("'", "’")
