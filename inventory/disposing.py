"""Goods set aside become something else later: their value follows them (p54).

Called inside a verb's transaction, after stock has moved. Goods that will not be sold by us leave the value of stock
when that is decided; expected losses of a grade end with the placement they were booked for and begin with the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from inventory import costing, terms
from inventory.models import Impairment, ValueMovement
from inventory.states import Disposition, ValueOp
from inventory.trading import GIVEN_UP
from oms import journal
from oms.journal import Account
from oms.models import Order, Product
from oms.money import round_half_up

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """Units under one document: what is to become of them, their grade, and how many stand there before the change."""

    cause: str
    disposition: str
    grade: str
    quantity: int


def rethink(
    product: Product,
    quantity: int,
    before: Standing,
    after: Standing,
    *,
    entered: Sequence[str],
    order: Order,
    at: datetime,
) -> None:
    """`quantity` units that are ours go from one standing to the next. `entered` are the documents they came in by."""
    entry = _entry(product, entered)
    release_part(before.cause, quantity, of=before.quantity, rest=after.cause, at=at)
    gave_up, gives_up = GIVEN_UP.get(before.disposition), GIVEN_UP.get(after.disposition)
    if gave_up and not gives_up:
        cost = entry.cost / entry.quantity if entry else None
        costing.receive(product, quantity, cost, cause=after.cause, at=at, against=gave_up, order=order)
    elif gives_up and not gave_up:
        costing.issue(product, quantity, cause=after.cause, at=at, lot=_lot(entry), against=gives_up, order=order)
    if not gives_up and after.disposition != Disposition.RESTOCK:
        _impair(product, quantity, entry, after, order, at)


def improve(
    product: Product,
    quantity: int,
    amount: Decimal,
    *,
    entered: Sequence[str],
    cause: str,
    order: Order,
    at: datetime,
) -> None:
    """What the workshop cost becomes part of what these units cost us; we owe it until it is invoiced."""
    left = costing.issue(
        product,
        quantity,
        cause=cause,
        at=at,
        lot=_lot(_entry(product, entered)),
        against=Account.GOODS_RECEIVED,
        order=order,
    )
    cost = (left.cost + amount) / quantity
    costing.receive(product, quantity, cost, cause=cause, at=at, against=Account.GOODS_RECEIVED, order=order)


def expense(amount: Decimal, *, cause: str, currency: str, order: Order, at: datetime) -> None:
    """What the workshop cost is an expense of its day; we owe it until it is invoiced."""
    if amount:
        postings = [(Account.WORKSHOP, amount), (Account.GOODS_RECEIVED, -amount)]
        journal.post(f"{cause}/cost", postings, currency=currency, at=at, order=order)


def sell_off(
    product: Product,
    quantity: int,
    proceeds: Decimal,
    *,
    standing: Standing,
    entered: Sequence[str],
    cause: str,
    order: Order,
    at: datetime,
) -> None:
    """Returned goods are sold as they are: what came in is income, what they cost is what was sold."""
    release_part(standing.cause, quantity, of=standing.quantity, rest=cause, at=at)
    lot = _lot(_entry(product, entered))
    costing.issue(product, quantity, cause=cause, at=at, lot=lot, order=order)
    if proceeds:
        postings = [(Account.BANK, proceeds), (Account.RECOVERED, -proceeds)]
        journal.post(f"{cause}/proceeds", postings, currency=product.currency, at=at)


def give_back(
    product: Product, quantity: int, *, standing: Standing, entered: Sequence[str], cause: str, at: datetime
) -> Decimal:
    """Units leave for who sold them to us; returns what they stood in our books for, rounded."""
    release_part(standing.cause, quantity, of=standing.quantity, rest=cause, at=at)
    entry = _entry(product, entered)
    lot = _lot(entry)
    layer = lot.layers.filter(quantity__gte=quantity).exists() if lot else False
    if lot is not None and layer:
        moved = costing.send_to_vendor(lot, quantity, cause=cause, at=at)
    else:  # its receipt is not known any more: the next to leave
        moved = costing.issue(product, quantity, cause=cause, at=at, against=Account.GOODS_RECEIVED)
    return round_half_up(moved.cost, product.currency)


def take_credit(cost: Decimal, credit: Decimal, *, cause: str, currency: str, at: datetime) -> None:
    """The vendor credits goods that went back; what it is less or more than their cost is lost or won."""
    difference = credit - cost
    postings = [(Account.BANK, credit), (Account.GOODS_RECEIVED, -cost)]
    if difference:
        postings.append((Account.WRITE_OFF if difference < 0 else Account.RECOVERED, -difference))
    journal.post(f"{cause}/credit", [one for one in postings if one[1]], currency=currency, at=at)


def release_part(cause: str, quantity: int, *, of: int, rest: str, at: datetime) -> Decimal:
    """The loss expected of `quantity` of the `of` units under a document ends; for the others it stays, under a name
    that tells the document it was parted by. Returns what ended."""
    held = (
        Impairment.objects.select_for_update()
        .filter(released_at=None, cause__in=[cause, *_parted(cause)])
        .select_related("product")
        .order_by("-pk")
        .first()
    )
    if held is None:
        return ZERO
    currency = held.product.currency
    ends = held.amount if quantity >= of else round_half_up(held.amount * quantity / of, currency)
    held.released_at = at
    held.save(update_fields=["released_at"])
    if ends < held.amount:
        Impairment.objects.create(
            product=held.product,
            cause=f"{cause}/without/{rest}"[:100],
            grade=held.grade,
            quantity=of - quantity,
            amount=held.amount - ends,
            booked_at=held.booked_at,
        )
    if ends:
        journal.post(
            f"impairment/{cause}/ended/{rest}",
            [(Account.IMPAIRED, ends), (Account.IMPAIRMENT, -ends)],
            currency=currency,
            at=at,
        )
    return ends


def end_missing(product: Product, standing: int, *, cause: str, at: datetime) -> Decimal:
    """`standing` units are left where goods with an expected loss stand: of more than that, the oldest are missing, and
    their loss is not expected any more. Returns what ended."""
    held = list(Impairment.objects.select_for_update().filter(product=product, released_at=None).order_by("pk"))
    excess, ended = sum(one.quantity for one in held) - standing, ZERO
    for one in held:
        if excess <= 0:
            break
        gone = min(excess, one.quantity)
        ended += release_part(one.cause, gone, of=one.quantity, rest=cause, at=at)
        excess -= gone
    return ended


def _parted(cause: str) -> list[str]:
    found = Impairment.objects.filter(released_at=None, cause__startswith=f"{cause}/without/")
    return list(found.values_list("cause", flat=True))


def _entry(product: Product, causes: Sequence[str]) -> ValueMovement | None:
    """How these units came in: the newest of what their documents booked."""
    entries = ValueMovement.objects.filter(product=product, cause__in=causes, op__in=(ValueOp.RETURN, ValueOp.RECEIVE))
    return entries.select_related("of__lot", "product").order_by("-pk").first()


def _lot(entry: ValueMovement | None) -> ValueMovement | None:
    if entry is None:
        return None
    return entry.of.lot if entry.of else entry


def _impair(
    product: Product, quantity: int, entry: ValueMovement | None, after: Standing, order: Order, at: datetime
) -> None:
    cost = entry.cost / entry.quantity if entry else product.standard_cost or ZERO
    amount = round_half_up(cost * quantity * terms.impairment_percent(after.grade) / 100, product.currency)
    if not amount:
        return
    Impairment.objects.create(
        product=product, cause=after.cause, grade=after.grade, quantity=quantity, amount=amount, booked_at=at
    )
    journal.post(
        f"impairment/{after.cause}",
        [(Account.IMPAIRMENT, amount), (Account.IMPAIRED, -amount)],
        currency=product.currency,
        at=at,
        order=order,
    )
