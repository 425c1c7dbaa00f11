"""Numbered units follow what is decided about the goods they were inspected with, each its own way (R64, p54).

Called under the return's lock, after stock has moved. `found_as` is the inspection ("outcome/23"), `placed_as` the
later decision they stand under ("placement/24"), empty for those that are as inspected.
"""

from datetime import datetime

from inventory.models import Bin, Unit


def decide_anew(found_as: str, quantity: int, *, placed_as: str, onto: str, place: Bin | None) -> list[Unit]:
    """`quantity` pieces go from one decision to the next, and into `place`; without one they stay where they are."""
    units = _part(found_as, quantity, placed_as)
    for unit in units:
        unit.placed_as = onto
        unit.bin = place or unit.bin
    Unit.objects.bulk_update(units, ["placed_as", "bin"])
    return units


def leave(found_as: str, quantity: int, *, placed_as: str, cause: str, at: datetime) -> list[Unit]:
    """`quantity` pieces leave the house for good: to a vendor, or sold as they are."""
    units = _part(found_as, quantity, placed_as)
    for unit in units:
        unit.bin, unit.left_as, unit.left_at = None, cause, at
    Unit.objects.bulk_update(units, ["bin", "left_as", "left_at"])
    return units


def _part(found_as: str, quantity: int, placed_as: str) -> list[Unit]:
    """The numbers of so many pieces, locked. Of many that share one, those that go are given a number of their own."""
    here = Unit.objects.select_for_update(no_key=True, of=("self",)).select_related("bin")
    parted: list[Unit] = []
    for unit in here.filter(found_as=found_as, placed_as=placed_as, left_at=None).order_by("pk"):
        if quantity <= 0:
            break
        if unit.quantity > quantity:
            unit = _without(unit, quantity)
        parted.append(unit)
        quantity -= unit.quantity
    return parted


def _without(many: Unit, quantity: int) -> Unit:
    """Take so many pieces from under a shared number."""
    many.quantity -= quantity
    many.save(update_fields=["quantity"])
    parted = Unit.objects.create(
        product=many.product,
        quantity=quantity,
        sold_on_id=many.sold_on_id,
        is_other=many.is_other,
        received_as=many.received_as,
        found_as=many.found_as,
        placed_as=many.placed_as,
        bin=many.bin,
        created_at=many.created_at,
    )
    parted.refresh_from_db(fields=["number"])
    return parted
