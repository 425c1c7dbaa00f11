"""Which serials and lots went out with imported orders: what the dock compares with when they come back (p40)."""

from inventory.models import Lot, LotMovement, Unit
from oms.importing.documents import SoldPieces

ACTOR = "import"


def known_serials(wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of these (SKU, serial), those that are numbered here already."""
    found = Unit.objects.filter(serial__in={serial for _sku, serial in wanted})
    return set(found.values_list("product__sku", "serial")) & wanted


def note_pieces(sold: list[SoldPieces]) -> None:
    """Number every serial, and book each lot in and out again: what was sold had been here."""
    Unit.objects.bulk_create(
        Unit(product_id=one.product, serial=serial, sold_on_id=one.order_line, created_at=one.sold_at)
        for one in sold
        for serial in one.serials
    )
    of_lots = [one for one in sold if one.lot]
    if not of_lots:
        return
    wanted = sorted({(one.product, one.lot) for one in of_lots})
    Lot.objects.bulk_create([Lot(product_id=product, code=code) for product, code in wanted], ignore_conflicts=True)
    known = Lot.objects.filter(product__in={product for product, _code in wanted}, code__in={one for _, one in wanted})
    lots = {(lot.product_id, lot.code): lot.pk for lot in known}
    LotMovement.objects.bulk_create(
        LotMovement(
            lot_id=lots[one.product, one.lot],
            order_line_id=one.order_line if sign < 0 else None,
            quantity=sign * one.quantity,
            cause=f"{document}/{one.order_line}",
            by=ACTOR,
            moved_at=one.sold_at,
        )
        for one in of_lots
        for sign, document in ((1, "import"), (-1, "order_line"))
    )
