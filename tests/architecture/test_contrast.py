"""Every ink can be read on every ground it meets, by day and by night (visual.md, WCAG 2.2: 1.4.3 and 1.4.11)."""

import re
from math import cos, radians, sin
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
MODES = ("light", "dark")
MEANINGS = ("waiting", "moving", "good", "careful", "bad")
GROUNDS = ("paper", "surface", "surface-2")

TEXT = 4.5
SHAPE = 3.0

PAIRS = [
    *[
        (ink, ground, TEXT)
        for ink in ("ink", "ink-2", "accent", "accent-hover")
        for ground in (*GROUNDS, "accent-soft")
    ],
    *[("accent-ink", ground, TEXT) for ground in ("accent", "accent-hover")],
    *[(meaning, ground, TEXT) for meaning in MEANINGS for ground in (*GROUNDS, f"{meaning}-soft")],
    *[(ink, f"{meaning}-soft", TEXT) for ink in ("ink", "ink-2") for meaning in MEANINGS],
    *[("on-strong", meaning, TEXT) for meaning in MEANINGS],
    *[("on-fill", f"{meaning}-fill", TEXT) for meaning in MEANINGS],
    *[(shape, ground, SHAPE) for shape in ("line-strong", "focus", "chart") for ground in GROUNDS],
    ("focus", "accent-soft", SHAPE),
    ("map-5", "map-none", SHAPE),
]

_TOKEN = re.compile(r"--([\w-]+):\s*([^;]+);")
_OKLCH = re.compile(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)")


def colors() -> dict[str, dict[str, tuple[float, float, float]]]:
    """Token → mode → (lightness, chroma, hue), of every token that is a color."""
    found = {}
    for name, value in _TOKEN.findall(TOKENS.read_text().split("}", 1)[0]):
        parts = [tuple(map(float, part)) for part in _OKLCH.findall(value)]
        if len(parts) == 2 and value.startswith("light-dark("):
            found[name] = dict(zip(MODES, parts, strict=True))
        elif len(parts) == 1 and value.startswith("oklch("):
            found[name] = dict.fromkeys(MODES, parts[0])
    return found


def linear_srgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Linear light red, green, blue of an oklch color (CSS Color 4, section 10), not yet limited to 0…1."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def luminance(color: tuple[float, float, float]) -> float:
    red, green, blue = (min(max(part, 0.0), 1.0) for part in linear_srgb(*color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_ruler_is_right() -> None:
    """Known values: white on black 21, and WCAG's own borderline grey #767676 on white."""
    assert round(contrast((1, 0, 0), (0, 0, 0)), 2) == 21.0
    assert round(contrast((0.5659, 0, 0), (1, 0, 0)), 1) == 4.5


@pytest.mark.parametrize("mode", MODES)
def test_inks_can_be_read(mode: str) -> None:
    known = colors()
    weak = {
        f"{ink} on {ground}": round(contrast(known[ink][mode], known[ground][mode]), 2)
        for ink, ground, least in PAIRS
        if contrast(known[ink][mode], known[ground][mode]) < least
    }
    assert weak == {}


@pytest.mark.parametrize("mode", MODES)
def test_colors_exist_on_ordinary_screens(mode: str) -> None:
    """A color outside sRGB would be shown as another one than was measured."""
    outside = {
        name: [round(part, 3) for part in linear_srgb(*modes[mode])]
        for name, modes in colors().items()
        if any(part < -0.002 or part > 1.002 for part in linear_srgb(*modes[mode]))
    }
    assert outside == {}


def test_raw_values_live_in_the_tokens_alone() -> None:
    """No component names a color of its own; white under a QR code is the one exception, or phones cannot read it."""
    raw = re.compile(r"oklch\(\d|#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", re.IGNORECASE)
    named = {
        str(file.relative_to(TOKENS.parent)): raw.findall(file.read_text())
        for file in sorted(TOKENS.parent.rglob("*.css"))
        if file != TOKENS and raw.search(file.read_text())
    }
    assert named == {}
