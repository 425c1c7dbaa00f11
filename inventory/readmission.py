"""Goods taken back from a customer count in money again: at what they left with, less what their grade has lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from inventory import costing, terms
from inventory.models import Impairment, ValueMovement
from inventory.states import Disposition, ValueOp
from oms import journal
from oms.journal import Account
from oms.models import Order, OrderLine
from oms.money import round_half_up
from oms.states import OrderSource


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


def readmit(goods: Iterable[Readmitted], order: Order, *, at: datetime) -> None:
    """Book goods that came back and were accepted. Scrapped ones are written off at once; what does not go back to the
    shelf, to be sold as new, is impaired by its grade.

    Units issued from our stock return at the cost they left with; imported sales have no issue, so theirs is the cost
    frozen on the line, else the product's standard cost, marked as estimated (p32, R76).
    """
    # In one order everywhere, so that two inspections wait for each other instead of deadlocking.
    entering = sorted((one for one in goods if one.line.product), key=lambda one: (one.line.product_id, one.cause))
    issues = _issues(entering, order)
    for one in entering:
        moved = _enter(one, issues.get(issue_cause(one.line)), order, at)
        if one.disposition == Disposition.SCRAP:
            costing.issue(
                one.line.product,
                one.quantity,
                cause=f"{one.cause}/scrap",
                at=at,
                lot=moved.of.lot if moved.of else moved,
                against=Account.WRITE_OFF,
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


def release(cause: str, *, at: datetime) -> Decimal:
    """The impaired goods of this document leave us: what was expected to be lost ends with them. Returns it."""
    impaired = Impairment.objects.select_for_update().filter(cause=cause, released_at=None).first()
    if impaired is None:
        return Decimal(0)
    impaired.released_at = at
    impaired.save(update_fields=["released_at"])
    journal.post(
        f"impairment/{cause}/released",
        [(Account.IMPAIRED, impaired.amount), (Account.IMPAIRMENT, -impaired.amount)],
        currency=impaired.product.currency,
        at=at,
    )
    return impaired.amount
