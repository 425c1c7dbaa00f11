"""Where a customer hands a parcel in: places near their postcode, and the carrier's own search."""

from collections.abc import Iterable
from dataclasses import dataclass

from oms.countries import code_of
from oms.remembered import remembered
from returns.models import RMA, CarrierLocator, DropOffPoint

MOST = 3


@dataclass(frozen=True, slots=True)
class Places:
    """For one carrier: the places nearest by postcode, and the address of its own search, or ""."""

    carrier: str
    points: tuple[DropOffPoint, ...]
    locator: str


def places(rma: RMA, carriers: Iterable[str]) -> list[Places]:
    """What is known for these carriers where this customer lives; carriers of which nothing is known are left out."""
    person = rma.sender
    country = code_of(rma.order.country or (person.country if person is not None else ""))
    postcode = person.postcode if person is not None else ""
    found = [near(carrier, country, postcode) for carrier in dict.fromkeys(carriers)]
    return [one for one in found if one.points or one.locator]


def near(carrier: str, country: str, postcode: str) -> Places:
    """The longer the beginning that a place shares with the postcode, the nearer it is."""
    close = _plain(postcode)
    fitting = [
        point
        for point in _points()
        if point.carrier == carrier and point.country == country and close.startswith(_plain(point.postcodes))
    ]
    fitting.sort(key=lambda point: (-len(_plain(point.postcodes)), point.name))
    urls = {one.country: one.url for one in _locators() if one.carrier == carrier}
    return Places(carrier, tuple(fitting[:MOST]), urls.get(country) or urls.get("", ""))


def _plain(postcode: str) -> str:
    return "".join(postcode.split()).upper()


@remembered
def _points() -> list[DropOffPoint]:
    return list(DropOffPoint.objects.filter(active=True).order_by("pk"))


@remembered
def _locators() -> list[CarrierLocator]:
    return list(CarrierLocator.objects.filter(active=True).order_by("pk"))
