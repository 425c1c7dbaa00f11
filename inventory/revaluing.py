"""The same movements under another costing method: compared side by side, or adopted from today on (R75–R80)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from inventory.models import CostLayer, ProductValue, ValueMovement
from inventory.states import CostingMethod, ValueOp
from inventory.valuation import Method, Op, StockEvent, Valuation, ValuationRefused, value_by_lots, value_events
from oms import journal
from oms.journal import Account
from oms.models import Product
from oms.money import round_half_up
from oms.verbs import verb


@dataclass(frozen=True, slots=True)
class Compared:
    """One method's answer; `refusal` when these movements are impossible under it, in words."""

    method: CostingMethod
    valuation: Valuation | None
    refusal: str = ""


def history(product: Product) -> tuple[list[StockEvent], list[int]]:
    """Every movement of a product's value, oldest first, in the words of the arithmetic; and their row ids."""
    found = ValueMovement.objects.filter(product=product).exclude(op=ValueOp.REVALUE).order_by("pk")
    rows = list(found.values_list("pk", "op", "quantity", "cost", "of_id", "lot_id"))
    place = {row[0]: at for at, row in enumerate(rows)}
    events = [
        StockEvent(
            Op(op),
            Decimal(quantity),
            cost / quantity if op == ValueOp.RECEIVE else Decimal(0),
            place.get(of) if of else None,
            place.get(lot) if lot else None,
        )
        for _pk, op, quantity, cost, of, lot in rows
    ]
    return events, [row[0] for row in rows]


def value_under(events: list[StockEvent], method: CostingMethod) -> Valuation:
    """Value these movements. Specific identification gets the lots that were named, else the oldest.

    Raises ValuationRefused.
    """
    return value_by_lots(events) if method == CostingMethod.SPECIFIC else value_events(events, Method(method))


def compare(product: Product) -> Iterator[Compared]:
    """A product's movements under each of the four methods."""
    events, _rows = history(product)
    for method in CostingMethod:
        try:
            yield Compared(method, value_under(events, method))
        except ValuationRefused as refused:
            yield Compared(method, None, str(refused))


@verb
def revalue(product: Product, method: CostingMethod, *, at: datetime) -> Decimal:
    """Go on under another method: the difference is booked today, what was booked stays. Returns the difference.

    Costs that units left with stay what they were, so a later return brings them back at those. Harmless when run
    twice. Raises ValuationRefused when the movements are impossible under `method`.
    """
    held = ProductValue.objects.select_for_update(no_key=True).get(product=product)
    if held.costing == method:
        return Decimal(0)
    events, rows = history(product)
    valuation = value_under(events, method)
    difference = valuation.value - held.value
    moved = ValueMovement.objects.create(
        product=product,
        op=ValueOp.REVALUE,
        quantity=0,
        cost=difference,
        costing=method,
        cause=f"revaluation/{product.pk}/{held.costing}-{method}/{len(rows)}",
        moved_at=at,
    )
    _lay_anew(product, valuation, rows)
    before, after = (round_half_up(value, product.currency) for value in (held.value, valuation.value))
    held.costing, held.value = method, valuation.value
    held.save(update_fields=["costing", "value"])
    if after != before:
        journal.post(
            f"value/{moved.pk}",
            [(Account.INVENTORY, after - before), (Account.REVALUATION, before - after)],
            currency=product.currency,
            at=at,
        )
    return difference


def _lay_anew(product: Product, valuation: Valuation, rows: list[int]) -> None:
    CostLayer.objects.filter(product=product, quantity__gt=0).update(quantity=0)
    CostLayer.objects.bulk_create(
        CostLayer(
            product=product,
            receipt_id=rows[layer.receipt],
            quantity=int(layer.quantity),
            unit_cost=layer.unit_cost,
        )
        for layer in valuation.layers
    )
