"""What inspection found is written down; stock moves only when goods are accepted, money is owed per outcome."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from inventory import ledger, trading
from inventory.models import Condition
from inventory.refusals import NotSellable
from inventory.states import BinKind, Disposition
from inventory.trading import Readmitted
from oms import outbox
from oms.models import OrderLine
from oms.prepared import prepared
from oms.verbs import verb
from returns import goods_terms, reference
from returns.found_states import FoundStatus
from returns.lifecycle.dispatching import reach
from returns.lifecycle.locking import lines_of, lock, move, owe, owe_nothing
from returns.models import RMA, FoundGoods, Hold, Outcome, Receipt, ReturnLine
from returns.refusals import MoreThanReceived, NothingFound, NotTheOneSold, OverrideNeedsReason, StillToBeDecided
from returns.states import (
    HOLD_MACHINE,
    Acceptance,
    HoldStatus,
    ReceiptResult,
    RefundAt,
    ReleaseAt,
    Resolution,
    RMAStatus,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What inspection found for some units of a receipt. What it pays comes from the frozen quote, not from here."""

    receipt_id: int
    quantity: int
    condition: str
    disposition: str
    grade: str = ""
    acceptance: str = ""
    override_reason: str = ""
    note: str = ""


def suggestion(line: ReturnLine, condition: Condition, at: datetime) -> tuple[Disposition, Acceptance, str]:
    """Suggest what to do with goods in this condition, and say why (U11)."""
    acceptance = Acceptance.ACCEPTED if may_be_accepted(line, condition) else Acceptance.REFUSED
    why = f"{condition.label}: {Disposition(condition.disposition).label}"
    if acceptance == Acceptance.ACCEPTED and not condition.is_acceptable:
        why += "; accepted, because the reason is ours"
    if acceptance == Acceptance.ACCEPTED and asks_before_less(line, condition, at):
        acceptance = Acceptance.REFUSED
        why += "; it pays less than was promised, so the customer is asked"
    return Disposition(condition.disposition), acceptance, why


def may_be_accepted(line: ReturnLine, condition: Condition) -> bool:
    """Whether goods in this condition are taken back at all: what was our fault always is."""
    return condition.is_acceptable or (line.reason is not None and line.reason.is_our_fault)


@prepared
def _found_with(form_token: UUID, rma: int) -> QuerySet[Outcome]:
    return Outcome.objects.filter(form_token=form_token, receipt__line__rma=rma)


@prepared
def _receipts(rma: int) -> QuerySet[Receipt]:
    return Receipt.objects.filter(line__rma=rma)


def asks_before_less(line: ReturnLine, condition: Condition, at: datetime) -> bool:
    """Whether the customer is asked first, because this condition pays less than the declared one was promised."""
    promised = line.rma.quote.get("inputs", {}).get("lines", {}).get(str(line.order_line_id), {})
    pays, declared = promised.get("pays", {}), promised.get("declared", "")
    if declared not in pays or condition.code not in pays or line.rma.refund_at != RefundAt.INSPECTION:
        return False
    less = Decimal(pays[condition.code]) < Decimal(pays[declared])
    return less and goods_terms.on(at.date()).asks_before_less


@verb
def inspect(
    number: str | RMA, findings: Sequence[Finding], *, form_token: UUID, by: str, at: datetime
) -> list[Outcome]:
    """Write down what was found. Accepted goods leave the dock for where their disposition says; refused ones wait in
    a hold bin for the customer's answer. Stock value re-enters at the cost it left with (rule 15).

    The same `form_token` again returns the outcomes it made the first time. Raises NothingFound, MoreThanReceived,
    NotSellable (damaged goods never go to a shelf), OverrideNeedsReason.
    """
    rma = lock(number)
    if earlier := _found_with(form_token, rma.pk):
        return earlier
    lines = {line.pk: line for line in lines_of(rma)}
    receipts = {one.pk: one for one in _receipts(rma.pk)}
    outcomes = drafts(rma, findings, lines, receipts, form_token=form_token, by=by, at=at)
    Outcome.objects.bulk_create(outcomes)
    for outcome in outcomes:
        lines[outcome.receipt.line_id].inspected += outcome.quantity
    holds = _hold(outcomes, at)
    _put_away(rma, outcomes, lines, by=by, at=at)
    _book_value(rma, outcomes, lines, at)
    if rma.resolution != Resolution.REPAIR:
        _count_returned(outcomes, lines)
    complete, due = _after_inspection(rma, outcomes, lines.values(), at)
    outbox.record(
        rma,
        "rma.inspected",
        by=by,
        at=at,
        changed=("status", "settlement", "inspected_at"),
        outcomes=[
            {
                "outcome": one.pk,
                "line": one.receipt.line_id,
                "quantity": one.quantity,
                "condition": one.condition.code,
                "grade": one.grade,
                "disposition": one.disposition,
                "acceptance": one.acceptance,
            }
            for one in outcomes
        ],
        holds=[hold.pk for hold in holds],
        complete=complete,
        due=due,
    )
    if complete and not holds:
        reach(rma, ReleaseAt.INSPECTION, by=by, at=at)
    return outcomes


def drafts(
    rma: RMA,
    findings: Sequence[Finding],
    lines: dict[int, ReturnLine],
    receipts: dict[int, Receipt],
    *,
    form_token: UUID,
    by: str,
    at: datetime,
    decided: Mapping[int, int] | None = None,
) -> list[Outcome]:
    """What these findings come to, not saved; `decided` are units by receipt that wait to be booked. Raises what
    `inspect` raises."""
    conditions = reference.conditions()
    if not findings or any(one.quantity <= 0 or one.receipt_id not in receipts for one in findings):
        raise NothingFound
    if any(one.condition not in conditions for one in findings):
        raise NothingFound
    findings = _same_together(findings)
    arrived = [(pk, one.uninspected) for pk, one in receipts.items() if one.result in ReceiptResult.arrived()]
    left = {pk: units - (decided or {}).get(pk, 0) for pk, units in arrived}
    found = []
    for one in findings:
        receipt, condition = receipts[one.receipt_id], conditions[one.condition]
        line = lines[receipt.line_id]
        available = left.get(receipt.pk, 0)
        if one.quantity > available:
            raise MoreThanReceived(sku=line.order_line.sku, left=available, asked=one.quantity)
        left[receipt.pk] = available - one.quantity
        found.append(_outcome(rma, one, line, receipt, condition, form_token=form_token, by=by, at=at))
    return found


def _same_together(findings: Sequence[Finding]) -> list[Finding]:
    """The same finding named twice in one form is one outcome of both."""
    summed: dict[Finding, Finding] = {}
    for one in findings:
        key = replace(one, quantity=0)
        summed[key] = replace(one, quantity=one.quantity + (summed[key].quantity if key in summed else 0))
    return list(summed.values())


def _outcome(
    rma: RMA,
    found: Finding,
    line: ReturnLine,
    receipt: Receipt,
    condition: Condition,
    *,
    form_token: UUID,
    by: str,
    at: datetime,
) -> Outcome:
    suggested, acceptance, _why = suggestion(line, condition, at)
    if receipt.result == ReceiptResult.MISMATCH:
        _refuse_undecided(receipt, found)
    if receipt.result in ReceiptResult.another():
        suggested, acceptance = Disposition.RETURN_TO_CUSTOMER, Acceptance.REFUSED
    elif rma.resolution == Resolution.REPAIR:
        suggested, acceptance = Disposition.REPAIR, Acceptance.ACCEPTED
    disposition = Disposition(found.disposition or suggested)
    if disposition == Disposition.RESTOCK and not condition.is_acceptable:
        raise NotSellable
    if disposition != suggested and not found.override_reason.strip():
        raise OverrideNeedsReason
    pays = rma.quote.get("inputs", {}).get("lines", {}).get(str(line.order_line_id), {}).get("pays", {})
    return Outcome(
        receipt=receipt,
        quantity=found.quantity,
        condition=condition,
        grade=found.grade or condition.grade,
        suggested_disposition=suggested,
        disposition=disposition,
        override_reason=found.override_reason.strip()[:200],
        acceptance=Acceptance(found.acceptance or acceptance),
        payout_percent=Decimal(pays.get(condition.code, condition.payout_percent)),
        note=found.note,
        form_token=form_token,
        by=by,
        inspected_at=at,
    )


def _refuse_undecided(receipt: Receipt, found: Finding) -> None:
    """Another serial or lot than the one sold is no matter for inspection before a person has said so (p40)."""
    if found.acceptance == Acceptance.ACCEPTED:
        raise NotTheOneSold
    if FoundGoods.objects.filter(receipt=receipt, status__in=FoundStatus.open()).exists():
        raise StillToBeDecided


def _hold(outcomes: Sequence[Outcome], at: datetime) -> list[Hold]:
    HOLD_MACHINE.check("hold", "", HoldStatus.WAITING)
    within = timedelta(days=goods_terms.on(at.date()).answer_days)
    return Hold.objects.bulk_create(
        Hold(outcome=one, status=HoldStatus.WAITING, asked_at=at, respond_by=at + within)
        for one in outcomes
        if one.acceptance == Acceptance.REFUSED
    )


def _put_away(rma: RMA, outcomes: Sequence[Outcome], lines: dict[int, ReturnLine], *, by: str, at: datetime) -> None:
    goods = []
    for one in outcomes:
        order_line = lines[one.receipt.line_id].order_line
        # Another item than the one sold was never booked into this product's stock.
        if order_line.product_id is None or one.receipt.result in ReceiptResult.another():
            continue
        accepted = one.acceptance == Acceptance.ACCEPTED
        ours = accepted and rma.resolution != Resolution.REPAIR
        target = ledger.LANDS_IN[Disposition(one.disposition)] if ours else BinKind.HOLD
        cause = f"outcome/{one.pk}"
        goods.append((ledger.Goods(order_line.product, one.quantity, order_line.unit_cost, cause), target))
    ledger.put_away(rma.warehouse, goods, cause=f"outcome/{outcomes[0].pk}", by=by, at=at)


def _book_value(rma: RMA, outcomes: Sequence[Outcome], lines: dict[int, ReturnLine], at: datetime) -> None:
    if rma.resolution == Resolution.REPAIR:  # the customer's it stays
        return
    accepted = [
        one
        for one in outcomes
        if one.acceptance == Acceptance.ACCEPTED and one.receipt.result not in ReceiptResult.another()
    ]
    goods = (readmitted(one, lines[one.receipt.line_id].order_line) for one in accepted)
    trading.readmit(goods, rma.order, at=at)


def readmitted(outcome: Outcome, line: OrderLine) -> Readmitted:
    """Accepted goods, in the words of stock."""
    cause = f"outcome/{outcome.pk}"
    return Readmitted(line, outcome.quantity, outcome.grade, outcome.disposition, cause)


def _count_returned(outcomes: Sequence[Outcome], lines: dict[int, ReturnLine]) -> None:
    counted: dict[int, OrderLine] = {}
    for one in outcomes:
        if one.acceptance == Acceptance.ACCEPTED:
            order_line = lines[one.receipt.line_id].order_line
            order_line.returned += one.quantity
            counted[order_line.pk] = order_line
    OrderLine.objects.bulk_update(counted.values(), ["returned"])


def _after_inspection(
    rma: RMA, outcomes: Sequence[Outcome], lines: Iterable[ReturnLine], at: datetime
) -> tuple[bool, bool]:
    """Return whether all is inspected, and whether the money side has something to do: pay, or conclude."""
    complete = rma.status == RMAStatus.RECEIVED and all(line.inspected == line.arrived for line in lines)
    move(rma, "inspect", RMAStatus.INSPECTED if complete else RMAStatus(rma.status))
    if complete:
        rma.inspected_at = at
    # The same thing again, repaired or new, or money: never both (p52).
    pays = rma.resolution not in (Resolution.REPLACEMENT, Resolution.REPAIR)
    if pays and any(one.acceptance == Acceptance.ACCEPTED and one.payout_percent for one in outcomes):
        return complete, owe(rma)
    if complete:
        owe_nothing(rma)
    return complete, complete
