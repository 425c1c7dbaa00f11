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

from inventory import trading
from inventory.models import Bin, StockMovement, Warehouse
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
    Disposition.RETURN_TO_VENDOR: BinKind.OUTBOUND,
    Disposition.RETURN_TO_CUSTOMER: BinKind.OUTBOUND,
    Disposition.LIQUIDATE: BinKind.QUARANTINE,
    Disposition.DONATE: BinKind.OUTBOUND,
    Disposition.SCRAP: BinKind.SCRAP,
}


@dataclass(frozen=True, slots=True)
class Goods:
    """Some units of one product; `unit_cost` in the shop's currency, None when unknown."""

    product: Product
    quantity: int
    unit_cost: Decimal | None = None


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
    moves = [_Move(bins[source], one, -one.quantity, MovementKind.PUTAWAY) for one, _target in goods]
    moves += [_Move(bins[target], one, one.quantity, MovementKind.PUTAWAY) for one, target in goods]
    _apply(moves, cause, by, at)


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
    StockMovement.objects.bulk_create(
        StockMovement(
            product=move.goods.product,
            bin=move.bin,
            kind=move.kind,
            quantity=move.quantity,
            cause=cause,
            unit_cost=move.goods.unit_cost,
            by=by,
            moved_at=at,
        )
        for move in wanted
    )
    with connection.cursor() as cursor:
        for move in wanted:
            _change_level(cursor, move)


def _change_level(cursor: CursorWrapper, move: _Move) -> None:
    row = [move.quantity, move.bin.pk, move.goods.product.pk]
    if move.quantity > 0:
        cursor.execute(
            """INSERT INTO inventory_stocklevel (quantity, bin_id, product_id, reserved) VALUES (%s, %s, %s, 0)
               ON CONFLICT (bin_id, product_id)
               DO UPDATE SET quantity = inventory_stocklevel.quantity + excluded.quantity""",
            row,
        )
        return
    # An upsert would check the negative row before it meets the existing one.
    cursor.execute(
        """UPDATE inventory_stocklevel SET quantity = quantity + %s
            WHERE bin_id = %s AND product_id = %s AND quantity - reserved + %s >= 0""",
        [*row, move.quantity],
    )
    if not cursor.rowcount:
        raise NotThatMany(sku=move.goods.product.sku, bin=move.bin.code)
