"""Customs territories: between two of them a parcel needs papers, inside one it needs none.

Sources: the European Union with Monaco, Åland and the French overseas departments is one (Regulation (EU) No 952/2013,
Article 4, which also names what lies outside); Switzerland with Liechtenstein (customs treaty of 29 March 1923); the
United Kingdom with Jersey, Guernsey and the Isle of Man (their arrangements of 2018); the United States with Puerto
Rico (19 CFR 101.1). Northern Ireland sends to Great Britain and to the union without papers (Protocol on Ireland and
Northern Ireland, Articles 4 to 6).
"""

EUROPEAN_UNION = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"}
    | {"LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
    | {"MC", "AX", "GF", "GP", "MF", "MQ", "RE", "YT"}
)
TOGETHER = {"LI": "CH", "JE": "GB", "GG": "GB", "IM": "GB", "PR": "US"}
# Beginnings of postcodes outside the union: Büsingen, Heligoland; Livigno; Ceuta, Melilla.
OUTSIDE = {"DE": ("78266", "27498"), "IT": ("23041",), "ES": ("51", "52")}
NORTHERN_IRELAND = "BT"


def territory(country: str, postcode: str = "") -> str:
    """ "EU", or the country that stands for the territory. `country` is ISO 3166-1 alpha-2."""
    code, place = country.strip().upper(), postcode.replace(" ", "").upper()
    if code in EUROPEAN_UNION:
        outside = OUTSIDE.get(code, ())
        return f"{code} {place}" if place.startswith(outside) else "EU"
    return TOGETHER.get(code, code)


def crosses(origin: str, destination: str, *, from_postcode: str = "", to_postcode: str = "") -> bool:
    """Whether goods sent from here to there pass a customs border; not where a country is unknown."""
    if not origin or not destination:
        return False
    start, end = territory(origin, from_postcode), territory(destination, to_postcode)
    if start == "GB" and from_postcode.strip().upper().startswith(NORTHERN_IRELAND) and end == "EU":
        return False
    return start != end
