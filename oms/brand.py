"""The shop's own color instead of ours, on customers' pages.

Only hue and strength are taken from it; lightness stays that of ``static/css/tokens.css``, so that every word can be
read on its ground whatever color a shop chooses (WCAG 2.2 AA, held by a test over the whole wheel).
"""

from math import atan2, degrees, hypot

STRONGEST = 0.13
"""More chroma than this does not exist at these lightnesses on ordinary screens."""


def accent_css(color: str) -> str:
    """The accent tokens for `color` (#rrggbb) as one CSS rule.

    Raises ValueError for anything but six hexadecimal digits after #.
    """
    chroma, hue = _chroma_and_hue(color)
    strong, soft = min(chroma, STRONGEST), min(chroma / 4, 0.03)

    def pair(light: float, dark: float, light_chroma: float, dark_chroma: float) -> str:
        return f"light-dark(oklch({light} {light_chroma:.3f} {hue:.0f}),oklch({dark} {dark_chroma:.3f} {hue:.0f}))"

    tokens = {
        "--accent": pair(0.405, 0.79, strong, strong),
        "--accent-hover": pair(0.33, 0.86, strong * 0.85, strong * 0.85),
        "--accent-soft": pair(0.943, 0.295, soft, min(chroma / 2, 0.035)),
    }
    return ":root{" + ";".join(f"{name}:{value}" for name, value in tokens.items()) + "}"


def _chroma_and_hue(color: str) -> tuple[float, float]:
    """Chroma and hue (degrees) of a #rrggbb color in oklch (CSS Color 4, section 10)."""
    if len(color) != 7 or color[0] != "#":
        raise ValueError(f"{color!r} is not a color like #1f5b4a.")
    red, green, blue = (_linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return hypot(a, b), degrees(atan2(b, a)) % 360


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
