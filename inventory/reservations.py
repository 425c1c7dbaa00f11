"""Goods set aside for an order that goes out: reserved, let go again, or issued when the parcel leaves (R85).

Called inside a verb's transaction, after the order's row is locked. Levels are locked in (bin, product) order, so two
verbs at once wait for each other; what is free is read after the wait, so nothing is promised twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import F, Prefetch, QuerySet, Sum

from inventory import picking, trading
from inventory.models import Reservation, StockLevel, StockMovement, Unit
from inventory.picking import Pile
from inventory.refusals import NotAvailable
from inventory.states import BinKind, MovementKind
from oms.models import OrderLine, Product
from oms.states import OrderKind

SELLABLE = BinKind.SHELF


def reserve(
    lines: Sequence[OrderLine], *, at: datetime, until: datetime | None, where: BinKind = SELLABLE
) -> list[Reservation]:
    """Set all units of these lines aside on the shelves, or in other bins; a line may take from several. Which leave
    first is the issue order of their category (`inventory.picking`).

    All or nothing: raises NotAvailable for the first product of which not enough is free.
    """
    wanted = [line for line in lines if line.product_id]
    free = _free(wanted, where)
    left_in = {id(pile): pile.quantity for piled in free.values() for pile in piled}
    made: list[Reservation] = []
    for line in wanted:
        left = line.quantity - line.canceled
        taken: dict[int, Reservation] = {}
        for pile in free.get(line.product_id, ()):
            take = min(left, left_in[id(pile)])
            if take > 0:
                left_in[id(pile)] -= take
                pile.level.reserved += take
                left -= take
                fresh = Reservation(order_line=line, level=pile.level, quantity=0, reserved_at=at, expires_at=until)
                taken.setdefault(pile.level.pk, fresh).quantity += take
        if left:
            there = line.quantity - line.canceled - left
            raise NotAvailable(sku=line.sku, asked=line.quantity - line.canceled, left=there)
        made += taken.values()
    touched = {one.level_id: one.level for one in made}
    StockLevel.objects.bulk_update(touched.values(), ["reserved"])
    made = Reservation.objects.bulk_create(made)
    picking.name_units(made)
    return made


def _free(lines: Sequence[OrderLine], where: BinKind) -> Mapping[int, list[Pile]]:
    """What is free, its levels locked, by product: in the order it leaves."""
    products = {line.product_id: line.product for line in lines}
    shelves = StockLevel.objects.filter(bin__kind=where, product__in=products, quantity__gt=F("reserved"))
    locked = list(shelves.select_for_update(no_key=True, of=("self",)).order_by("bin_id", "product_id"))
    return picking.piles(locked, products) if locked else {}


def available(products: "Iterable[int] | QuerySet[Product]") -> dict[int, int]:
    """How many of each product (by id) may be promised now; products with nothing free are left out."""
    shelves = StockLevel.objects.filter(bin__kind=SELLABLE, product__in=products, quantity__gt=F("reserved"))
    sums = shelves.values("product").annotate(free=Sum(F("quantity") - F("reserved"))).order_by()
    return dict(sums.values_list("product", "free"))


def held_for(lines: Iterable[OrderLine]) -> "QuerySet[Reservation]":
    """What is set aside for these lines, in the order somebody walks the bins."""
    held = Reservation.objects.held().filter(order_line__in=list(lines))
    return (
        held.select_related("level__bin__warehouse", "level__product", "order_line")
        .prefetch_related(Prefetch("units", Unit.objects.order_by("created_at", "pk")))
        .order_by("level__bin__code", "order_line__position", "pk")
    )


def keep(lines: Iterable[OrderLine], *, until: datetime | None) -> None:
    """What is set aside for these lines stays so until then, at least; None: until it leaves."""
    held = Reservation.objects.held().filter(order_line__in=list(lines))
    if until is None:
        held.update(expires_at=None)
    else:
        held.filter(expires_at__lt=until).update(expires_at=until)


def let_go(lines: Iterable[OrderLine], *, at: datetime) -> int:
    """What is set aside for these lines may be sold again; returns how many units. Nothing held is harmless."""
    held = _locked(lines)
    for one in held:
        one.level.reserved -= one.quantity
        one.freed_at = at
    _save(held, ["reserved"], ["freed_at"])
    picking.free_units(held)
    return sum(one.quantity for one in held)


def issue(lines: Sequence[OrderLine], *, cause: str, by: str, at: datetime) -> int:
    """What is set aside for these lines leaves the house, a movement per bin citing `cause`, and its value the books.

    Returns how many units. The same cause again is refused by the database.
    """
    held = _locked(lines)
    for one in held:
        one.level.reserved -= one.quantity
        one.level.quantity -= one.quantity
        one.issued_at = at
    _save(held, ["reserved", "quantity"], ["issued_at"])
    moved: dict[int, StockMovement] = {}
    for one in held:
        level = one.level
        fresh = StockMovement(
            product_id=level.product_id,
            bin_id=level.bin_id,
            kind=MovementKind.ISSUE,
            quantity=0,
            cause=cause,
            unit_cost=one.order_line.unit_cost,
            by=by,
            moved_at=at,
        )
        moved.setdefault(level.pk, fresh).quantity -= one.quantity
    StockMovement.objects.bulk_create(moved.values())
    picking.let_units_leave(held, cause=cause, at=at)
    _value(held, at)
    return sum(one.quantity for one in held)


def _value(held: Sequence[Reservation], at: datetime) -> None:
    """The cost of what left, by the product's costing method; products in one order everywhere."""
    leaving: dict[OrderLine, int] = {}
    for one in held:
        leaving[one.order_line] = leaving.get(one.order_line, 0) + one.quantity
    # What goes back to its owner was never part of our value, or has left it.
    ours = {line: quantity for line, quantity in leaving.items() if line.order.kind != OrderKind.SENT_BACK}
    for line, quantity in sorted(ours.items(), key=lambda one: (one[0].product_id, one[0].pk)):
        trading.sell(line, quantity, at=at)


def _locked(lines: Iterable[OrderLine]) -> list[Reservation]:
    """What is held for these lines, its levels locked; two reservations of one level share it."""
    held = list(
        Reservation.objects.held()
        .filter(order_line__in=list(lines))
        .select_related("order_line__product", "order_line__order")
    )
    wanted = StockLevel.objects.filter(pk__in={one.level_id for one in held})
    locked = wanted.select_for_update(no_key=True).order_by("bin_id", "product_id")
    levels = {level.pk: level for level in locked}
    for one in held:
        one.level = levels[one.level_id]
    return held


def _save(held: Sequence[Reservation], level_fields: list[str], fields: list[str]) -> None:
    if held:
        StockLevel.objects.bulk_update({one.level_id: one.level for one in held}.values(), level_fields)
        Reservation.objects.bulk_update(held, fields)
