"""Whether a serial or a lot is one that was sold on an order line (p40): the question the dock asks when it scans one.

Goods are told apart by serial, by lot, or not at all (p53): a line of which nobody noted a serial or a lot takes any.
What is decided later about numbered units is kept on them in `inventory.numbered`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum

from django.db.models import Sum

from inventory import picking
from inventory.models import Lot, LotMovement, Unit
from inventory.refusals import LotNotSold, NotThatManyOfLot, SerialIsElsewhere
from oms.models import OrderLine, Product


class Sold(Enum):
    """What is known about a code and an order line."""

    YES = "yes"  # this serial, or units of this lot, went out with the line and have not come back
    NO = "no"  # others did: what is in hand is not what was sold
    UNKNOWN = "unknown"  # nobody noted any for this line


def was_sold(line: OrderLine, code: str) -> Sold:
    """Whether `code`, a serial or a lot as printed, was sold on this line."""
    code = code.strip()
    serials = set(Unit.objects.filter(sold_on=line).exclude(serial="").values_list("serial", flat=True))
    lots = out_on(line)
    if code in serials or lots.get(code, 0) > 0:
        return Sold.YES
    return Sold.NO if serials or lots else Sold.UNKNOWN


def sell_serial(line: OrderLine, serial: str, *, at: datetime) -> Unit:
    """Note that this serial goes out with this line; a serial that came back before keeps its number and story."""
    assert line.product is not None
    unit = Unit.objects.select_for_update(no_key=True).filter(product=line.product, serial=serial).first()
    if unit is None:
        return Unit.objects.create(product=line.product, serial=serial, sold_on=line, created_at=at)
    unit.sold_on = line
    unit.save(update_fields=["sold_on"])
    return unit


def send_out(
    line: OrderLine, *, unit: Unit | None = None, serial: str = "", lot: str = "", cause: str, by: str, at: datetime
) -> None:
    """One piece goes into the box: this unit, a serial nobody had noted, or one of a lot. What was promised by number
    gives way to it; a lot seen here of which nobody booked anything in is booked in. Raises SerialIsElsewhere."""
    if serial:
        known = Unit.objects.filter(product=line.product, serial=serial.strip()).first()
        unit = known or sell_serial(line, serial.strip(), at=at)
    if unit is not None and unit.quantity == 1:
        if unit.left_at or (unit.sold_on_id not in (None, line.pk) and not unit.received_as):
            raise SerialIsElsewhere(code=unit.serial or unit.number)
        unit = picking.take_instead(unit, line)
        unit.sold_on = line
        unit.save(update_fields=["sold_on"])
    if lot:
        found = _lock(line, lot)
        assert line.product is not None
        if found is None or on_hand(found) < 1:
            receive_lot(line.product, lot, 1, cause=f"{cause}/seen", by=by, at=at)
        issue_lot(line, lot, 1, cause=cause, by=by, at=at)


def keep_here(lines: Sequence[OrderLine], *, cause: str, by: str, at: datetime) -> None:
    """What was in the box for these lines stays in the house after all."""
    Unit.objects.filter(sold_on__in=lines, left_at=None).update(sold_on=None)
    for line in lines:
        for lot, quantity in out_on(line).items():
            if quantity > 0:
                take_lot_back(line, lot, quantity, cause=cause, by=by, at=at)


# ── Lots ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def receive_lot(product: Product, code: str, quantity: int, *, cause: str, by: str, at: datetime) -> LotMovement:
    """Units of a lot come to us. The same cause again is refused by the database."""
    lot, _made = Lot.objects.get_or_create(product=product, code=code.strip())
    return LotMovement.objects.create(lot=lot, quantity=quantity, cause=cause, by=by, moved_at=at)


def issue_lot(line: OrderLine, code: str, quantity: int, *, cause: str, by: str, at: datetime) -> LotMovement:
    """Units of a lot leave with an order line. Raises NotThatManyOfLot."""
    lot = _lock(line, code)
    here = (lot and on_hand(lot)) or 0
    if lot is None or quantity > here:
        raise NotThatManyOfLot(lot=code, asked=quantity, left=here)
    return LotMovement.objects.create(lot=lot, order_line=line, quantity=-quantity, cause=cause, by=by, moved_at=at)


def take_lot_back(line: OrderLine, code: str, quantity: int, *, cause: str, by: str, at: datetime) -> LotMovement:
    """Units of a lot come back from the line they were sold on (rule 16). Raises LotNotSold, of more than that too."""
    lot = _lock(line, code)
    out = out_on(line).get(code.strip(), 0)
    if lot is None or quantity > out:
        raise LotNotSold(lot=code, sku=line.sku, left=out)
    return LotMovement.objects.create(lot=lot, order_line=line, quantity=quantity, cause=cause, by=by, moved_at=at)


def on_hand(lot: Lot) -> int:
    """How many units of a lot are here: the sum of its movements."""
    return lot.movements.aggregate(here=Sum("quantity"))["here"] or 0


def take_back(lines: Iterable[OrderLine], causes: Iterable[str], *, by: str, at: datetime) -> None:
    """What moved on these lines for these causes did not happen: each movement is met by its opposite, once."""
    moved = LotMovement.objects.filter(order_line__in=list(lines), cause__in=list(causes))
    LotMovement.objects.bulk_create(
        LotMovement(
            lot_id=one.lot_id,
            order_line_id=one.order_line_id,
            quantity=-one.quantity,
            cause=f"{one.cause}/taken_back",
            by=by,
            moved_at=at,
        )
        for one in moved
    )


def out_on(line: OrderLine) -> Mapping[str, int]:
    """Units by lot that went out with this line and have not come back; a lot of which all did is there with 0."""
    moved = LotMovement.objects.filter(order_line=line).values("lot__code").annotate(out=-Sum("quantity")).order_by()
    return dict(moved.values_list("lot__code", "out"))


def _lock(line: OrderLine, code: str) -> Lot | None:
    return Lot.objects.select_for_update(no_key=True).filter(product=line.product_id, code=code.strip()).first()
