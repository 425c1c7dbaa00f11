"""Goods refused at inspection: the customer, shown the photos, accepts, disputes, or has them sent back."""

from datetime import datetime
from decimal import Decimal

from inventory import ledger, trading
from inventory.states import BinKind, Disposition
from oms import outbox
from oms.models import Order, OrderLine
from oms.verbs import verb
from returns.lifecycle.inspecting import readmitted
from returns.lifecycle.locking import lock, owe
from returns.lifecycle.sending_back import plan_back
from returns.models import RMA, Hold
from returns.refusals import ReasonNeeded
from returns.states import HOLD_MACHINE, HoldStatus, ReceiptResult

ANSWERS = {
    "accept": HoldStatus.ACCEPTED,
    "dispute": HoldStatus.DISPUTED,
    "send_back": HoldStatus.SENT_BACK,
}
DECISIONS = {"overturn": HoldStatus.OVERTURNED, "uphold": HoldStatus.UPHELD, "send_back": HoldStatus.SENT_BACK}


@verb
def answer_hold(hold_id: int, *, answer: str, note: str = "", by: str, at: datetime) -> Hold:
    """The customer answers. Accepted: the goods go where their disposition says, unpaid. Disputed: a person decides.
    Sent back: they go out again. Raises Hold.DoesNotExist, KeyError for another answer."""
    rma, hold = _lock(hold_id)
    target = ANSWERS[answer]
    if answer == "dispute" and not note.strip():
        raise ReasonNeeded
    HOLD_MACHINE.check(answer, hold.status, target)
    hold.status, hold.answer, hold.answered_at = target, note, at
    hold.save(update_fields=["status", "answer", "answered_at"])
    _move_goods(rma, hold, by=by, at=at)
    if target == HoldStatus.ACCEPTED and hold.outcome.payout_percent:
        owe(rma)
    outbox.record(
        rma,
        "rma.hold_answered",
        by=by,
        at=at,
        changed=("settlement",),
        hold=hold.pk,
        outcome=hold.outcome_id,
        answer=answer,
        due=target != HoldStatus.DISPUTED,
    )
    return hold


@verb
def decide_hold(hold_id: int, *, decision: str, by: str, at: datetime) -> Hold:
    """A person decides a dispute. Overturned: accepted after all, and paid as declared. Upheld: the customer may have
    the goods back. Raises Hold.DoesNotExist, KeyError for another decision."""
    rma, hold = _lock(hold_id)
    target = DECISIONS[decision]
    HOLD_MACHINE.check(decision, hold.status, target)
    hold.status, hold.decided_at = target, at
    if target == HoldStatus.OVERTURNED:
        hold.payout_percent = _declared_payout(rma, hold)
    hold.save(update_fields=["status", "decided_at", "payout_percent"])
    _move_goods(rma, hold, by=by, at=at)
    if target == HoldStatus.OVERTURNED:
        owe(rma)
    outbox.record(
        rma,
        "rma.hold_decided",
        by=by,
        at=at,
        changed=("settlement",),
        hold=hold.pk,
        outcome=hold.outcome_id,
        decision=decision,
        due=target != HoldStatus.UPHELD,
    )
    return hold


def _declared_payout(rma: RMA, hold: Hold) -> Decimal:
    """What the condition the customer declared was promised to pay."""
    terms = rma.quote.get("inputs", {}).get("lines", {}).get(str(hold.outcome.receipt.line.order_line_id), {})
    return Decimal(terms.get("pays", {}).get(terms.get("declared", ""), "100"))


def _lock(hold_id: int) -> tuple[RMA, Hold]:
    try:
        order = Order.objects.for_update().get(rmas__lines__receipts__outcomes__hold=hold_id)
    except Order.DoesNotExist:
        raise Hold.DoesNotExist(hold_id) from None
    hold = Hold.objects.select_related("outcome__receipt__line__order_line__product").get(pk=hold_id)
    number = (
        RMA.objects.filter(order=order, lines__receipts__outcomes__hold=hold_id).values_list("number", flat=True).get()
    )
    rma = lock(number)
    hold.outcome.receipt.line.rma = rma
    return rma, hold


def _move_goods(rma: RMA, hold: Hold, *, by: str, at: datetime) -> None:
    """Out of the hold bin, once nothing is open about them; disputed goods stay."""
    outcome, order_line = hold.outcome, hold.outcome.receipt.line.order_line
    if hold.status in (HoldStatus.ACCEPTED, HoldStatus.OVERTURNED):
        target = ledger.LANDS_IN[Disposition(outcome.disposition)]
        OrderLine.objects.filter(pk=order_line.pk).update(returned=order_line.returned + outcome.quantity)
    elif hold.status == HoldStatus.SENT_BACK:
        target = BinKind.OUTBOUND
    else:
        return
    if order_line.product_id is None or outcome.receipt.result == ReceiptResult.WRONG_ITEM:
        return
    goods = ledger.Goods(order_line.product, outcome.quantity, order_line.unit_cost, f"outcome/{outcome.pk}")
    ledger.put_away(
        rma.warehouse, [(goods, target)], source=BinKind.HOLD, cause=f"hold/{hold.pk}/{hold.status}", by=by, at=at
    )
    if hold.status == HoldStatus.SENT_BACK:
        plan_back(rma, [(order_line, outcome.quantity)], by=by, at=at)
    else:
        trading.readmit([readmitted(outcome, order_line)], rma.order, at=at)
