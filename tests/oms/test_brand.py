"""A shop may choose any color; its customers can still read every word (WCAG 2.2: 1.4.3)."""

import re
from colorsys import hsv_to_rgb

import pytest

from oms.brand import accent_css
from oms.templatetags.components import brand_css
from tests.architecture.test_contrast import MODES, colors, contrast

_TOKEN = re.compile(r"(--[\w-]+):light-dark\(oklch\(([\d. ]+)\),oklch\(([\d. ]+)\)\)")


def tokens(color: str) -> dict[str, dict[str, tuple[float, ...]]]:
    return {
        name: {"light": tuple(map(float, light.split())), "dark": tuple(map(float, dark.split()))}
        for name, light, dark in _TOKEN.findall(accent_css(color))
    }


WHEEL = [
    "#" + "".join(f"{round(255 * part):02x}" for part in hsv_to_rgb(step / 24, strength, 1))
    for step in range(24)
    for strength in (0.3, 1)
] + ["#000000", "#ffffff", "#808080"]


@pytest.mark.parametrize("color", WHEEL)
def test_any_color_can_be_read(color: str) -> None:
    own, ours = tokens(color), colors()
    for mode in MODES:
        for ground in ("paper", "surface", "surface-2"):
            assert contrast(own["--accent"][mode], ours[ground][mode]) >= 4.5
            assert contrast(own["--accent-hover"][mode], ours[ground][mode]) >= 4.5
        assert contrast(ours["accent-ink"][mode], own["--accent"][mode]) >= 4.5
        assert contrast(ours["accent-ink"][mode], own["--accent-hover"][mode]) >= 4.5
        assert contrast(own["--accent"][mode], own["--accent-soft"][mode]) >= 4.5
        assert contrast(ours["ink-2"][mode], own["--accent-soft"][mode]) >= 4.5


@pytest.mark.parametrize("color", ["", None, "red", "#12", "#12563g", "#12563d", "#1F5B4A", "}</style>"])
def test_nothing_to_say(color: str | None) -> None:
    assert brand_css(color) == ""


def test_a_hue_is_kept() -> None:
    assert accent_css("#0000ff").startswith(":root{--accent:light-dark(oklch(0.405 0.130 264),")
