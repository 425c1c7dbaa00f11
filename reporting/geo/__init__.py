"""The map: from a country as orders name it to its shape, or to a dot where the map's scale has lost it."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

SHAPES = Path(__file__).with_name("countries-110m.json")

# Names as sources write them, beside the map's own (ISO 3166-1 numbers).
ALIASES = {
    "eire": "372",
    "republic of ireland": "372",
    "rsa": "710",
    "usa": "840",
    "united states": "840",
    "uk": "826",
    "great britain": "826",
    "england": "826",
    "scotland": "826",
    "wales": "826",
    "northern ireland": "826",
    "czech republic": "203",
    "holland": "528",
    "the netherlands": "528",
    "uae": "784",
    "korea": "410",
    "republic of korea": "410",
    "russian federation": "643",
    "türkiye": "792",
    "north macedonia": "807",
    "bosnia and herzegovina": "070",
    "viet nam": "704",
}

# Too small for the map's scale: drawn as dots. Number (or a code of ours) → longitude, latitude.
DOTS = {
    "470": (14.4, 35.9),  # Malta
    "344": (114.2, 22.3),  # Hong Kong
    "702": (103.8, 1.35),  # Singapore
    "048": (50.5, 26.0),  # Bahrain
    "channel-islands": (-2.35, 49.4),
    "020": (1.5, 42.5),  # Andorra
    "438": (9.5, 47.2),  # Liechtenstein
    "492": (7.4, 43.7),  # Monaco
}
_DOT_NAMES = {
    "malta": "470",
    "hong kong": "344",
    "singapore": "702",
    "bahrain": "048",
    "channel islands": "channel-islands",
    "jersey": "channel-islands",
    "guernsey": "channel-islands",
    "andorra": "020",
    "liechtenstein": "438",
    "monaco": "492",
}

_TWO_LETTERS = (
    "AE784 AR032 AT040 AU036 BE056 BG100 BH048 BR076 CA124 CH756 CL152 CN156 CO170 CY196 CZ203 DE276 DK208 EE233 EG818 "
    "ES724 FI246 FR250 GB826 GR300 HK344 HR191 HU348 ID360 IE372 IL376 IN356 IS352 IT380 JP392 KR410 LB422 LT440 LU442 "
    "LV428 MA504 MT470 MX484 MY458 NG566 NL528 NO578 NZ554 PE604 PH608 PK586 PL616 PT620 QA634 RO642 RS688 RU643 SA682 "
    "SE752 SG702 SI705 SK703 TH764 TN788 TR792 TW158 UA804 US840 VN704 ZA710"
)
_EUROPE = (
    "008 040 056 070 100 112 191 196 203 208 233 246 250 268 276 300 348 352 372 380 428 440 442 470 498 499 528 578 "
    "616 620 642 643 688 703 705 724 752 756 792 804 807 826 channel-islands 020 438 492 012 504 788 434 818 760 422 "
    "376 400 051 031"
)
EUROPE = frozenset(_EUROPE.split())  # with the coasts across the sea, which a map of it shows
_NOT_DRAWN = {"010", "260"}  # Antarctica and its islands: nobody orders from there


@lru_cache(maxsize=1)
def topology() -> dict[str, Any]:
    """The shapes, without those nobody orders from. Do not change what is returned."""
    shapes = json.loads(SHAPES.read_text())
    countries = shapes["objects"]["countries"]
    countries["geometries"] = [shape for shape in countries["geometries"] if shape.get("id") not in _NOT_DRAWN]
    del shapes["objects"]["land"]
    return shapes


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    named = {
        shape["properties"]["name"].casefold(): shape["id"]
        for shape in topology()["objects"]["countries"]["geometries"]
        if "id" in shape
    }
    codes = {word[:2].casefold(): word[2:] for word in _TWO_LETTERS.split()}
    return named | codes | ALIASES | _DOT_NAMES


def place(country: str) -> str:
    """Where a country is on the map: its number, or "" where no map shows it ("European Community", "Unspecified")."""
    return _names().get(country.strip().casefold(), "")
