"""The customer's own goods go back to them: repaired, or not accepted. They are packed and sent like any other order,
but nothing is sold and nothing costs anything."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from inventory import places, reservations
from inventory.states import BinKind, Disposition
from oms import orders, outbox, units
from oms.identifiers import new_number
from oms.models import OrderLine
from oms.orders import NewLine
from oms.states import OrderKind
from returns.models import RMA, Dispatch, Outcome, Placement
from returns.states import DISPATCH_MACHINE, DispatchStatus, HoldStatus, RefundAt, ReleaseAt, Resolution
from returns.taken import in_turn

NUMBER = "B"


def let_return_again(rma: RMA, dispatch: Dispatch) -> None:
    """What leaves for the customer again, and was not paid, may be returned once more while its time lasts.

    Units paid before anybody looked at them, and those something else went out for, stay spoken for.
    """
    if not dispatch.sends_back or not _is_unpaid(rma):
        return
    then, mine = dispatch.planned_at, Outcome.objects.filter(receipt__line__rma=rma).order_by("pk")
    refused = mine.filter(Q(hold__answered_at=then) | Q(hold__decided_at=then), hold__status=HoldStatus.SENT_BACK)
    given_back = dict(refused.values_list("pk", "quantity"))
    placed = Placement.objects.filter(outcome__in=mine, placed_at=then, is_ours=False)
    for place in placed.filter(disposition=Disposition.RETURN_TO_CUSTOMER):
        given_back[place.outcome_id] = place.quantity
    for line in rma.lines.select_related("claim", "order_line"):
        if line.claim is None:
            continue
        for outcome, taken in in_turn(line.claim.units, mine.filter(receipt__line=line)):
            if outcome.pk in given_back:
                units.free(line.order_line, units.lowest(taken, given_back[outcome.pk]))


def _is_unpaid(rma: RMA) -> bool:
    if rma.resolution == Resolution.REPAIR:
        return True
    instead = rma.dispatches.filter(sends_back=False).exclude(status__in=DispatchStatus.void())
    return rma.refund_at == RefundAt.INSPECTION and not instead.exists()


def plan_back(rma: RMA, goods: Sequence[tuple[OrderLine, int]], *, by: str, at: datetime) -> Dispatch:
    """Have these units of order lines packed, out of the outbound bin they stand in. Raises NotAvailable."""
    sold = rma.order
    order = orders.create(
        number=new_number(NUMBER),
        customer=rma.sender,
        lines=[
            NewLine(
                product=line.product, quantity=quantity, unit_price=Decimal(0), tax=Decimal(0),
                tax_rate=line.tax_rate, description=line.description,
            )
            for line, quantity in goods
            if line.product is not None
        ],
        payments=(),
        currency=rma.currency,
        kind=OrderKind.SENT_BACK,
        market=sold.market,
        country=sold.country,
        region=sold.region,
        by=by,
        at=at,
    )  # fmt: skip
    lines = list(order.lines.select_related("product").order_by("position"))
    reservations.reserve(lines, at=at, until=None, where=BinKind.OUTBOUND)
    DISPATCH_MACHINE.check("plan", "", DispatchStatus.WAITING)
    DISPATCH_MACHINE.check("release", DispatchStatus.WAITING, DispatchStatus.RELEASED)
    dispatch = Dispatch.objects.create(
        rma=rma,
        order=order,
        sends_back=True,
        status=DispatchStatus.RELEASED,
        release_at=ReleaseAt.INSPECTION,
        warehouse=rma.warehouse or places.default_house(),
        planned_at=at,
        released_at=at,
    )
    outbox.record(rma, "dispatch.released", by=by, at=at, dispatch=dispatch.pk, order=order.number)
    return dispatch
