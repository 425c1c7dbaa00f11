"""Warehouses and their bins: read by every movement of goods, changed a few times a year."""

from collections.abc import Iterable

from inventory.models import Bin, Warehouse
from inventory.states import BinKind
from oms.remembered import remembered


def house(pk: int | None) -> Warehouse | None:
    """The warehouse with this row id, not to be changed; None for None."""
    if pk is None:
        return None
    return _houses().get(pk) or Warehouse.objects.get(pk=pk)


def default_house() -> Warehouse:
    """Where returns go to unless somebody says otherwise, not to be changed. Raises Warehouse.DoesNotExist."""
    for one in _houses().values():
        if one.is_default:
            return one
    return Warehouse.objects.get(is_default=True)


def bins_of(warehouse: Warehouse) -> dict[str, Bin]:
    """The bin goods of each kind go to: the first of its kind by code. Not to be changed."""
    found = _bins().get(warehouse.pk, {})
    # A bin of a moment ago is not remembered yet.
    return found if len(found) == len(BinKind) else _first_of_kind(Bin.objects.filter(warehouse=warehouse))


@remembered
def _houses() -> dict[int, Warehouse]:
    return {one.pk: one for one in Warehouse.objects.all()}


@remembered
def _bins() -> dict[int, dict[str, Bin]]:
    found: dict[int, list[Bin]] = {}
    for place in Bin.objects.order_by("pk"):
        found.setdefault(place.warehouse_id, []).append(place)
    return {house: _first_of_kind(places) for house, places in found.items()}


def _first_of_kind(places: Iterable[Bin]) -> dict[str, Bin]:
    return {place.kind: place for place in sorted(places, key=lambda one: one.code, reverse=True)}
