"""What the templates of ``templates/components/`` need and the template language lacks: amounts as people read them,
the path of a sparkline, the problems of a form as links."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import segno
from django import template
from django.forms import BaseForm
from django.template.defaultfilters import capfirst
from django.template.loader import get_template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from oms import barcodes
from oms.brand import accent_css
from oms.money import Money, exponent
from oms.roles import allowed

register = template.Library()

SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "PHP": "₱",
    "TRY": "₺",
    "TWD": "NT$",
    "UAH": "₴",
    "USD": "$",
    "VND": "₫",
}
"""Signs that cannot be mistaken for another currency's; every other currency is named by its code."""

MINUS = "−"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@register.filter
def money(value: Money | Decimal | str | None, currency: str = "") -> str:
    """An amount as people read it: £1,234.50, −£16.17, CHF 12.50; digits are grouped as the language does.

    `value` is Money, or a Decimal with its currency as the argument. Ready text passes through; None is empty.
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Money):
        value, currency = value.amount, value.currency
    digits = number_format(abs(value), decimal_pos=exponent(currency), force_grouping=True)
    sign = MINUS if value < 0 else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{digits}" if symbol else f"{sign}{currency}{NO_BREAK_SPACE}{digits}"


@register.filter
def may(user: Any, phrase: str) -> bool:
    """Say whether this person may do what `oms.roles` calls by this phrase; a misspelled one fails."""
    return allowed(user, phrase)


@register.filter
def step_states(number: int, of: int) -> list[str]:
    """States of the bar over a form of several screens: done before `number`, current at it, todo after."""
    return ["done" if step < number else "current" if step == number else "todo" for step in range(1, of + 1)]


@register.filter
def sparkline(points: Iterable[Any]) -> dict[str, str]:
    """SVG paths of `points` in a box of 100 × 24: `line` and, when nothing is missing, the `area` under it.

    None leaves a gap. All equal points lie in the middle; fewer than two give an empty path.
    """
    values = [None if point is None else float(point) for point in points]
    known = [value for value in values if value is not None]
    if len(values) < 2 or not known:
        return {"line": "", "area": ""}
    low, high = min(known), max(known)
    top, bottom, width = 2.0, 22.0, 100.0
    parts, pen_down = [], False
    for index, value in enumerate(values):
        if value is None:
            pen_down = False
            continue
        x = width * index / (len(values) - 1)
        share = (value - low) / (high - low) if high > low else 0.5
        parts.append(f"{'L' if pen_down else 'M'}{x:.1f} {bottom - share * (bottom - top):.1f}")
        pen_down = True
    line = "".join(parts)
    area = f"{line}L{width:.0f} 24L0 24Z" if len(known) == len(values) else ""
    return {"line": line, "area": area}


@dataclass(frozen=True)
class Problem:
    """One line of the error summary: what is wrong, with which field, and where that field is."""

    sentence: str
    label: str = ""
    target: str = ""


@register.filter
def problems(form: BaseForm | Iterable[BaseForm] | None) -> list[Problem]:
    """Everything refused in a form, or in each of several; in each, what is wrong with the whole of it comes first."""
    found: list[Problem] = []
    for each in [form] if isinstance(form, BaseForm) else form or ():
        if not each.is_bound:
            continue
        found += [Problem(str(error)) for error in each.non_field_errors()]
        for field in each:
            target = field.id_for_label or f"{field.auto_id}_0"
            found += [Problem(str(error), str(field.label), target) for error in field.errors]
    return found


@register.filter
def cell_text(cell: Any) -> Any:
    """The words of a table cell that is either text or a mapping with a `text`."""
    return cell.get("text", "") if isinstance(cell, dict) else cell


@register.filter
def column_number(columns: Sequence[dict[str, Any]], index: int) -> bool:
    """Say whether column `index` holds numbers, which stand to the right."""
    return bool(columns[index].get("number"))


BADGE_ICONS = {"waiting": "clock", "good": "check", "careful": "alert", "bad": "cross"}
"""The small drawing of a meaning; `moving` and what names a drawing itself stand for themselves."""


@register.filter
def qr(text: str, label: str = "") -> SafeString:
    """`text` as a QR code: inline SVG that CSS may scale, black on nothing, named `label` for the screen reader."""
    svg = segno.make(text, error="m").svg_inline(omitsize=True, border=2, lineclass=None, title=str(label) or None)
    role = 'role="img"' if label else 'aria-hidden="true"'
    return mark_safe(svg.replace("<svg ", f"<svg {role} ", 1))  # noqa: S308 - segno escapes the title itself


@register.filter
def code128(text: str) -> SafeString:
    """`text` as a Code 128 barcode: inline SVG without words (print them below), as high as CSS says."""
    width, path = barcodes.svg_path(text)
    return format_html(
        '<svg class="barcode" viewBox="0 0 {} 1" preserveAspectRatio="none" aria-hidden="true"><path d="{}"/></svg>',
        width,
        path,
    )


FLIPPED = {"arrow-left", "arrow-right", "chevron-left", "chevron-right", "external", "list", "log-out", "moving"}
FLIPPED |= {"return", "truck", "undo"}
"""What points somewhere, and so points the other way where people read from right to left."""


@register.simple_tag(name="icon")
def icon_tag(name: str, label: str = "", more: str = "") -> SafeString:
    """One small drawing of `icons/`; `label` (words) when it stands alone, `more` classes. A page has some thirty."""
    return _icon(name, str(label), more)


@functools.lru_cache(maxsize=500)
def _icon(name: str, label: str, more: str) -> SafeString:
    drawing = get_template(f"components/icons/{name}.svg").render()
    classes = " ".join(["icon", *([more] if more else []), *(["icon--flip"] if name in FLIPPED else [])])
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    box = format_html('class="{}" viewBox="0 0 24 24" focusable="false" {}', classes, spoken)
    return mark_safe(f"<svg {box}>{drawing}</svg>")  # noqa: S308 - our own file


@register.simple_tag
def badge(label: str, meaning: str = "", icon: str = "") -> SafeString:
    """A status in a word; a list has one in each row. `icon` instead of the meaning's own drawing."""
    drawing = icon or meaning
    return format_html(
        '<span class="badge"{}>{}{}</span>',
        format_html(' data-meaning="{}"', meaning) if meaning else "",
        _icon(BADGE_ICONS.get(drawing, drawing), "", "") if drawing else "",
        capfirst(label),
    )


OUR_GREEN = {"#1f5b4a", "#12563d"}
"""The accent of the tokens and its nearest name in the settings: nothing to override."""


@register.filter
def brand_css(color: str | None) -> SafeString:
    """The shop's own accent as CSS for a `<style nonce>`; empty while the color is ours or cannot be read."""
    if not color or color.lower() in OUR_GREEN:
        return mark_safe("")
    try:
        return mark_safe(accent_css(color))  # noqa: S308 - numbers only
    except ValueError:
        return mark_safe("")
