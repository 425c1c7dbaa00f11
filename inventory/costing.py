"""What we own and what it is worth: the only writer of value movements, layers and the entries they post (R76–R79).

Called inside a verb's transaction, after stock levels are locked. The same arithmetic as `inventory.valuation`, one
movement at a time: a property test holds the two together. Costs are in the product's currency, unrounded; the books
get the rounded value after less the rounded value before, so that they always show the rounded value.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F, QuerySet

from inventory import terms
from inventory.models import CostLayer, IssuedPart, ProductValue, ValueMovement
from inventory.models.value import UNROUNDED
from inventory.refusals import MoreThanIssued, NotThatManyValued
from inventory.states import CostingMethod, ValueOp
from oms import journal
from oms.journal import Account
from oms.models import Order, Product
from oms.money import round_half_up

ZERO = Decimal(0)
_PLACES = Decimal(1).scaleb(-UNROUNDED["decimal_places"])
_NEXT_TO_LEAVE = {
    CostingMethod.FIFO: ("receipt_id", "pk"),
    CostingMethod.SPECIFIC: ("receipt_id", "pk"),
    CostingMethod.LIFO: ("-pk",),
}


@dataclass(frozen=True, slots=True)
class Part:
    """Units at one cost, of one receipt where that is known."""

    quantity: int
    unit_cost: Decimal
    receipt: int | None = None

    @property
    def cost(self) -> Decimal:
        return self.quantity * self.unit_cost


def receive(
    product: Product,
    quantity: int,
    unit_cost: Decimal | None,
    *,
    cause: str,
    at: datetime,
    against: Account = Account.GOODS_RECEIVED,
    order: Order | None = None,
) -> ValueMovement:
    """Units become ours at `unit_cost`; without one at the product's standard cost, marked as estimated."""
    unit_cost, is_estimated = (unit_cost, False) if unit_cost is not None else (product.standard_cost or ZERO, True)
    cost = (quantity * Decimal(unit_cost)).quantize(_PLACES)
    held, before = _add(product, quantity, cost)
    moved = _move(held, ValueOp.RECEIVE, quantity, cost, cause, at, is_estimated=is_estimated)
    CostLayer.objects.create(product=product, receipt=moved, quantity=quantity, unit_cost=unit_cost)
    _post(held, before, moved, against, order, at)
    return moved


def issue(
    product: Product,
    quantity: int,
    *,
    cause: str,
    at: datetime,
    lot: ValueMovement | None = None,
    against: Account = Account.COST_OF_GOODS,
    order: Order | None = None,
) -> ValueMovement:
    """Units leave us: sold, or written off. Raises NotThatManyValued when we do not own so many (of that lot)."""
    held = _lock(product)
    parts = _take(held, quantity, lot)
    moved = _move(held, ValueOp.ISSUE, quantity, _cost(parts), cause, at, lot=lot)
    IssuedPart.objects.bulk_create(
        IssuedPart(issue=moved, receipt_id=part.receipt, quantity=part.quantity, unit_cost=part.unit_cost)
        for part in parts
    )
    _change(held, -quantity, -moved.cost, moved, against, order, at)
    return moved


def take_back(
    issued: ValueMovement, quantity: int, *, cause: str, at: datetime, order: Order | None = None
) -> ValueMovement:
    """Units of an issue return, the first to leave first, at the cost they left with (p32, rule 15).

    Raises MoreThanIssued.
    """
    held = _lock(issued.product)
    parts = list(_come_back(issued, quantity))
    moved = _move(held, ValueOp.RETURN, quantity, _cost(parts), cause, at, of=issued)
    _put_back(held, parts, moved)
    _change(held, quantity, moved.cost, moved, Account.COST_OF_GOODS, order, at)
    return moved


def send_to_vendor(receipt: ValueMovement, quantity: int, *, cause: str, at: datetime) -> ValueMovement:
    """Units of a receipt go back to who sold them to us. Raises NotThatManyValued."""
    held = _lock(receipt.product)
    layers = CostLayer.objects.filter(receipt=receipt, quantity__gt=0).order_by("pk")
    parts = _take_from(layers, quantity, held)
    if held.costing == CostingMethod.AVERAGE:
        if quantity > held.quantity:
            raise NotThatManyValued(sku=receipt.product.sku, asked=quantity, left=held.quantity)
        parts = [Part(quantity, held.value / held.quantity)]
    moved = _move(held, ValueOp.VENDOR_RETURN, quantity, _cost(parts), cause, at, of=receipt)
    _change(held, -quantity, -moved.cost, moved, Account.GOODS_RECEIVED, None, at)
    return moved


# ── Layers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _take(held: ProductValue, quantity: int, lot: ValueMovement | None) -> list[Part]:
    if held.costing == CostingMethod.AVERAGE:
        if quantity > held.quantity:
            raise NotThatManyValued(sku=held.product.sku, asked=quantity, left=held.quantity)
        return [Part(quantity, held.value / held.quantity)]
    layers = CostLayer.objects.filter(product=held.product, quantity__gt=0)
    if lot is not None and held.costing == CostingMethod.SPECIFIC:
        layers = layers.filter(receipt=lot)
    return _take_from(layers.order_by(*_NEXT_TO_LEAVE[CostingMethod(held.costing)]), quantity, held)


def _take_from(layers: "QuerySet[CostLayer]", quantity: int, held: ProductValue) -> list[Part]:
    """Up to `quantity` units of these layers, in their order; layers are read as far as needed."""
    parts: list[Part] = []
    wanted = quantity
    for layer in layers.iterator(chunk_size=50):
        taken = min(wanted, layer.quantity)
        parts.append(Part(taken, layer.unit_cost, layer.receipt_id))
        CostLayer.objects.filter(pk=layer.pk).update(quantity=layer.quantity - taken)
        wanted -= taken
        if not wanted:
            return parts
    raise NotThatManyValued(sku=held.product.sku, asked=quantity, left=quantity - wanted)


def _come_back(issued: ValueMovement, quantity: int) -> Iterator[Part]:
    wanted = quantity
    for part in IssuedPart.objects.filter(issue=issued, back__lt=F("quantity")).order_by("pk"):
        back = min(wanted, part.quantity - part.back)
        IssuedPart.objects.filter(pk=part.pk).update(back=part.back + back)
        yield Part(back, part.unit_cost, part.receipt_id)
        wanted -= back
        if not wanted:
            return
    raise MoreThanIssued(sku=issued.product.sku, asked=quantity, left=quantity - wanted)


def _put_back(held: ProductValue, parts: Iterable[Part], moved: ValueMovement) -> None:
    """FIFO and lots: into their old place (R76). LIFO: as the newest (N2). Average: into the average.

    Units that left under the average have no receipt: their return is one.
    """
    if held.costing == CostingMethod.AVERAGE:
        return
    for part in parts:
        receipt = part.receipt or moved.pk
        place = CostLayer.objects.filter(receipt=receipt, unit_cost=part.unit_cost)
        if held.costing == CostingMethod.LIFO or not place.update(quantity=F("quantity") + part.quantity):
            CostLayer.objects.create(
                product=held.product, receipt_id=receipt, quantity=part.quantity, unit_cost=part.unit_cost
            )


# ── The row, the movement and the entry ───────────────────────────────────────────────────────────────────────────


def _lock(product: Product) -> ProductValue:
    """The product's value, locked until the transaction ends. Raises NotThatManyValued when we never had any."""
    held = ProductValue.objects.select_for_update(no_key=True).filter(product=product).first()
    if held is None:
        raise NotThatManyValued(sku=product.sku, asked=1, left=0)
    held.product = product
    return held


def _add(product: Product, quantity: int, cost: Decimal) -> tuple[ProductValue, Decimal]:
    """Add to the product's value, with or without a row of it, in one statement; returns it and the value before."""
    row = [product.pk, terms.of(product).costing, quantity, cost]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO inventory_productvalue AS held (product_id, costing, quantity, value)
               VALUES (%s, %s, %s, %s)
               ON CONFLICT (product_id)
               DO UPDATE SET quantity = held.quantity + excluded.quantity, value = held.value + excluded.value
               RETURNING costing, quantity, value""",
            row,
        )
        costing, quantity, value = cursor.fetchone()
    return ProductValue(product=product, costing=costing, quantity=quantity, value=value), value - cost


def _move(
    held: ProductValue,
    op: ValueOp,
    quantity: int,
    cost: Decimal,
    cause: str,
    at: datetime,
    *,
    of: ValueMovement | None = None,
    lot: ValueMovement | None = None,
    is_estimated: bool = False,
) -> ValueMovement:
    leaves_all = op in (ValueOp.ISSUE, ValueOp.VENDOR_RETURN) and quantity == held.quantity
    return ValueMovement.objects.create(
        product=held.product,
        op=op,
        quantity=quantity,
        # Whatever leaves last takes the digits that no division could give to anybody.
        cost=held.value if leaves_all else cost.quantize(_PLACES),
        of=of,
        lot=lot,
        costing=held.costing,
        is_estimated=is_estimated,
        cause=cause,
        moved_at=at,
    )


def _change(
    held: ProductValue,
    quantity: int,
    value: Decimal,
    moved: ValueMovement,
    against: Account,
    order: Order | None,
    at: datetime,
) -> None:
    before = held.value
    held.quantity += quantity
    held.value += value
    ProductValue.objects.filter(pk=held.pk).update(quantity=held.quantity, value=held.value)
    _post(held, before, moved, against, order, at)


def _post(
    held: ProductValue, before: Decimal, moved: ValueMovement, against: Account, order: Order | None, at: datetime
) -> None:
    currency = held.product.currency
    difference = round_half_up(held.value, currency) - round_half_up(before, currency)
    if difference:
        journal.post(
            f"value/{moved.pk}",
            [(Account.INVENTORY, difference), (against, -difference)],
            currency=currency,
            at=at,
            order=order,
        )


def _cost(parts: Sequence[Part]) -> Decimal:
    return sum((part.cost for part in parts), ZERO)
