"""What a scanned code means: the number of a return, a tracking number, a serial or unit number, a product, a lot.

Scanners add things of their own (symbology identifiers, Tab and Enter, the address inside a QR code), people type in
any case, and two labels may be read in one go. Reading a code changes nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.identities import Sold, was_sold
from inventory.models import Lot, Unit
from oms.identifiers import normalize_number
from oms.models import Product
from oms.refusals import Refused
from returns.models import RMA, Parcel, ReturnLine
from returns.states import RMAStatus

LONGEST = 120
_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9A-Za-z]")  # AIM identifier, ISO/IEC 15424: ]C1, ]E0, ]Q3
_NUMBER = re.compile(r"R-?[0-9A-Z]{4}-?[0-9A-Z]{5}")
_BEFORE_NUMBER = re.compile(r"(?:RMA[\s:#-]*|HTTPS?://\S+/)?")
_SHORTEST_PART = 3


class NothingScanned(Refused):
    code = "nothing_scanned"
    sentence = _("Nothing was scanned.")


class CodeTooLong(Refused):
    code = "code_too_long"
    sentence = _("This is longer than any code. Scan one label alone.")


class TwoCodes(Refused):
    code = "two_codes"
    sentence = _("Two codes at once. Nothing was counted.")


class UnknownCode(Refused):
    code = "unknown_code"
    sentence = _("We do not know this code. Nothing was counted.")


@dataclass(frozen=True, slots=True)
class Found:
    """What a code names; at most one kind is filled. `lines` are lines of the open return it fits."""

    code: str
    rma: RMA | None = None
    parcel: Parcel | None = None
    unit: Unit | None = None
    lines: Sequence[ReturnLine] = field(default_factory=tuple)
    products: Sequence[Product] = field(default_factory=tuple)
    lot: str = ""
    kit: str = ""


def plain(text: str) -> str:
    """The code without what a scanner adds around it. Raises NothingScanned, CodeTooLong."""
    words = "".join(sign if sign.isprintable() else " " for sign in text[: LONGEST * 4]).split()
    code = _SYMBOLOGY.sub("", " ".join(words)).strip()
    if not code:
        raise NothingScanned
    if len(code) > LONGEST or len(text) > LONGEST * 4:
        raise CodeTooLong
    return code


def find(code: str, within: Iterable[ReturnLine] = ()) -> Found:
    """Say what a plain code means; lines of the return in hand come first. Raises TwoCodes, UnknownCode."""
    readings = _readings(code)
    if lines := _fitting(readings, within):
        return Found(code, lines=lines)
    if parts := [line for line in within if line.order_line.kit and line.order_line.kit.casefold() == code.casefold()]:
        return Found(code, lines=parts, kit=parts[0].order_line.kit)
    if rma := _rma(code):
        return Found(code, rma=rma)
    parcels = Parcel.objects.select_related("rma__warehouse").defer("label").filter(tracking_number__in=readings)
    if parcel := parcels.order_by("-pk").first():
        return Found(code, rma=parcel.rma, parcel=parcel)
    units = Unit.objects.select_related("product", "sold_on").filter(Q(number__in=readings) | Q(serial__in=readings))
    if unit := _nearest(units.order_by("pk")[:20], within):
        return Found(code, unit=unit, lines=_of_unit(unit, within), products=(unit.product,))
    products = list(Product.objects.filter(Q(sku__in=readings) | Q(barcode__in=readings)).order_by("pk")[:20])
    if products:
        exact = [product for product in products if code in (product.sku, product.barcode)]
        return Found(code, products=exact or products)
    lots = Lot.objects.select_related("product").filter(code__in=readings).order_by("pk")[:20]
    if lots := [lot for lot in lots if lot.code == code] or list(lots):
        found = [lot.product for lot in lots]
        return Found(code, lines=_of(lots[0].code, found, within), products=found, lot=lots[0].code)
    raise (TwoCodes if _holds_two(code) else UnknownCode)


def expecting(found: Found) -> list[ReturnLine]:
    """Lines of open returns that still wait for what was scanned, oldest first."""
    lines = ReturnLine.objects.select_related("rma", "order_line").filter(rma__status__in=RMAStatus.awaiting_goods())
    if found.unit is not None and found.unit.sold_on_id:
        lines = lines.filter(order_line=found.unit.sold_on_id)
    else:
        lines = lines.filter(order_line__product__in=found.products)
    waiting = [line for line in lines.order_by("rma__requested_at", "pk")[:50] if line.outstanding]
    return _of(found.lot, found.products, waiting) if found.lot else waiting


def _readings(code: str) -> list[str]:
    """Everything the printed code may have been, the most literal first."""
    close = code.replace(" ", "")
    found = [code, close, code.upper(), close.upper(), code.lower(), code.swapcase()]
    if close.isdecimal():
        if len(close) >= 16 and close.startswith("01"):  # GS1: (01) is a product's number, filled with zeros
            found += [close[2:16], close[2:16].lstrip("0")]
        if len(close) >= 28 and close.startswith("420"):  # USPS prints the destination's ZIP before the number
            found += [close[8:], close[12:]]
        if len(close) == 34:  # FedEx Ground 96: the tracking number is its end
            found += [close[-12:], close[-14:].lstrip("0")]
    return [reading for reading in dict.fromkeys(found) if reading]


def _fitting(readings: Sequence[str], within: Iterable[ReturnLine]) -> list[ReturnLine]:
    wanted = {reading.casefold() for reading in readings}
    return [
        line
        for line in within
        if line.order_line.sku.casefold() in wanted
        or (line.order_line.product and line.order_line.product.barcode.casefold() in wanted)
    ]


def _nearest(units: Iterable[Unit], within: Iterable[ReturnLine]) -> Unit | None:
    """Two products may have the same serial number: the one sold on a line in hand is meant, else of its products."""
    found = list(units)
    sold = {line.order_line_id for line in within}
    products = {line.order_line.product_id for line in within}
    mine = [unit for unit in found if unit.sold_on_id in sold] or [
        unit for unit in found if unit.product_id in products
    ]
    return next(iter(mine or found), None)


def _of_unit(unit: Unit, within: Iterable[ReturnLine]) -> list[ReturnLine]:
    if unit.sold_on_id:
        return [line for line in within if line.order_line_id == unit.sold_on_id]
    if unit.serial:
        return _of(unit.serial, [unit.product], within)
    return [line for line in within if line.order_line.product_id == unit.product_id]


def _of(code: str, products: Sequence[Product], within: Iterable[ReturnLine]) -> list[ReturnLine]:
    """Lines this serial or lot may have gone out with: goods nobody noted any for may be any (p40)."""
    known = {product.pk for product in products}
    mine = [line for line in within if line.order_line.product_id in known]
    return [line for line in mine if was_sold(line.order_line, code) is not Sold.NO]


def _rma(code: str) -> RMA | None:
    """The return whose number the code is, or carries as the scanner's or our QR code wraps it."""
    text = code.upper()
    number = normalize_number(text, "R")
    if number is None and (hit := _NUMBER.search(text)):
        before, after = text[: hit.start()], text[hit.end() :]
        wrapped = _BEFORE_NUMBER.fullmatch(before) and (not after or after.startswith("/"))
        number = normalize_number(hit[0], "R") if wrapped else None
    return RMA.objects.filter(number=number).first() if number else None


def _holds_two(code: str) -> bool:
    """Say whether the code falls into two that each mean something by themselves."""
    close = code.upper().replace(" ", "")
    cuts = range(_SHORTEST_PART, len(close) - _SHORTEST_PART + 1)
    parts = {part for cut in cuts for part in (close[:cut], close[cut:])}
    if not parts:
        return False
    both = parts | {part.lower() for part in parts}
    known = {sku.upper() for sku in Product.objects.filter(sku__in=both).values_list("sku", flat=True)}
    known |= set(Product.objects.filter(barcode__in=parts).values_list("barcode", flat=True))
    known |= set(Parcel.objects.filter(tracking_number__in=parts).values_list("tracking_number", flat=True))
    for number, serial in Unit.objects.filter(Q(number__in=parts) | Q(serial__in=parts)).values_list(
        "number", "serial"
    ):
        known |= {number.upper(), serial.upper()}
    known |= {part for part in parts if normalize_number(part, "R")}
    return any(close[:cut] in known and close[cut:] in known for cut in cuts)
