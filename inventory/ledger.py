"""The writer of stock, beside `inventory.reservations`. Every effect is a movement that cites its document; levels are
the sum of movements.

Called inside a verb's transaction, after the order's row is locked. Levels are touched in (bin, product) order, so two
verbs at once wait for each other instead of deadlocking.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Sum

from inventory import disposing, trading
from inventory.models import Bin, StockLevel, Warehouse
from inventory.places import bins_of
from inventory.refusals import NotThatMany
from inventory.states import BinKind, Disposition, MovementKind
from oms.journal import Account
from oms.models import Product

LANDS_IN: dict[Disposition, BinKind] = {
    Disposition.RESTOCK: BinKind.SHELF,
    Disposition.REFURBISH: BinKind.REFURBISH,
    Disposition.REPAIR: BinKind.REFURBISH,
    Disposition.QUARANTINE: BinKind.QUARANTINE,
    Disposition.PARTS: BinKind.REFURBISH,
    Disposition.RETURN_TO_VENDOR: BinKind.QUARANTINE,  # ours until it leaves
    Disposition.RETURN_TO_CUSTOMER: BinKind.OUTBOUND,
    Disposition.LIQUIDATE: BinKind.QUARANTINE,
    Disposition.DONATE: BinKind.OUTBOUND,
    Disposition.SCRAP: BinKind.SCRAP,
}


@dataclass(frozen=True, slots=True)
class Goods:
    """Some units of one product; `unit_cost` in the shop's currency, None when unknown. `of` is the inspection that
    found them ("outcome/23"): their numbered units move with them."""

    product: Product
    quantity: int
    unit_cost: Decimal | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class _Move:
    bin: Bin
    goods: Goods
    quantity: int
    kind: MovementKind


def expect(warehouse: Warehouse, goods: Iterable[Goods], *, cause: str, by: str, at: datetime) -> None:
    """Goods are announced: still with the customer, not on hand (R126, N1)."""
    place = bins_of(warehouse)[BinKind.EXPECTED]
    _apply([_Move(place, one, one.quantity, MovementKind.EXPECT) for one in goods], cause, by, at)


def release(warehouse: Warehouse, goods: Iterable[Goods], *, cause: str, by: str, at: datetime) -> None:
    """Announced goods will not come: canceled, expired, lost or short."""
    place = bins_of(warehouse)[BinKind.EXPECTED]
    _apply([_Move(place, one, -one.quantity, MovementKind.RELEASE) for one in goods], cause, by, at)


def receive(
    warehouse: Warehouse, arrived: Sequence[Goods], missing: Sequence[Goods], *, cause: str, by: str, at: datetime
) -> None:
    """Announced goods arrived at the dock, or will not: on hand, but not sellable before inspection (R66, R71)."""
    bins = bins_of(warehouse)
    moves = [_Move(bins[BinKind.EXPECTED], one, -one.quantity, MovementKind.RECEIVE) for one in arrived]
    moves += [_Move(bins[BinKind.DOCK], one, one.quantity, MovementKind.RECEIVE) for one in arrived]
    moves += [_Move(bins[BinKind.EXPECTED], one, -one.quantity, MovementKind.RELEASE) for one in missing]
    _apply(moves, cause, by, at)


def take_in(warehouse: Warehouse, goods: Goods, target: BinKind, *, cause: str, by: str, at: datetime) -> None:
    """Goods nobody expected any more stand here and are ours."""
    _apply([_Move(bins_of(warehouse)[target], goods, goods.quantity, MovementKind.RECEIVE)], cause, by, at)


def take_back(
    warehouse: Warehouse, arrived: Sequence[Goods], missing: Sequence[Goods], *, cause: str, by: str, at: datetime
) -> None:
    """What `receive` booked was a mistake: the same movements the other way round, and the goods are expected again."""
    bins = bins_of(warehouse)
    moves = [_Move(bins[BinKind.DOCK], one, -one.quantity, MovementKind.RECEIVE) for one in arrived]
    moves += [_Move(bins[BinKind.EXPECTED], one, one.quantity, MovementKind.RECEIVE) for one in arrived]
    moves += [_Move(bins[BinKind.EXPECTED], one, one.quantity, MovementKind.RELEASE) for one in missing]
    _apply(moves, cause, by, at)


def carry(source: Bin, target: Bin, goods: Sequence[Goods], *, cause: str, by: str, at: datetime) -> None:
    """Somebody carries goods from one bin to another of the same kind: what they are and whose does not change."""
    moves = [_Move(source, one, -one.quantity, MovementKind.PUTAWAY) for one in goods]
    moves += [_Move(target, one, one.quantity, MovementKind.PUTAWAY) for one in goods]
    _apply(moves, cause, by, at)


def put_away(
    warehouse: Warehouse,
    goods: Sequence[tuple[Goods, BinKind]],
    *,
    source: BinKind = BinKind.DOCK,
    cause: str,
    by: str,
    at: datetime,
) -> None:
    """Inspected goods leave the dock (or a hold) for where their disposition says."""
    bins = bins_of(warehouse)
    moves = [_Move(_holding(warehouse, source, one), one, -one.quantity, MovementKind.PUTAWAY) for one, _to in goods]
    moves += [_Move(bins[target], one, one.quantity, MovementKind.PUTAWAY) for one, target in goods]
    _apply(moves, cause, by, at)


def send_away(warehouse: Warehouse, goods: Goods, source: BinKind, *, cause: str, by: str, at: datetime) -> None:
    """Goods leave the house for a vendor or a buyer of returned goods; their value is booked by who sends them."""
    place = _holding(warehouse, source, goods)
    _apply([_Move(place, goods, -goods.quantity, MovementKind.ISSUE)], cause, by, at)


def _holding(warehouse: Warehouse, kind: BinKind, goods: Goods) -> Bin:
    """The bin of this kind that has so many: where they were booked to, unless somebody carried them to another."""
    usual = bins_of(warehouse)[kind]
    if kind == BinKind.DOCK:
        return usual
    levels = StockLevel.objects.filter(product=goods.product, bin__warehouse=warehouse, bin__kind=kind)
    enough = levels.filter(quantity__gte=F("reserved") + goods.quantity).select_related("bin").order_by("bin__code")
    places = [level.bin for level in enough]
    return next((place for place in places if place == usual), next(iter(places), usual))


def adjust(
    place: Bin,
    product: Product,
    quantity: int,
    *,
    cause: str,
    by: str,
    at: datetime,
    against: Account = Account.WRITE_OFF,
) -> None:
    """Correct a bin by a counted difference, positive or negative; of goods that are ours, their value too."""
    if quantity:
        _apply([_Move(place, Goods(product, abs(quantity)), quantity, MovementKind.ADJUST)], cause, by, at)
        if place.kind in BinKind.ours():
            trading.correct(product, quantity, cause=f"{cause}/{place.pk}", against=against, at=at)
        if quantity < 0 and place.kind in BinKind.impaired():
            standing = StockLevel.objects.filter(product=product, bin__kind__in=BinKind.impaired())
            there = standing.aggregate(there=Sum("quantity"))["there"] or 0
            disposing.end_missing(product, there, cause=f"{cause}/{place.pk}", at=at)


def _apply(moves: Sequence[_Move], cause: str, by: str, at: datetime) -> None:
    """Write movements and levels. Raises NotThatMany, or IntegrityError when this cause moved these goods before."""
    summed: dict[tuple[int, int, str], _Move] = {}
    for move in moves:
        key = (move.bin.pk, move.goods.product.pk, move.kind)
        earlier = summed.get(key)
        quantity = move.quantity + (earlier.quantity if earlier else 0)
        summed[key] = _Move(move.bin, move.goods, quantity, move.kind)
    wanted = [summed[key] for key in sorted(summed) if summed[key].quantity]
    if not wanted:
        return
    units = _units(moves)
    with connection.cursor() as cursor:
        for place, move in enumerate(wanted):
            _change_level(cursor, move, *_recorded(wanted, units, cause, by, at) if place == 0 else ("", []))


def _units(moves: Sequence[_Move]) -> list[tuple[str, int | None, int | None, int]]:
    """How many units of which inspection go from where to where; None where they come from or go outside."""
    found: dict[str, list[_Move]] = {}
    for move in moves:
        if move.goods.of:
            found.setdefault(move.goods.of, []).append(move)
    return [
        (
            cause,
            next((one.bin.pk for one in pair if one.quantity < 0), None),
            next((one.bin.pk for one in pair if one.quantity > 0), None),
            max(abs(one.quantity) for one in pair),
        )
        for cause, pair in found.items()
    ]


# Of the units an inspection found, those that stand in the bin they are taken from go first. Many that share a number
# stay under it until all of them go.
_PLACE_UNITS = """, placed AS (
    UPDATE inventory_unit unit
       SET bin_id = going.target, left_at = CASE WHEN going.target IS NULL THEN %s::timestamptz END,
           left_as = CASE WHEN going.target IS NULL THEN %s ELSE '' END
      FROM (
        SELECT one.id, found.target
          FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::int[]) AS found (cause, source, target, quantity),
               LATERAL (
            SELECT id, sum(quantity) OVER (ORDER BY bin_id IS DISTINCT FROM found.source, id) AS until
              FROM inventory_unit WHERE found_as = found.cause AND left_at IS NULL
        ) one WHERE one.until <= found.quantity
      ) going WHERE unit.id = going.id
)"""


def _recorded(
    moves: Sequence[_Move], units: Sequence[tuple[object, ...]], cause: str, by: str, at: datetime
) -> tuple[str, list[object]]:
    """The movements, and where the units among them stand now, as the head of the first statement on the levels."""
    rows = [(move.goods.product.pk, move.bin.pk, move.kind, move.quantity, move.goods.unit_cost) for move in moves]
    head = """WITH moved AS (
        INSERT INTO inventory_stockmovement (product_id, bin_id, kind, quantity, unit_cost, cause, by, moved_at)
        SELECT product, bin, kind, quantity, unit_cost, %s, %s, %s
          FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::numeric[])
               AS found (product, bin, kind, quantity, unit_cost)
    )"""
    values: list[object] = [cause, by, at, *(list(column) for column in zip(*rows, strict=True))]
    if units:
        head += _PLACE_UNITS
        values += [at, cause, *(list(column) for column in zip(*units, strict=True))]
    return f"{head}\n", values


def _change_level(cursor: CursorWrapper, move: _Move, head: str, values: list[object]) -> None:
    row = [*values, move.quantity, move.bin.pk, move.goods.product.pk]
    if move.quantity > 0:
        cursor.execute(
            f"""{head}INSERT INTO inventory_stocklevel (quantity, bin_id, product_id, reserved) VALUES (%s, %s, %s, 0)
               ON CONFLICT (bin_id, product_id)
               DO UPDATE SET quantity = inventory_stocklevel.quantity + excluded.quantity""",  # noqa: S608 - constants
            row,
        )
        return
    # An upsert would check the negative row before it meets the existing one.
    cursor.execute(
        f"""{head}UPDATE inventory_stocklevel SET quantity = quantity + %s
            WHERE bin_id = %s AND product_id = %s AND quantity - reserved + %s >= 0""",  # noqa: S608 - constants
        [*row, move.quantity],
    )
    if not cursor.rowcount:
        raise NotThatMany(sku=move.goods.product.sku, bin=move.bin.code)
