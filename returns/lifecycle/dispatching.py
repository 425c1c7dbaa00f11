"""Goods go out because of a return: set aside, released, packed, labeled, sent, delivered, or called off.

A dispatch is locked under its return's order and then its own order, always in this sequence. What happens is told in
the story of the return; the order it sends has its own.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from inventory import identities, ledger, places, reservations
from inventory.refusals import NotAvailable
from oms import orders, outbox
from oms.identifiers import new_number
from oms.models import Order, OrderLine
from oms.money import amount_text
from oms.states import OrderKind
from oms.verbs import verb
from returns import exchanges
from returns.exchanges import Outgoing
from returns.lifecycle.locking import lines_of, lock, owe
from returns.models import RMA, Dispatch
from returns.refusals import AlreadySent, GiftPaysCredit, NothingToPack, NotOffered, PaidAlready
from returns.states import DISPATCH_MACHINE, DispatchStatus, ReleaseAt, Resolution, RMAStatus, Settlement

D = DispatchStatus
KIND_OF = {Resolution.EXCHANGE: OrderKind.EXCHANGE, Resolution.REPLACEMENT: OrderKind.REPLACEMENT}
NUMBER = "X"
PAY_WITHIN = timedelta(days=14)


# ── Set aside ─────────────────────────────────────────────────────────────────────────────────────────────────────


def plan(rma: RMA, outgoing: Outgoing, *, by: str, at: datetime) -> Dispatch:
    """Place the order that goes out and set its goods aside; the caller records it. Raises NotAvailable."""
    DISPATCH_MACHINE.check("plan", "", D.WAITING)
    sold = rma.order
    order = orders.create(
        number=new_number(NUMBER),
        customer=sold.customer,
        lines=[one.to_order() for one in outgoing.goods],
        payments=(),
        currency=rma.currency,
        kind=KIND_OF[Resolution(rma.resolution)],
        market=sold.market,
        country=sold.country,
        region=sold.region,
        by=by,
        at=at,
    )
    reservations.reserve(lines_going_out(order), at=at, until=at + outgoing.held_for)
    return Dispatch.objects.create(
        rma=rma,
        order=order,
        status=D.WAITING,
        release_at=outgoing.release_at,
        warehouse=rma.warehouse or places.default_house(),
        planned_at=at,
    )


@verb
def replan(rma_number: str, outgoing: Outgoing, *, reason: str, by: str, at: datetime) -> Dispatch:
    """Goods go out instead of money, or others than those that were chosen: what was paid for those pays for these.

    Raises NotOffered (the return has ended), GiftPaysCredit, PaidAlready (money is due, or was), AlreadySent, and
    NotAvailable.
    """
    rma = lock(rma_number)
    if rma.status in (RMAStatus.REJECTED, RMAStatus.CANCELED, RMAStatus.EXPIRED) or not rma.comes_back:
        raise NotOffered
    if rma.recipient_id is not None:
        raise GiftPaysCredit
    if rma.resolution not in KIND_OF and rma.settlement != Settlement.NONE:
        raise PaidAlready
    if not drop(rma, reason="replaced", by=by, at=at):
        raise AlreadySent
    rma.resolution = Resolution.EXCHANGE
    rma.quote["exchange"] = outgoing.to_json(rma.currency)
    dispatch = plan(rma, outgoing, by=by, at=at)
    due = rma.inspected_at is not None
    if due:
        owe(rma)
    outbox.record(
        rma,
        "dispatch.planned",
        by=by,
        at=at,
        changed=("quote", "resolution", "settlement"),
        dispatch=dispatch.pk,
        order=dispatch.order.number,
        gross=amount_text(outgoing.gross, rma.currency),
        currency=rma.currency,
        reason=reason.strip()[:120],
        due=due,
    )
    return dispatch


@verb
def send_again(rma: RMA, *, by: str, at: datetime) -> Dispatch:
    """The replacement never reached the customer: the same goods are set aside and leave once more; what went out first
    comes back, or is lost. The return is locked. Raises NotAvailable, NotOffered."""
    first = active(rma)
    if rma.resolution != Resolution.REPLACEMENT or first is None:
        raise NotOffered
    DISPATCH_MACHINE.check("send_again", first.status, D.UNDELIVERED)
    first.status = D.UNDELIVERED
    first.save(update_fields=["status"])
    dispatch = plan(rma, exchanges.once_more(lines_of(rma)), by=by, at=at)
    outbox.record(
        rma,
        "dispatch.planned",
        by=by,
        at=at,
        dispatch=dispatch.pk,
        order=dispatch.order.number,
        gross=amount_text(Decimal(0), rma.currency),
        currency=rma.currency,
        reason="undelivered",
        due=False,
    )
    return release(rma, owed=Decimal(0), by=by, at=at) or dispatch


# ── Released, or not yet ──────────────────────────────────────────────────────────────────────────────────────────


@verb
def release(which: str | RMA, *, owed: Decimal, by: str, at: datetime) -> Dispatch | None:
    """The goods may leave: to be picked if all is paid, held while `owed` is more than zero, short if they are gone.

    Nothing waits, or nothing changes, and nothing is recorded.
    """
    rma = lock(which)
    dispatch = active(rma)
    if dispatch is None or dispatch.status not in (D.WAITING, D.HELD, D.SHORT):
        return dispatch
    target = D.HELD if owed > 0 else D.RELEASED if _set_aside(dispatch, at) else D.SHORT
    if target == dispatch.status:
        return dispatch
    DISPATCH_MACHINE.check("release", dispatch.status, target)
    dispatch.status = target
    if target == D.RELEASED:
        dispatch.released_at = at
        reservations.keep(lines_going_out(dispatch.order), until=None)
    elif target == D.HELD:
        reservations.keep(lines_going_out(dispatch.order), until=at + PAY_WITHIN)
    dispatch.save(update_fields=["status", "released_at"])
    outbox.record(
        rma,
        {D.HELD: "dispatch.held", D.RELEASED: "dispatch.released", D.SHORT: "dispatch.ran_short"}[target],
        by=by,
        at=at,
        dispatch=dispatch.pk,
        order=dispatch.order.number,
        **({"owed": amount_text(owed, rma.currency), "currency": rma.currency} if target == D.HELD else {}),
    )
    return dispatch


def reach(rma: RMA, moment: ReleaseAt, *, by: str, at: datetime) -> None:
    """Goods that wait for this moment of the return, and cost nothing more, may leave."""
    if rma.resolution != Resolution.REPLACEMENT:
        return
    dispatch = active(rma)
    if dispatch is not None and dispatch.status == D.WAITING and dispatch.release_at == moment:
        release(rma, owed=Decimal(0), by=by, at=at)


def _set_aside(dispatch: Dispatch, at: datetime) -> bool:
    """Whether all of it is held on the shelves; what was let go meanwhile is taken again if it is still there."""
    lines = lines_going_out(dispatch.order)
    held = sum(one.quantity for one in reservations.held_for(lines))
    if held == sum(line.quantity - line.canceled for line in lines):
        return True
    reservations.let_go(lines, at=at)
    try:
        reservations.reserve(lines, at=at, until=None)
    except NotAvailable:
        return False
    return True


@verb
def lapse(dispatch_id: int, *, by: str, at: datetime) -> Dispatch:
    """Nothing came in time: the goods may be sold again. An unpaid exchange is called off, money goes back instead."""
    rma, dispatch = lock_dispatch(dispatch_id)
    if dispatch.status not in (D.WAITING, D.HELD):
        return dispatch
    if dispatch.status == D.HELD:
        return _call_off(rma, dispatch, reason="unpaid", by=by, at=at)
    if reservations.let_go(lines_going_out(dispatch.order), at=at):
        outbox.record(rma, "dispatch.lapsed", by=by, at=at, dispatch=dispatch.pk, order=dispatch.order.number)
    return dispatch


@verb
def miss(dispatch_id: int, order_line_id: int, *, by: str, at: datetime) -> Dispatch:
    """The shelf is empty where goods should stand: the count is put right, and the customer is asked what now."""
    rma, dispatch = lock_dispatch(dispatch_id)
    DISPATCH_MACHINE.check("miss", dispatch.status, D.SHORT)
    lines = lines_going_out(dispatch.order)
    gone = [one for one in reservations.held_for(lines) if one.order_line_id == order_line_id]
    if not gone:
        raise NothingToPack(sku=order_line_id)
    reservations.let_go(lines, at=at)
    for one in gone:
        cause = f"dispatch/{dispatch.pk}/missing/{one.pk}"
        ledger.adjust(one.level.bin, one.level.product, -one.quantity, cause=cause, by=by, at=at)
    _unpack(dispatch, lines, by=by, at=at)
    dispatch.status, dispatch.packed = D.SHORT, {}
    dispatch.save(update_fields=["status", "packed"])
    outbox.record(rma, "dispatch.ran_short", by=by, at=at, dispatch=dispatch.pk, order=dispatch.order.number)
    return dispatch


# ── Called off ────────────────────────────────────────────────────────────────────────────────────────────────────


@verb
def prefer_money(rma_number: str, *, reason: str = "", by: str, at: datetime) -> RMA:
    """Money instead of goods: what was set aside is free again, what was paid for it goes back, and the return is paid
    like any other. Raises AlreadySent."""
    rma = lock(rma_number)
    dispatch = active(rma)
    if dispatch is not None and dispatch.status not in D.before_packing():
        raise AlreadySent
    if dispatch is not None:
        _call_off(rma, dispatch, reason=reason or "money", by=by, at=at)
    return rma


def _call_off(rma: RMA, dispatch: Dispatch, *, reason: str, by: str, at: datetime) -> Dispatch:
    """The return is settled in money from now on."""
    _cancel(dispatch, reason=reason, by=by, at=at)
    rma.resolution = Resolution.REFUND
    due = rma.status in (RMAStatus.RECEIVING, RMAStatus.RECEIVED, RMAStatus.INSPECTED, RMAStatus.CLOSED)
    due = due or rma.settlement != Settlement.NONE  # the money was asked for already: it goes another way now
    if due:
        owe(rma)
    outbox.record(
        rma,
        "dispatch.canceled",
        by=by,
        at=at,
        changed=("resolution", "settlement"),
        dispatch=dispatch.pk,
        order=dispatch.order.number,
        reason=reason,
        due=due,
    )
    return dispatch


def drop(rma: RMA, *, reason: str, by: str, at: datetime) -> bool:
    """Nothing goes out for this return any more; False when it has left already. The caller records it."""
    dispatch = active(rma) if rma.resolution in KIND_OF else None
    if dispatch is None:
        return True
    if dispatch.status not in D.before_packing():
        return False
    _cancel(dispatch, reason=reason, by=by, at=at)
    return True


def _cancel(dispatch: Dispatch, *, reason: str, by: str, at: datetime) -> None:
    DISPATCH_MACHINE.check("cancel", dispatch.status, D.CANCELED)
    lines = lines_going_out(dispatch.order)
    reservations.let_go(lines, at=at)
    _unpack(dispatch, lines, by=by, at=at)
    orders.cancel_lines(
        dispatch.order.number, {line.pk: line.quantity - line.canceled for line in lines}, reason, by=by, at=at
    )
    dispatch.status, dispatch.canceled_at = D.CANCELED, at
    dispatch.save(update_fields=["status", "canceled_at"])


def _unpack(dispatch: Dispatch, lines: Sequence[OrderLine], *, by: str, at: datetime) -> None:
    if dispatch.packed:
        identities.keep_here(lines, cause=f"dispatch/{dispatch.pk}/{at.isoformat()}/kept", by=by, at=at)


# ── Finding it ────────────────────────────────────────────────────────────────────────────────────────────────────


def active(rma: RMA) -> Dispatch | None:
    """What goes out for this return, its order locked; None when nothing does, or not any more."""
    found = Dispatch.objects.select_for_update(no_key=True, of=("order", "self")).select_related("order", "warehouse")
    chosen = found.defer("label").filter(rma=rma, sends_back=False).exclude(status__in=D.void())
    dispatch = chosen.order_by("pk").first()
    if dispatch is not None:
        dispatch.rma = rma
    return dispatch


def lines_going_out(order: Order) -> list[OrderLine]:
    """The order's lines that are still to leave."""
    return [
        line for line in order.lines.select_related("product").order_by("position") if line.quantity > line.canceled
    ]


def lock_dispatch(dispatch_id: int) -> tuple[RMA, Dispatch]:
    """The return and its order first, then the dispatch and its own. Raises Dispatch.DoesNotExist."""
    number = Dispatch.objects.values_list("rma__number", flat=True).get(pk=dispatch_id)
    rma = lock(number)
    locked = Dispatch.objects.select_for_update(no_key=True, of=("order", "self")).select_related("order", "warehouse")
    dispatch = locked.get(pk=dispatch_id)
    dispatch.rma = rma
    return rma, dispatch
