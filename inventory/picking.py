"""Which units leave the shelves first: the issue order of their category, read by whatever sets goods aside (N2, R75).

What stands in a bin is piles: arrivals that have not left again. Goods that came back are a pile of their own, with a
number on each piece. What is promised already is what leaves first, so the piles that are free are those behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from inventory import disposing, terms
from inventory.models import Impairment, Reservation, StockLevel, Unit
from inventory.states import IssueOrder, MovementKind
from oms.models import OrderLine, Product


@dataclass(frozen=True, slots=True)
class Pile:
    """Free units of one bin that arrived together; None where nobody knows when."""

    level: StockLevel
    quantity: int
    came_at: datetime | None = None
    came_back: bool = False


# The pile that leaves last comes first in the window, so that what has left is cut off its end.
_PILES = f"""
    WITH asked AS (
        SELECT l.id, l.bin_id, l.product_id, l.quantity - l.reserved AS free, a.first
          FROM unnest(%s::bigint[], %s::text[]) AS a (id, first) JOIN inventory_stocklevel l USING (id)
    ), arrived AS (
        SELECT a.id, a.free, a.first, m.id AS movement, m.moved_at, m.quantity,
               m.kind = '{MovementKind.PUTAWAY}' AS came_back
          FROM asked a JOIN inventory_stockmovement m USING (bin_id, product_id) WHERE m.quantity > 0
    ), piled AS (
        SELECT *, sum(quantity) OVER (
            PARTITION BY id ORDER BY first = '{IssueOrder.RETURNED_FIRST}' AND came_back,
                CASE WHEN first = '{IssueOrder.NEWEST_FIRST}' THEN moved_at END,
                CASE WHEN first <> '{IssueOrder.NEWEST_FIRST}' THEN moved_at END DESC, movement DESC
        ) AS behind FROM arrived
    )
    SELECT id, moved_at, came_back, least(quantity, free - (behind - quantity))::int
      FROM piled WHERE behind - quantity < free"""  # noqa: S608 - constants


def piles(levels: Sequence[StockLevel], products: Mapping[int, Product]) -> dict[int, list[Pile]]:
    """Free units of these levels by product, in the order they leave: that of their category. One statement."""
    orders = {pk: IssueOrder(terms.of(product).issue_order) for pk, product in products.items()}
    known = {level.pk: level for level in levels}
    found: list[Pile] = []
    with connection.cursor() as cursor:
        cursor.execute(_PILES, [list(known), [orders[level.product_id] for level in levels]])
        found += [Pile(known[pk], quantity, at, back) for pk, at, back, quantity in cursor.fetchall()]
    told = {level.pk: 0 for level in levels}
    for pile in found:
        told[pile.level.pk] += pile.quantity
    found += [
        Pile(level, level.quantity - level.reserved - told[level.pk])
        for level in levels
        if level.quantity - level.reserved > told[level.pk]
    ]
    by_product: dict[int, list[Pile]] = {}
    for pile in found:
        by_product.setdefault(pile.level.product_id, []).append(pile)
    for pk, of_one in by_product.items():
        of_one.sort(key=lambda pile: _place(pile, orders[pk]))
    return by_product


def _place(pile: Pile, order: IssueOrder) -> tuple[bool, float, int]:
    """Its place in the queue; of two that came together the one whose bin comes first."""
    at = pile.came_at.timestamp() if pile.came_at else 0.0
    later = order == IssueOrder.RETURNED_FIRST and not pile.came_back
    return later, -at if order == IssueOrder.NEWEST_FIRST else at, pile.level.bin_id


def name_units(made: Iterable[Reservation]) -> None:
    """Say which numbered units a reservation takes: those that stand in its bin, the longest there first."""
    reservations = list(made)
    bins = {one.level.bin_id for one in reservations}
    products = {one.level.product_id for one in reservations}
    standing = list(
        Unit.objects.select_for_update(no_key=True, of=("self",))
        .filter(bin__in=bins, product__in=products, left_at__isnull=True, reservation__isnull=True, is_other=False)
        .exclude(found_as="")
        .order_by("created_at", "pk")
    )
    taken: list[Unit] = []
    for one in reservations:
        left = one.quantity
        for unit in standing:
            fits = unit.bin_id == one.level.bin_id and unit.product_id == one.level.product_id
            if fits and unit.reservation_id is None and unit.quantity <= left:
                unit.reservation_id = one.pk
                left -= unit.quantity
                taken.append(unit)
    Unit.objects.bulk_update(taken, ["reservation"])


def take_instead(unit: Unit, line: OrderLine) -> Unit:
    """This very unit leaves with what is set aside for the line; one that was named for it takes its place."""
    held = list(Reservation.objects.held().filter(order_line=line).order_by("pk"))
    unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    if not held or unit.reservation_id in {one.pk for one in held}:
        return unit
    named = Unit.objects.select_for_update(no_key=True).filter(reservation__in=held, quantity=1)
    other = named.exclude(sold_on=line).order_by("pk").first()
    place = held[0].pk if other is None else other.reservation_id
    if other is not None:
        other.reservation_id = unit.reservation_id
        other.save(update_fields=["reservation"])
    unit.reservation_id = place
    unit.save(update_fields=["reservation"])
    return unit


def free_units(held: Sequence[Reservation]) -> None:
    """Goods that were set aside stay where they are."""
    Unit.objects.filter(reservation__in=held).update(reservation=None)


def let_units_leave(held: Sequence[Reservation], *, cause: str, at: datetime) -> None:
    """Numbered units leave with the goods they were set aside with: whatever loss was expected of them has ended."""
    leaving = list(Unit.objects.filter(reservation__in=held).order_by("pk"))
    lines = {one.pk: one.order_line_id for one in held}
    counted: dict[str, int] = {}
    for unit in leaving:
        unit.left_as, unit.left_at, unit.bin = cause, at, None
        unit.sold_on_id, unit.reservation = lines[unit.reservation_id], None
        counted[unit.found_as] = counted.get(unit.found_as, 0) + unit.quantity
    Unit.objects.bulk_update(leaving, ["left_as", "left_at", "bin", "sold_on", "reservation"])
    for impaired in Impairment.objects.filter(cause__in=counted, released_at=None).order_by("pk"):
        quantity = counted[impaired.cause]
        disposing.release_part(impaired.cause, quantity, of=impaired.quantity, rest=cause, at=at)
