"""The money of an exchange: one net amount (rule 9).

What is owed for the return pays for the goods that go out, as a payment of their order that carries the value on; what
is left goes back. Where the goods cost more, the customer pays the rest, and only then are they held. Of a replacement
no money follows.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum

from oms import orders
from oms.models import Order, Payment, UnitClaim
from oms.money import allocate, from_minor, part_of, to_minor
from oms.orders import NewPayment, left_to_pay
from oms.states import PaymentMethod
from refunds.amounts import ClaimedLine
from refunds.models import Refund
from refunds.refusals import NothingGoesOut
from refunds.states import RefundDestination, RefundStatus
from returns import lifecycle as returns
from returns.lifecycle.dispatching import active
from returns.lifecycle.locking import lock
from returns.models import RMA, Dispatch, Hold
from returns.states import DispatchStatus, HoldStatus, RefundAt, Resolution, RMAStatus

ZERO = Decimal(0)
UNPAID = (DispatchStatus.WAITING, DispatchStatus.HELD)
OPEN_HOLDS = (HoldStatus.WAITING, HoldStatus.DISPUTED)
UNDECIDED = (*RefundStatus.in_flight(), RefundStatus.FAILED)


def ways_of(rma: RMA, total: Decimal) -> list[tuple[RefundDestination, Decimal]]:
    """Where `total` goes: for an exchange to the goods that go out, as far as they are not paid, and the rest back.

    What goes back is named first: it takes from the payments in the order of the shop's setting.
    """
    dispatch = active(rma) if rma.resolution == Resolution.EXCHANGE else None
    pays = min(total, _open_on(dispatch)) if dispatch is not None else ZERO
    return [(RefundDestination.ORIGINAL, total - pays), (RefundDestination.EXCHANGE, pays)]


def _open_on(dispatch: Dispatch) -> Decimal:
    """What of the goods no payment covers and no refund is about to."""
    coming = _under_way(dispatch.rma)
    return max(ZERO, left_to_pay(dispatch.order) - sum((one.amount for one in coming), ZERO))


def _under_way(rma: RMA) -> list[Refund]:
    return list(rma.refunds.filter(destination=RefundDestination.EXCHANGE, status__in=UNDECIDED))


def carry_over(refund: Refund, *, by: str, at: datetime) -> str:
    """The refund's amount becomes a payment of the order that goes out. Returns our own number of it.

    Called once, in the transaction that settles the refund. Raises NothingGoesOut.
    """
    rma = return_behind(refund)
    dispatch = active(rma) if rma is not None else None
    if rma is None or dispatch is None:
        raise NothingGoesOut
    # The card it came from stays the card it goes back to, however often goods are exchanged.
    source = refund.payment
    paid_first = source.carried_from or source
    new = NewPayment(PaymentMethod(source.method), source.provider_id, refund.amount, carried_from=paid_first)
    payment = orders.pay(dispatch.order.number, new, by=by, at=at)
    _advance(rma, dispatch, but=refund, by=by, at=at)
    return f"exchange_{payment.pk}"


def return_behind(refund: Refund) -> RMA | None:
    """The return this pays for, read anew; also when it comes from goods that were to go out for it before."""
    if refund.rma is not None:
        return lock(refund.rma.number)
    number = Dispatch.objects.filter(order=refund.order_id).values_list("rma__number", flat=True).first()
    return lock(number) if number else None


def ways_of_canceled(order: Order, total: Decimal) -> list[tuple[RefundDestination, Decimal]]:
    """What was paid for goods that do not go out pays for those that go out instead of them; the rest goes back."""
    number = Dispatch.objects.filter(order=order).values_list("rma__number", flat=True).first()
    return ways_of(lock(number), total) if number else [(RefundDestination.ORIGINAL, total)]


def advance(rma: RMA, *, by: str, at: datetime) -> None:
    """The money side of the return has come to its end for now: what goes out may leave, or waits for the customer."""
    if rma.resolution != Resolution.EXCHANGE:
        return
    dispatch = active(rma)
    if dispatch is not None and dispatch.status in UNPAID:
        _advance(rma, dispatch, by=by, at=at)


def _advance(rma: RMA, dispatch: Dispatch, *, by: str, at: datetime, but: Refund | None = None) -> None:
    if any(but is None or one.pk != but.pk for one in _under_way(rma)):
        return  # some of it still has to be let out
    if _left_behind(rma) > (but.amount if but is not None and but.rma_id is None else ZERO):
        return  # what paid for goods that were chosen before is about to pay for these
    owed = left_to_pay(dispatch.order)
    if owed and not _is_all_known(rma):
        return  # more of the return may pay for it
    returns.release(rma, owed=owed, by=by, at=at)


def _left_behind(rma: RMA) -> Decimal:
    """What was captured for goods that do not go out any more and has not gone anywhere yet."""
    canceled = Payment.objects.filter(order__dispatch__rma=rma, order__dispatch__status=DispatchStatus.CANCELED)
    return canceled.aggregate(sum=Sum(F("captured") - F("refunded")))["sum"] or ZERO


def _is_all_known(rma: RMA) -> bool:
    """Whether nothing more can become owed for this return, so that the rest is the customer's."""
    if rma.status in (RMAStatus.INSPECTED, RMAStatus.CLOSED):
        return not Hold.objects.filter(outcome__receipt__line__rma=rma, status__in=OPEN_HOLDS).exists()
    return rma.refund_at in (RefundAt.SCAN, RefundAt.DELIVERY) and rma.shipped_at is not None


def paid_for(order: Order, *, by: str, at: datetime) -> None:
    """A payment of this order came: what waits for it may leave once nothing is owed."""
    number = Dispatch.objects.filter(order=order).values_list("rma__number", flat=True).first()
    if number is None:
        return
    advance(lock(number), by=by, at=at)


def as_far_as_paid(order: Order, claims: Sequence[UnitClaim]) -> list[ClaimedLine]:
    """What canceled goods of an exchange pay back: what was captured for them and not more, to the cent of each tax.

    Goods that were never paid pay nothing.
    """
    captured = order.total - left_to_pay(order)
    weights = [to_minor(claim.order_line.gross, order.currency) for claim in claims]
    shares = allocate(to_minor(captured, order.currency), weights) if any(weights) else [0] * len(weights)
    taxes = _captured_taxes(order, claims, captured)
    return [
        ClaimedLine(
            key=str(claim.order_line_id),
            description=claim.order_line.description,
            line_gross=from_minor(share, order.currency),
            line_tax=taxes[claim.pk],
            line_quantity=claim.order_line.quantity,
            units=claim.units,
            tax_rate=claim.order_line.tax_rate,
        )
        for claim, share in zip(claims, shares, strict=True)
        if share
    ]


def _captured_taxes(order: Order, claims: Sequence[UnitClaim], captured: Decimal) -> dict[int, Decimal]:
    """Of each rate's tax the part that was booked when it was captured, spread over the lines of that rate."""
    by_rate: dict[Decimal, list[UnitClaim]] = {}
    for claim in claims:
        by_rate.setdefault(claim.order_line.tax_rate, []).append(claim)
    found: dict[int, Decimal] = {}
    for same in by_rate.values():
        whole = sum((claim.order_line.tax for claim in same), ZERO)
        booked = part_of(whole, order.total, ZERO, captured, order.currency) if order.total else ZERO
        weights = [to_minor(claim.order_line.tax, order.currency) for claim in same]
        shares = allocate(to_minor(booked, order.currency), weights)
        found |= {claim.pk: from_minor(share, order.currency) for claim, share in zip(same, shares, strict=True)}
    return found
