"""How goods and money follow a parcel that went wrong: by a return like any other, with terms of its own.

Refused or undeliverable goods come back without a label of ours and are paid on receipt, with no fee and no inspection
before the money. What was lost or broken on its way to the customer is paid at once: nothing comes back. A return that
the carrier had and lost is paid as it was quoted: from the first scan on it is our risk.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inventory import ledger
from oms import outbox
from oms.identifiers import new_number
from oms.models import Order, ShipmentLine, UnitClaim
from oms.orders import GoesOutForReturn
from oms.states import OrderKind
from oms.units import lowest
from oms.verbs import verb
from returns import destinations, eligibility
from returns.case_states import CaseKind
from returns.eligibility import OrderFile, Wanted
from returns.lifecycle import dispatching
from returns.lifecycle.case_opening import lock_case
from returns.lifecycle.locking import goods_of, lines_of, lock, owe
from returns.lifecycle.receiving import Arrived, receive
from returns.models import RMA, Parcel, ParcelCase, ReturnLine, ReturnReason
from returns.policy import ShippingBack, undelivered
from returns.pricing import Price
from returns.refusals import NeverScanned, NothingLost, NotOffered
from returns.states import (
    PARCEL_MACHINE,
    RMA_MACHINE,
    ParcelStatus,
    ReceiptResult,
    RefundAt,
    Resolution,
    RMASource,
    RMAStatus,
    Settlement,
)

REASON_OF = {
    CaseKind.REFUSED: "refused_delivery",
    CaseKind.UNDELIVERABLE: "undeliverable",
    CaseKind.LOST: "lost_on_the_way",
    CaseKind.DAMAGED: "broken_on_the_way",
}


@verb
def bring_back(number: str, *, price: Price, by: str, at: datetime) -> RMA | None:
    """The return by which the parcel of a case comes back that was refused or could not be delivered.

    The dock expects the goods and finds them by the number on the parcel. None when all of them are spoken for.
    """
    case = lock_case(number)
    if case.rma is not None or not case.comes_back:
        return case.rma
    rma = _open(case, price, gone=False, by=by, at=at)
    if rma is None or case.shipment is None:
        return None
    PARCEL_MACHINE.check("bring_back", "", ParcelStatus.IN_TRANSIT)
    Parcel.objects.create(
        rma=rma,
        status=ParcelStatus.IN_TRANSIT,
        carrier=case.shipment.carrier,
        tracking_number=case.shipment.tracking_number,
        wanted_at=case.happened_at,
        shipped_at=case.happened_at,
        tracked_at=case.happened_at,
    )
    ledger.expect(rma.warehouse, goods_of(lines_of(rma)), cause=f"rma/{rma.number}", by=by, at=at)
    _record(rma, case, by=by, at=at)
    case.rma = rma
    outbox.record(case, "case.return_opened", by=by, at=at, changed=("rma",), rma=rma.number)
    return rma


@verb
def make_good(case: ParcelCase, *, price: Price, by: str, at: datetime) -> RMA:
    """What never reached the customer whole is paid back at once, shipping too; nothing comes back.

    Of an exchange that is what its goods cost; a replacement cost nothing, so what it stood for is paid instead. Raises
    NothingLost when all of it is spoken for, GoesOutForReturn for the customer's own goods, which have no price.
    """
    if case.order.kind in (OrderKind.REPLACEMENT, OrderKind.SENT_BACK):
        return _pay_instead(case, by=by, at=at)
    rma = _open(case, price, gone=True, by=by, at=at)
    if rma is None:
        raise NothingLost
    owe(rma)
    _record(rma, case, by=by, at=at)
    return rma


def send_again(case: ParcelCase, *, by: str, at: datetime) -> RMA:
    """The replacement leaves once more. Raises NotOffered, NothingLost, NotAvailable."""
    if not case.is_replacement:
        raise NotOffered
    rma = _replaced(case)
    dispatching.send_again(rma, by=by, at=at)
    return rma


def _replaced(case: ParcelCase) -> RMA:
    """The return, locked, for which the goods of this case went out. Raises GoesOutForReturn, NothingLost."""
    cause = RMA.objects.filter(dispatches__order=case.order).values_list("number", flat=True).first()
    if cause is None or case.order.kind == OrderKind.SENT_BACK:
        raise GoesOutForReturn(**{"return": cause or "–"})
    rma = lock(cause)
    if rma.resolution != Resolution.REPLACEMENT:
        raise NothingLost
    return rma


def _pay_instead(case: ParcelCase, *, by: str, at: datetime) -> RMA:
    rma = _replaced(case)
    rma.resolution = Resolution.REFUND
    owe(rma)
    changed = ("resolution", "settlement")
    outbox.record(rma, "rma.loss_taken", by=by, at=at, changed=changed, case=case.number, due=True)
    return rma


def take_loss(case: ParcelCase, *, by: str, at: datetime) -> RMA:
    """The carrier had the customer's return and lost it: what did not arrive is owed as it was quoted.

    Raises NeverScanned, NothingLost.
    """
    assert case.rma is not None
    assert case.parcel is not None
    if case.parcel.shipped_at is None:
        raise NeverScanned
    rma = lock(case.rma.number)
    packed = dict(case.parcel.goods.values_list("line", "quantity"))  # empty: all of the return
    missing = [
        Arrived(line.pk, gone, ReceiptResult.LOST)
        for line in lines_of(rma)
        if (gone := min(line.outstanding, packed.get(line.pk, 0) if packed else line.outstanding))
    ]
    if not missing:
        raise NothingLost
    # The case's reference on the receipts says that this loss is ours.
    receive(rma.number, missing, form_token=case.ref, by=by, at=at)
    rma = lock(rma.number)
    owe(rma)
    outbox.record(rma, "rma.loss_taken", by=by, at=at, changed=("settlement",), case=case.number, due=True)
    return rma


# ── A return nobody asked for ─────────────────────────────────────────────────────────────────────────────────────


def _open(case: ParcelCase, price: Price, *, gone: bool, by: str, at: datetime) -> RMA | None:
    """The return of what was in the parcel and is not on its way back already; its quote is frozen like any other."""
    assert case.shipment is not None
    file = eligibility.open_file(case.order, at=at)
    reason = ReturnReason.objects.select_related("implied_condition").get(code=REASON_OF[CaseKind(case.kind)])
    file.reasons = {**file.reasons, reason.code: reason}
    sent = ShipmentLine.objects.filter(shipment=case.shipment).order_by("pk")
    wanted = [
        Wanted(one.order_line_id, quantity, reason.code)
        for one in sent
        if (quantity := min(one.quantity, eligibility.left(file, file.lines[one.order_line_id])))
    ]
    if not wanted:
        return None
    status = RMAStatus.APPROVED if gone else RMAStatus.IN_TRANSIT
    RMA_MACHINE.check("make_good" if gone else "bring_back", "", status)
    units = {one.order_line_id: lowest(file.free[one.order_line_id], one.quantity) for one in wanted}
    house, why = destinations.house_for(file, wanted)
    rma = RMA(
        number=new_number("R"),
        order=case.order,
        correlation=case.correlation,
        status=status,
        settlement=Settlement.NONE,
        source=RMASource.CARRIER,
        resolution=Resolution.REFUND,
        refund_at=RefundAt.APPROVAL if gone else RefundAt.RECEIPT,
        warehouse=house,
        currency=case.order.currency,
        quote=_quote(case, file, wanted, units, price, whole=_is_whole_order(case.order, wanted)),
        # `gone`: nothing comes back. There is no verdict: nobody asked.
        decision={"case": case.number, "gone": gone, "label": "own", "resolution": Resolution.REFUND.value}
        | {"destination": why},
        policy=file.version,
        requested_at=at,
        approved_at=at,
        shipped_at=None if gone else case.happened_at,
    )
    rma.save(force_insert=True)
    claims = {pk: UnitClaim(order_line=file.lines[pk], units=taken) for pk, taken in units.items()}
    UnitClaim.objects.bulk_create(claims.values())
    ReturnLine.objects.bulk_create(
        ReturnLine(
            rma=rma,
            order_line=file.lines[one.order_line_id],
            claim=claims[one.order_line_id],
            quantity=one.quantity,
            reason=reason,
            declared_condition=None if gone else eligibility.declared(file, one),
        )
        for one in wanted
    )
    return rma


def _quote(
    case: ParcelCase, file: OrderFile, wanted: Sequence[Wanted], units: dict[int, Any], price: Price, *, whole: bool
) -> dict[str, Any]:
    """No fees. Shipping comes back with the whole order where the parcel was lost or broken, or the policy says so."""
    with_shipping = whole and undelivered.shipping_back(file.policy.rules, case.kind) and _shipping_is_left(case.order)
    shipping = [eligibility.shipping_to_price(file.order, file.lines.values())] if with_shipping else []
    priced = [eligibility.to_price(file, one, units[one.order_line_id]) for one in wanted]
    quote = price(priced, (), file.order.currency, shipping)
    quote["inputs"] = eligibility.inputs_of(file, wanted, units, ())
    if shipping:
        quote["inputs"]["shipping"] = {"with": ShippingBack.WITH_ALL.value}
    quote.pop("bonus", None)
    return quote


def _is_whole_order(order: Order, wanted: Sequence[Wanted]) -> bool:
    kept = sum(line.quantity - line.canceled for line in order.lines.all())
    return sum(one.quantity for one in wanted) == kept


def _shipping_is_left(order: Order) -> bool:
    given_up = (RMAStatus.REJECTED, RMAStatus.CANCELED, RMAStatus.EXPIRED)
    promised = RMA.objects.filter(order=order, quote__inputs__has_key="shipping").exclude(status__in=given_up)
    return bool(order.shipping_total) and not promised.exists()


def _record(rma: RMA, case: ParcelCase, *, by: str, at: datetime) -> None:
    outbox.record(
        rma,
        "rma.opened_for_parcel",
        by=by,
        at=at,
        changed=("settlement",),
        order=rma.order.number,
        case=case.number,
        kind=case.kind,
        total=rma.quote["total"],
        currency=rma.currency,
        due=rma.settlement == Settlement.DUE,
    )
