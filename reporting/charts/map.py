"""The map of return rates (R113): Europe large where most orders come from there, the world beside it."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from reporting import findings, links
from reporting.charts.style import MARK, PAPER, Spec, chart
from reporting.dashboard import Figures
from reporting.geo import DOTS, EUROPE, topology
from reporting.regions import Region

NONE = "var(--map-none)"
GAP = 24
# Upper ends of the first four of five classes, as shares of orders; equal for every period, so maps can be compared.
CLASSES = (Decimal("0.05"), Decimal("0.10"), Decimal("0.15"), Decimal("0.25"))


def regions(figures: Figures, width: int) -> Spec:
    """Countries shaded by return rate; those with too few orders stay blank. Each leads to its returned orders."""
    placed = {}
    for region in figures.regions:
        # Two names of one place ("EIRE", "Ireland"): the one with more orders stands for it.
        if region.place and region.orders >= getattr(placed.get(region.place), "orders", 0):
            placed[region.place] = region
    marks = {place: _mark(figures, region) for place, region in placed.items() if region.orders}
    orders = sum(region.orders for region in placed.values())
    european = sum(region.orders for place, region in placed.items() if place in EUROPE)
    data = _data(marks)
    dots = [{"longitude": DOTS[p][0], "latitude": DOTS[p][1], **mark} for p, mark in marks.items() if p in DOTS]
    description = findings.regions(figures)
    if not orders or 2 * european < orders:
        return {**chart(width, round(width * 0.5), description), **_world(data, dots)}
    wide = width > 500
    size = (width - 250 - GAP, 400) if wide else (width, 330)
    europe = {
        "type": "conicConformal", "rotate": [-11, 0], "center": [0, 53], "parallels": [40, 65],
        "scale": 640 if wide else 500, "translate": [size[0] / 2, size[1] / 2],
    }  # fmt: skip
    small = 250 if wide else width
    views = [
        {**_view(data, dots, europe, only=" && datum.properties.near"), "width": size[0], "height": size[1]},
        {**_world(data, dots), "width": small, "height": round(small * 0.52)},
    ]
    spec = chart(width, 0, description, spacing=GAP, **{"hconcat" if wide else "vconcat": views})
    for name in ("width", "height", "autosize"):  # of the parts, not of the whole
        del spec[name]
    return {**spec, "center": True}


def _mark(figures: Figures, region: Region) -> dict[str, Any]:
    words = _("%(country)s: %(rate)s, %(part)d of %(all)d orders") % {
        "country": region.country,
        "rate": findings.percent(region.rate),
        "part": region.orders_returned,
        "all": region.orders,
    }
    return {
        "color": shade(region) or "var(--map-1)",
        "url": links.rows("orders", figures.period, figures.filters.but(country=region.country), returned=1),
        "words": words,
    }


def shade(region: Region) -> str:
    """The role of a region's class, "" when too few orders were placed to say."""
    if not region.is_telling or region.rate is None:
        return ""
    return f"var(--map-{1 + sum(region.rate > end for end in CLASSES)})"


def _data(marks: dict[str, dict[str, Any]]) -> Spec:
    shapes = topology()
    geometries = [
        {
            **shape,
            "properties": {
                **marks.get(shape.get("id", ""), {"color": NONE}),
                "near": shape.get("id", "") in EUROPE,
            },
        }
        for shape in shapes["objects"]["countries"]["geometries"]
    ]
    shaded = {**shapes, "objects": {"countries": {"type": "GeometryCollection", "geometries": geometries}}}
    return {"values": shaded, "format": {"type": "topojson", "feature": "countries"}}


def _view(data: Spec, dots: list[dict[str, Any]], projection: Spec, only: str = "") -> Spec:
    shape: Spec = {"type": "geoshape", "stroke": PAPER, "strokeWidth": 0.6, "clip": True}
    fill: Spec = {"field": "properties.color", "type": "nominal", "scale": None}
    layers: list[Spec] = [
        # Countries nobody ordered from are ground, not marks.
        {
            "transform": [{"filter": f"!isValid(datum.properties.url){only}"}],
            "mark": {**shape, "aria": False},
            "encoding": {"fill": fill},
        },
        {
            "transform": [{"filter": f"isValid(datum.properties.url){only}"}],
            "mark": shape,
            "encoding": {
                "fill": fill,
                "href": {"field": "properties.url"},
                "description": {"field": "properties.words"},
            },
        },
    ]
    if dots:
        layers.append(
            {
                "data": {"values": dots},
                "mark": {"type": "circle", "size": 70, "opacity": 1, "stroke": PAPER, "strokeWidth": 1, "clip": True},
                "encoding": {
                    "longitude": {"field": "longitude", "type": "quantitative"},
                    "latitude": {"field": "latitude", "type": "quantitative"},
                    "fill": {"field": "color", "type": "nominal", "scale": None},
                    **MARK,
                },
            }
        )
    return {"data": data, "projection": projection, "layer": layers}


def _world(data: Spec, dots: list[dict[str, Any]]) -> Spec:
    return _view(data, dots, {"type": "equalEarth"})
