"""Which numbered units of an order line are free, and claiming them for a return or a cancellation.

Units of a line are numbered from 0. Returns take the lowest free numbers, cancellations the highest, so that what was
shipped is what comes back. Call `claim`, `claim_last` and `free` under the order's lock; should that be forgotten,
PostgreSQL still refuses the same unit twice.
"""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from oms.models import OrderLine, UnitClaim
from oms.models.claims import Units
from oms.refusals import Refused


class NotEnoughUnits(Refused):
    """More units asked for than the line has left, or none."""

    code = "not_enough_units"
    sentence = _("%(sku)s: %(asked)s asked for, %(left)s left.")


def count(units: Units) -> int:
    return sum(last - first for first, last in units)


def free_units(line_quantity: int, claimed: Iterable[Units]) -> Units:
    """Return what is left of 0 … line_quantity − 1 as half-open ranges in ascending order, none of them empty."""
    free, start = [], 0
    for first, last in sorted(part for units in claimed for part in units):
        if first > start:
            free.append((start, first))
        start = max(start, last)
    if start < line_quantity:
        free.append((start, line_quantity))
    return tuple(free)


def without(free: Units, taken: Units) -> Units:
    """Return the numbers of `free` that are not in `taken`."""
    end = max((last for _first, last in free), default=0)
    others = free_units(end, [free])
    return free_units(end, [others, taken])


def lowest(free: Units, quantity: int) -> Units:
    """Return the `quantity` lowest numbers of `free`, which must hold as many."""
    taken = []
    for first, last in free:
        if quantity <= 0:
            break
        taken.append((first, min(last, first + quantity)))
        quantity -= last - first
    return tuple(taken)


def highest(free: Units, quantity: int) -> Units:
    """Return the `quantity` highest numbers of `free`, which must hold as many."""
    taken: list[tuple[int, int]] = []
    for first, last in reversed(free):
        if quantity <= 0:
            break
        taken.insert(0, (max(first, last - quantity), last))
        quantity -= last - first
    return tuple(taken)


def free_of(order_line: OrderLine) -> Units:
    """Return the units of this line that no active claim holds."""
    claims = UnitClaim.objects.filter(order_line=order_line, active=True).values_list("units", flat=True)
    return free_units(order_line.quantity, claims)


def claim(order_line: OrderLine, quantity: int) -> UnitClaim:
    """Claim the lowest free units. Raises NotEnoughUnits."""
    free = _enough(order_line, quantity)
    return UnitClaim.objects.create(order_line=order_line, units=lowest(free, quantity))


def claim_last(order_line: OrderLine, quantity: int) -> UnitClaim:
    """Claim the highest free units: how a cancellation leaves the shipped ones alone. Raises NotEnoughUnits."""
    free = _enough(order_line, quantity)
    return UnitClaim.objects.create(order_line=order_line, units=highest(free, quantity))


def free(order_line: OrderLine, units: Units) -> None:
    """Let these units be claimed again. A claim keeps its own numbers, which say what it was about: what is left of it
    is claimed anew."""
    for held in UnitClaim.objects.filter(order_line=order_line, active=True):
        left = without(held.units, units)
        if left == held.units:
            continue
        UnitClaim.objects.filter(pk=held.pk).update(active=False)
        if left:
            UnitClaim.objects.create(order_line=order_line, units=left)


def _enough(order_line: OrderLine, quantity: int) -> Units:
    free = free_of(order_line)
    left = count(free)
    if not 0 < quantity <= left:
        raise NotEnoughUnits(sku=order_line.sku, asked=quantity, left=left)
    return free
