"""Goods of an order leave us at their cost, and come back at the cost they left with, less what their grade lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory import costing, terms
from inventory.models import Impairment, ProductValue, ValueMovement
from inventory.states import Disposition, ValueOp
from oms import journal
from oms.journal import Account
from oms.models import Order, OrderLine, Product
from oms.money import round_half_up
from oms.states import OrderSource

# Goods that will not be sold by us are not worth anything to us, from when that is decided; what their cost becomes.
GIVEN_UP: Mapping[str, Account] = {
    Disposition.SCRAP: Account.WRITE_OFF,
    Disposition.DONATE: Account.WRITE_OFF,
    Disposition.RETURN_TO_CUSTOMER: Account.COST_OF_GOODS,
}


@dataclass(frozen=True, slots=True)
class Readmitted:
    """Accepted units of an order line; `cause` is their document."""

    line: OrderLine
    quantity: int
    grade: str
    disposition: str
    cause: str


def issue_cause(line: OrderLine) -> str:
    """The document under which units of an order line leave our stock."""
    return f"order_line/{line.pk}"


def sell(line: OrderLine, quantity: int, *, at: datetime) -> ValueMovement:
    """Units of a line leave us; the line keeps what each cost, whatever is bought later (rule 15).

    What stands on a shelf and was never booked is booked now, at the standard cost, marked as estimated.
    """
    product = line.product
    _cover(product, quantity, cause=f"{issue_cause(line)}/found", at=at)
    moved = costing.issue(product, quantity, cause=issue_cause(line), at=at, order=line.order)
    line.unit_cost = moved.cost / quantity
    line.save(update_fields=["unit_cost"])
    return moved


def correct(product: Product, quantity: int, *, cause: str, against: Account, at: datetime) -> None:
    """Units that were counted and nobody had booked, or that nobody finds (negative)."""
    if quantity > 0:
        costing.receive(product, quantity, None, cause=cause, at=at, against=against)
    elif quantity < 0:
        _cover(product, -quantity, cause=f"{cause}/found", at=at)
        costing.issue(product, -quantity, cause=cause, at=at, against=against)


def _cover(product: Product, quantity: int, *, cause: str, at: datetime) -> None:
    owned = ProductValue.objects.select_for_update(no_key=True).filter(product=product).first()
    missing = quantity - (owned.quantity if owned else 0)
    if missing > 0:
        costing.receive(product, missing, None, cause=cause, at=at)


def readmit(goods: Iterable[Readmitted], order: Order, *, at: datetime) -> None:
    """Book goods that came back and were accepted. What we give up (scrapped, given away) leaves the value of stock at
    once; what does not go back to the shelf, to be sold as new, is impaired by its grade.

    Units issued from our stock return at the cost they left with; imported sales have no issue, so theirs is the cost
    frozen on the line, else the product's standard cost, marked as estimated (p32, R76).
    """
    # In one order everywhere, so that two inspections wait for each other instead of deadlocking.
    entering = sorted((one for one in goods if one.line.product), key=lambda one: (one.line.product_id, one.cause))
    issues = _issues(entering, order)
    for one in entering:
        moved = _enter(one, issues.get(issue_cause(one.line)), order, at)
        if one.disposition in GIVEN_UP:
            costing.issue(
                one.line.product,
                one.quantity,
                cause=f"{one.cause}/{one.disposition}",
                at=at,
                lot=moved.of.lot if moved.of else moved,
                against=GIVEN_UP[one.disposition],
                order=order,
            )
        elif one.disposition != Disposition.RESTOCK:
            _impair(one, moved, order, at)


def _issues(goods: Sequence[Readmitted], order: Order) -> dict[str, ValueMovement]:
    if order.source == OrderSource.IMPORTED:
        return {}
    found = ValueMovement.objects.filter(op=ValueOp.ISSUE, cause__in=[issue_cause(one.line) for one in goods])
    return {one.cause: one for one in found.select_related("product")}


def _enter(one: Readmitted, issued: ValueMovement | None, order: Order, at: datetime) -> ValueMovement:
    if issued is not None:
        return costing.take_back(issued, one.quantity, cause=one.cause, at=at, order=order)
    return costing.receive(
        one.line.product,
        one.quantity,
        one.line.unit_cost,
        cause=one.cause,
        at=at,
        against=Account.COST_OF_GOODS,
        order=order,
    )


def _impair(one: Readmitted, moved: ValueMovement, order: Order, at: datetime) -> None:
    currency = moved.product.currency
    amount = round_half_up(moved.cost * terms.impairment_percent(one.grade) / 100, currency)
    if not amount:
        return
    Impairment.objects.create(
        product=moved.product, cause=one.cause, grade=one.grade, quantity=one.quantity, amount=amount, booked_at=at
    )
    journal.post(
        f"impairment/{one.cause}",
        [(Account.IMPAIRMENT, amount), (Account.IMPAIRED, -amount)],
        currency=currency,
        at=at,
        order=order,
    )
