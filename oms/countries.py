"""Country names as orders write them, and the ISO 3166-1 alpha-2 codes carriers ask for."""

CODES = {
    "australia": "AU", "austria": "AT", "bahrain": "BH", "belgium": "BE", "brazil": "BR", "canada": "CA",
    "channel islands": "JE", "cyprus": "CY", "czech republic": "CZ", "denmark": "DK", "eire": "IE", "finland": "FI",
    "france": "FR", "germany": "DE", "greece": "GR", "hong kong": "HK", "iceland": "IS", "ireland": "IE",
    "israel": "IL", "italy": "IT", "japan": "JP", "lebanon": "LB", "lithuania": "LT", "malta": "MT",
    "netherlands": "NL", "norway": "NO", "poland": "PL", "portugal": "PT", "rsa": "ZA", "saudi arabia": "SA",
    "singapore": "SG", "south africa": "ZA", "spain": "ES", "sweden": "SE", "switzerland": "CH",
    "united arab emirates": "AE", "united kingdom": "GB", "united states": "US", "usa": "US",
}  # fmt: skip


def code_of(country: str) -> str:
    """Return the two letters of a country given by name or code; "" when it names no country we know."""
    text = country.strip()
    return text.upper() if len(text) == 2 else CODES.get(text.casefold(), "")
