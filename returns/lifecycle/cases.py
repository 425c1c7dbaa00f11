"""What people do about a parcel that went wrong: the customer says why, somebody decides, the carrier is made to pay.

The order's row is locked first, as by every verb. What the goods and the money need is in `case_returns`.
"""

from datetime import datetime
from decimal import Decimal

from oms import outbox
from oms.money import amount_text, check_amount
from oms.verbs import verb
from returns.case_states import CASE_MACHINE, CaseCause, CaseDecision, CaseKind, CaseStatus
from returns.lifecycle import case_returns
from returns.lifecycle.case_opening import lock_case, shut
from returns.models import ParcelCase
from returns.pricing import Price
from returns.refusals import ClaimNotPossible, MoneyFollowsGoods, WhyNeeded

# ── The customer answers ──────────────────────────────────────────────────────────────────────────────────────────


@verb
def answer_why(number: str, *, cause: str, note: str = "", by: str, at: datetime) -> ParcelCase:
    """The customer says why, once; a second answer changes nothing. Raises WhyNeeded."""
    if cause not in CaseCause.values:
        raise WhyNeeded
    case = lock_case(number)
    if case.cause:
        return case
    CASE_MACHINE.check("answer", case.status, CaseStatus.ANSWERED)
    case.status, case.cause, case.note, case.answered_at = CaseStatus.ANSWERED, CaseCause(cause), note.strip(), at
    outbox.record(
        case, "case.answered", by=by, at=at, changed=("status", "cause", "note", "answered_at"), cause=case.cause
    )
    return case


# ── A person decides ──────────────────────────────────────────────────────────────────────────────────────────────


@verb
def decide_case(number: str, *, decision: str, price: Price, by: str, at: datetime) -> ParcelCase:
    """What is lost or damaged on the way is the shop's risk, and somebody says so: the customer is paid, or not. A
    replacement that never reached them, wherever it is, may be sent once more instead.

    Raises MoneyFollowsGoods where goods come back or are only late, NeverScanned, NothingLost, GoesOutForReturn,
    NotOffered for what is no replacement, NotAvailable.
    """
    case = lock_case(number)
    if case.status == CaseStatus.DECIDED and case.decision == decision:
        return case
    if not case.is_decided_by_people:
        raise MoneyFollowsGoods
    CASE_MACHINE.check("decide", case.status, CaseStatus.DECIDED)
    if decision == CaseDecision.AGAIN:
        case_returns.send_again(case, by=by, at=at)
    elif decision == CaseDecision.REFUND and case.shipment is not None:
        paid = case_returns.make_good(case, price=price, by=by, at=at)
        case.rma = case.rma or paid  # what comes back stays with the return it comes back by
    elif decision == CaseDecision.REFUND:
        case_returns.take_loss(case, by=by, at=at)
    case.status, case.decision, case.decided_at = CaseStatus.DECIDED, CaseDecision(decision), at
    outbox.record(
        case, "case.decided", by=by, at=at, changed=("status", "decision", "decided_at", "rma"), decision=decision
    )
    return case


@verb
def claim(number: str, *, amount: Decimal, reference: str, by: str, at: datetime) -> ParcelCase:
    """We ask the carrier to pay for what it lost or broke; `amount` in the order's currency. Again corrects it.

    Raises ClaimNotPossible, MoneyError.
    """
    case = lock_case(number)
    amount = check_amount(amount, case.order.currency)
    if amount <= 0 or case.status == CaseStatus.CLOSED or case.kind == CaseKind.DELAYED:
        raise ClaimNotPossible
    case.claimed, case.claim_reference = amount, reference.strip()[:60]
    case.claimed_at = case.claimed_at or at
    outbox.record(
        case,
        "case.claimed",
        by=by,
        at=at,
        changed=("claimed", "claim_reference", "claimed_at"),
        amount=amount_text(amount, case.order.currency),
        currency=case.order.currency,
    )
    return case


@verb
def close_case(number: str, *, recovered: Decimal | None = None, by: str, at: datetime) -> ParcelCase:
    """Nothing is left to do; `recovered` is what the carrier paid for a claim, in the order's currency.

    Raises ClaimNotPossible for money without a claim, or more than was claimed; MoneyError.
    """
    case = lock_case(number)
    if case.status == CaseStatus.CLOSED:
        return case
    if recovered is not None:
        recovered = check_amount(recovered, case.order.currency)
        if case.claimed is None or not 0 <= recovered <= case.claimed:
            raise ClaimNotPossible
    return shut(case, recovered, by=by, at=at)
