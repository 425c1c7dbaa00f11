"""The customer's own goods go back to them: repaired, or not accepted. They are packed and sent like any other order,
but nothing is sold and nothing costs anything."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from inventory import places, reservations
from inventory.states import BinKind
from oms import orders, outbox
from oms.identifiers import new_number
from oms.models import OrderLine
from oms.orders import NewLine
from oms.states import OrderKind
from returns.models import RMA, Dispatch
from returns.states import DISPATCH_MACHINE, DispatchStatus, ReleaseAt

NUMBER = "B"


def plan_back(rma: RMA, goods: Sequence[tuple[OrderLine, int]], *, by: str, at: datetime) -> Dispatch:
    """Have these units of order lines packed, out of the outbound bin they stand in. Raises NotAvailable."""
    sold = rma.order
    order = orders.create(
        number=new_number(NUMBER),
        customer=sold.customer,
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
