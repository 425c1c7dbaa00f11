"""The life of a discrepancy: found, worked on, resolved, seen again or no longer.

A run finds and sees; only a person resolves. One that was resolved by a correction and is still seen comes back; one
that was accepted as it is comes back when it changes.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from oms import orders, outbox
from oms.identifiers import new_number
from oms.models import Order, User
from oms.money import EXPONENTS, amount_text, from_minor
from oms.roles import allowed
from oms.verbs import verb
from refunds.models import CreditMemo, Discrepancy, DiscrepancyNote, ReconciliationRun, Refund
from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.refusals import NoFeeToBook, NotAReconciler, NothingSaid, ReasonNeeded
from refunds.reconciliation.states import DISCREPANCY_MACHINE, DiscrepancyStatus, Outcome
from refunds.reconciliation.stored import Seen

S = DiscrepancyStatus
SHOWN = ("cause", "amount_here", "currency_here", "amount_there", "currency_there")
SIDES = (*SHOWN, "here", "there", "happened_at", "refund", "memo")


@verb
def find(
    seen: Seen, *, known: Discrepancy | None, run: ReconciliationRun, begun_at: datetime, by: str, at: datetime
) -> str:
    """A run has seen this difference: new, the same, changed, or back again. Returns which: "new", "again" or "".

    `known` is its row, locked by the caller. `begun_at` is when the run was asked for: what was resolved after that may
    still be in what it read, so it is not held against anybody.
    """
    if known is None:
        _create(seen, run, by, at)
        return "new"
    differs = [name for name in SHOWN if getattr(known, name) != getattr(seen, name)]
    back = _comes_back(known, bool(differs), begun_at)
    known.last_seen_at, known.seen_in = at, run
    touched = ["last_seen_at", "seen_in"]
    if known.status in S.to_do() or back:
        for name in SIDES:
            setattr(known, name, getattr(seen, name))
        touched += SIDES
    if back:
        DISCREPANCY_MACHINE.check("reopen", known.status, S.REOPENED)
        known.status, known.outcome, known.reason, known.resolved_at = S.REOPENED, "", "", None
        touched += ["status", "outcome", "reason", "resolved_at"]
        facts = _facts(known, run) | {"why": back}
        outbox.record(known, "discrepancy.reopened", by=by, at=at, changed=touched, **facts)
        return "again"
    if differs and known.status in S.to_do():
        outbox.record(known, "discrepancy.changed", by=by, at=at, changed=touched, **_facts(known, run))
    else:
        known.save(update_fields=touched)
    return ""


def _comes_back(known: Discrepancy, differs: bool, begun_at: datetime) -> str:
    """Why a settled one is open again, or ""."""
    if known.status == S.GONE:
        return "seen_again"
    if known.status != S.RESOLVED or known.resolved_at is None or known.resolved_at >= begun_at:
        return ""
    if known.outcome not in Outcome.lasting():
        return "not_corrected"
    return "changed" if differs else ""


def _create(seen: Seen, run: ReconciliationRun, by: str, at: datetime) -> Discrepancy:
    found = Discrepancy(
        number=new_number("D"),
        key=seen.key,
        book=seen.book,
        provider=seen.provider,
        status=S.OPEN,
        first_seen_at=at,
        last_seen_at=at,
        seen_in=run,
        **{name: getattr(seen, name) for name in SIDES},
    )
    DISCREPANCY_MACHINE.check("find", "", found.status)
    outbox.record(found, "discrepancy.found", by=by, at=at, **_facts(found, run))
    return found


def _facts(one: Discrepancy, run: ReconciliationRun) -> dict[str, Any]:
    return {
        "run": run.number,
        "cause": str(one.cause),
        "amount_here": _text(one.amount_here, one.currency_here),
        "currency_here": one.currency_here,
        "amount_there": _text(one.amount_there, one.currency_there),
        "currency_there": one.currency_there,
    }


def _text(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None or currency not in EXPONENTS else amount_text(amount, currency)


@verb
def vanish(one: Discrepancy, *, run: ReconciliationRun, by: str, at: datetime) -> Discrepancy:
    """A run that would have seen it has not: the books agree again. Said as that, not as resolved."""
    DISCREPANCY_MACHINE.check("vanish", one.status, S.GONE)
    one.status = S.GONE
    outbox.record(one, "discrepancy.gone", by=by, at=at, changed=("status",), run=run.number)
    return one


# ── What people do ──


def _locked(number: str) -> Discrepancy:
    return Discrepancy.objects.select_for_update(no_key=True).get(number=number)


@verb
def assign(number: str, assignee: User, *, by: str, at: datetime) -> Discrepancy:
    """Somebody looks into it. Assigned to the same person twice is once. Raises NotAReconciler."""
    one = _locked(number)
    if one.status == S.ASSIGNED and one.assignee_id == assignee.pk:
        return one
    DISCREPANCY_MACHINE.check("assign", one.status, S.ASSIGNED)
    if not allowed(assignee, "reconcile"):
        raise NotAReconciler(name=str(assignee))
    one.status, one.assignee = S.ASSIGNED, assignee
    changed = ("status", "assignee")
    outbox.record(one, "discrepancy.assigned", by=by, at=at, changed=changed, assignee=assignee.actor)
    return one


@verb
def note(number: str, text: str, author: User, *, by: str, at: datetime) -> DiscrepancyNote:
    """What somebody found out, whatever its status. Raises NothingSaid."""
    one, said = _locked(number), " ".join(text.split())
    if not said:
        raise NothingSaid
    written = DiscrepancyNote.objects.create(discrepancy=one, text=said[:500], written_by=author, written_at=at)
    outbox.record(one, "discrepancy.noted", by=by, at=at, note=written.pk)
    return written


@verb
def resolve(number: str, *, outcome: str, reason: str, by: str, at: datetime) -> Discrepancy:
    """A person has settled it, says how and why. Resolved the same way twice is once. A fee that the provider kept for
    a refund may be booked with it, as a cost, once. Raises ReasonNeeded, NoFeeToBook."""
    if outcome == Outcome.BOOKED:
        Order.objects.for_update().filter(refunds__discrepancies__number=number).first()  # the order's row first
    one, said = _locked(number), " ".join(reason.split())
    if one.status == S.RESOLVED and (one.outcome, one.reason) == (outcome, said):
        return one
    DISCREPANCY_MACHINE.check("resolve", one.status, S.RESOLVED)
    if outcome not in Outcome.values or not said:
        raise ReasonNeeded
    if outcome == Outcome.BOOKED:
        _book(one, at)
    one.status, one.outcome, one.reason, one.resolved_at = S.RESOLVED, outcome, said[:300], at
    changed = ("status", "outcome", "reason", "resolved_at")
    outbox.record(one, "discrepancy.resolved", by=by, at=at, changed=changed, outcome=outcome)
    return one


def can_be_booked(one: Discrepancy) -> bool:
    """Whether it is a fee of a provider for a refund that we know."""
    return one.cause == Cause.FEE and one.book == Book.PROVIDER and one.refund_id is not None


def _book(one: Discrepancy, at: datetime) -> None:
    """What the provider kept is an expense. Its processing fee of the payment, which it does not give back with a
    refund, was one from the start."""
    if not can_be_booked(one) or one.refund is None:
        raise NoFeeToBook
    kept, payment = from_minor(int(one.there.get("fee", 0)), one.there["currency"]), one.refund.payment
    orders.book_fee(one.refund.order, payment, kept, one.there["currency"], movement=one.key, at=at)


@verb
def reopen(number: str, *, by: str, at: datetime) -> Discrepancy:
    """A person does not leave it at that. Open again twice is once."""
    one = _locked(number)
    if one.status == S.REOPENED:
        return one
    DISCREPANCY_MACHINE.check("reopen", one.status, S.REOPENED)
    one.status, one.outcome, one.reason, one.resolved_at = S.REOPENED, "", "", None
    changed = ("status", "outcome", "reason", "resolved_at")
    facts = _facts(one, one.seen_in) | {"why": "by_hand"}
    outbox.record(one, "discrepancy.reopened", by=by, at=at, changed=changed, **facts)
    return one


def subjects(found: list[Seen]) -> None:
    """Put the refund and the credit memo each is about beside it, with two statements for all."""
    numbers = {number for one in found for number in one.numbers}
    refunds = {one.number: one for one in Refund.objects.filter(number__in=numbers).select_related("memo")}
    memos = {one.number: one for one in CreditMemo.objects.filter(number__in=numbers)}
    for one in found:
        one.refund = next((refunds[number] for number in one.numbers if number in refunds), None)
        one.memo = next((memos[number] for number in one.numbers if number in memos), None)
        if one.memo is None and one.refund is not None:
            one.memo = one.refund.memo
