"""What the provider says, or a person who paid by hand: waiting, paid back, failed, and failed after all.

Answers come more than once, in any order, from the call itself, the webhook and the poll (p1). Words about one attempt
only move forward: pending → settled → failed. Stripe never takes a failure back, so an older word changes nothing.
"""

from datetime import datetime, timedelta
from uuid import UUID

from oms import outbox
from oms.money import amount_text, to_minor
from oms.verbs import verb
from refunds import evidence
from refunds.evidence import Evidence
from refunds.gateways.base import InHouse, RefundAnswer
from refunds.lifecycle.books import book_failed, book_settled
from refunds.lifecycle.locking import (
    lock,
    pay_out,
    pay_out_after_all,
    release,
    take_back,
    tell_failed,
    tell_settled,
    tell_started,
)
from refunds.lifecycle.submitting import OPEN
from refunds.lifecycle.turning import pays_for_nothing, turn
from refunds.models import Refund, RefundAttempt
from refunds.refusals import EvidenceMissing, NotForAPerson, NotOurs
from refunds.states import REFUND_MACHINE, AttemptResult, RefundStatus

AMOUNT_DIFFERS = "amount_differs"
SILENCE = timedelta(hours=23)  # after this a person may say what became of it
S = RefundStatus


@verb
def hear(number: str, answer: RefundAnswer, *, by: str, at: datetime, adopt: bool = False) -> Refund:
    """Take one answer of the provider about a refund; what is known already changes nothing.

    `adopt`: it was found by our number and is to count as the newest attempt's. Raises NotOurs when it fits none of
    our attempts: money moved that we did not ask for, so a person looks.
    """
    refund = lock(number)
    attempt = _current(refund, answer, adopt)
    if attempt is None:
        return refund
    if answer.status != S.FAILED and _differs(refund, answer):
        return _await(refund, attempt, answer.provider_id, AMOUNT_DIFFERS, by, at)
    if answer.status == S.PENDING:
        return _await(refund, attempt, answer.provider_id, answer.reason, by, at)
    if answer.status == S.SETTLED:
        after_all = refund.status == S.FAILED and attempt.result != AttemptResult.ANSWERED
        if refund.status in S.unanswered() or after_all:
            return _settle(refund, attempt, answer.provider_id, by, at)
        return refund
    if refund.status in (*S.unanswered(), S.SETTLED):
        return _fail(refund, attempt, answer.provider_id, answer.reason or str(answer.status), by, at)
    return refund


@verb
def await_provider(number: str, *, provider_id: str, reason: str, by: str, at: datetime) -> Refund:
    """The provider has it and is not done; `reason` is its code for why (p6)."""
    refund = lock(number)
    if refund.status == S.PENDING:
        return refund
    REFUND_MACHINE.check("await_provider", refund.status, S.PENDING)
    return _await(refund, _newest(refund), provider_id, reason, by, at)


@verb
def settle(number: str, *, provider_id: str, by: str, at: datetime) -> Refund:
    """The money is back with the customer: booked, and the return hears of it. Settled twice is settled once."""
    refund = lock(number)
    if refund.status == S.SETTLED:
        return refund
    REFUND_MACHINE.check("settle", refund.status, S.SETTLED)
    return _settle(refund, _newest(refund), provider_id, by, at)


@verb
def give(number: str, house: InHouse, *, by: str, at: datetime) -> Refund:
    """Give an approved refund ourselves: the value, the books and the word of it are one transaction.

    Given already, or not approved any more, nothing changes. Raises what `house` refuses.
    """
    refund = lock(number)
    if refund.status != S.APPROVED or refund.is_disputed:  # type: ignore[attr-defined]
        return refund
    if pays_for_nothing(refund):
        return turn(number, by=by, at=at)
    REFUND_MACHINE.check("give", refund.status, S.SETTLED)
    ours = house.give(refund, by=by, at=at)
    attempt = RefundAttempt(refund=refund, sent_at=at, calls=1, result=AttemptResult.ANSWERED)
    attempt.provider_id, attempt.answered_at = ours, at
    attempt.save()
    return _settle(refund, None, ours, by, at)


@verb
def withhold(number: str, *, reason: str, by: str, at: datetime) -> Refund:
    """What we were to give ourselves cannot be given; `reason` is the code of why. A person looks."""
    refund = lock(number)
    if refund.status == S.FAILED:
        return refund
    REFUND_MACHINE.check("withhold", refund.status, S.FAILED)
    return _fail(refund, None, "", reason, by, at)


@verb
def fail(number: str, *, provider_id: str = "", reason: str, by: str, at: datetime, key: UUID | None = None) -> Refund:
    """The provider did not pay, or took back that it had: the books reverse, the return is open again (p7, p8, p10).

    `key` names the attempt whose call was refused: was it answered otherwise meanwhile, nothing changes.
    """
    refund = lock(number)
    attempt = _newest(refund)
    answered = key is not None and (attempt is None or attempt.key != key or attempt.result not in OPEN)
    if refund.status == S.FAILED or answered:
        return refund
    REFUND_MACHINE.check("fail", refund.status, S.FAILED)
    return _fail(refund, attempt, provider_id, reason, by, at)


@verb
def confirm_paid(number: str, *, by: str, at: datetime, proof: Evidence | None = None) -> Refund:
    """A person paid it by hand, or found it paid at a provider that no longer answers.

    What was paid by hand is proved. Raises NotForAPerson, EvidenceMissing.
    """
    refund = lock(number)
    if refund.status == S.SETTLED:
        return refund
    REFUND_MACHINE.check("confirm_paid", refund.status, S.SETTLED)
    attempt = _newest(refund)
    if not for_a_person(refund, attempt, at):
        raise NotForAPerson
    if refund.is_by_hand and (proof is None or not proof.reference.strip() or refund.order.customer_id is None):
        raise EvidenceMissing
    if proof is not None:
        evidence.keep(refund, proof, by=by, at=at)
    return _settle(refund, attempt, refund.provider_id or "", by, at)


@verb
def confirm_unpaid(number: str, *, by: str, at: datetime) -> Refund:
    """A person could not pay it, or found nothing at a provider that no longer answers. Raises NotForAPerson."""
    refund = lock(number)
    if refund.status == S.FAILED:
        return refund
    REFUND_MACHINE.check("confirm_unpaid", refund.status, S.FAILED)
    attempt = _newest(refund)
    if not for_a_person(refund, attempt, at):
        raise NotForAPerson
    return _fail(refund, attempt, "", "confirmed_unpaid", by, at)


def for_a_person(refund: Refund, attempt: RefundAttempt | None, at: datetime) -> bool:
    """Whether only a person can say where this refund stands: nobody else pays it, or nobody has answered for a day."""
    if attempt is None:
        return False
    if refund.provider_reason == AMOUNT_DIFFERS:
        return True
    return refund.is_by_hand or (attempt.result == AttemptResult.UNKNOWN and at - attempt.sent_at >= SILENCE)


# ── Which attempt an answer is about ──────────────────────────────────────────────────────────────────────────────


def _newest(refund: Refund) -> RefundAttempt | None:
    return max(refund.attempts.all(), key=lambda one: one.pk, default=None)


def _current(refund: Refund, answer: RefundAnswer, adopt: bool) -> RefundAttempt | None:
    """The newest attempt if the answer is about it; None if it is an old story. Raises NotOurs."""
    attempts = sorted(refund.attempts.all(), key=lambda one: one.pk, reverse=True)
    key = answer.metadata.get("attempt")
    for attempt in attempts:
        if answer.provider_id == attempt.provider_id or str(attempt.key) == key:
            break
    else:
        if not adopt or not attempts:
            raise NotOurs("no_such_attempt")
        attempt = attempts[0]
    if attempt.provider_id and attempt.provider_id != answer.provider_id:
        raise NotOurs("second_refund")
    if attempt is attempts[0] or adopt:
        return attempts[0]
    if attempt.result == AttemptResult.ANSWERED or answer.status in (S.FAILED, S.CANCELED):
        return None
    raise NotOurs("given_up_attempt")


def _differs(refund: Refund, answer: RefundAnswer) -> bool:
    asked = to_minor(refund.amount, refund.currency)
    return (answer.amount_minor, answer.currency) != (asked, refund.currency)


# ── Changes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _answered(attempt: RefundAttempt | None, result: AttemptResult, provider_id: str, code: str, at: datetime) -> None:
    if attempt is None:
        return
    attempt.result, attempt.code, attempt.answered_at = result, code[:60], attempt.answered_at or at
    attempt.provider_id = provider_id or attempt.provider_id
    attempt.save(update_fields=["result", "code", "answered_at", "provider_id"])


def _await(
    refund: Refund, attempt: RefundAttempt | None, provider_id: str, reason: str, by: str, at: datetime
) -> Refund:
    if refund.status != S.SUBMITTED:
        return refund
    _answered(attempt, AttemptResult.ANSWERED, provider_id, reason, at)
    refund.status, refund.provider_id, refund.provider_reason = S.PENDING, provider_id or None, reason[:120]
    outbox.record(
        refund,
        "refund.pending",
        by=by,
        at=at,
        changed=("status", "provider_id", "provider_reason"),
        provider_id=provider_id,
        reason=reason[:120],
    )
    return refund


def _settle(refund: Refund, attempt: RefundAttempt | None, provider_id: str, by: str, at: datetime) -> Refund:
    after_all = refund.status == S.FAILED
    (pay_out_after_all if after_all else pay_out)(refund)
    _answered(attempt, AttemptResult.ANSWERED, provider_id, "", at)
    refund.status, refund.settled_at, refund.failed_at = S.SETTLED, at, None
    refund.provider_id, refund.provider_reason = provider_id or None, ""
    book_settled(refund, at=at)
    outbox.record(
        refund,
        "refund.settled",
        by=by,
        at=at,
        changed=("status", "settled_at", "failed_at", "provider_id", "provider_reason"),
        provider_id=provider_id,
        amount=amount_text(refund.amount, refund.currency),
        currency=refund.currency,
    )
    if after_all:
        tell_started(refund, by=by, at=at)
    tell_settled(refund, by=by, at=at)
    return refund


def _fail(
    refund: Refund, attempt: RefundAttempt | None, provider_id: str, reason: str, by: str, at: datetime
) -> Refund:
    late = refund.status == S.SETTLED
    if late:
        take_back(refund)
        book_failed(refund, at=at)
    else:
        release(refund)
    said_so = AttemptResult.ANSWERED if provider_id else AttemptResult.REFUSED
    _answered(attempt, said_so, provider_id, reason, at)
    refund.status, refund.failed_at = S.FAILED, at
    refund.provider_id, refund.provider_reason = provider_id or refund.provider_id, reason[:120]
    outbox.record(
        refund,
        "refund.failed",
        by=by,
        at=at,
        changed=("status", "failed_at", "provider_id", "provider_reason"),
        provider_id=refund.provider_id or "",
        reason=reason[:120],
        amount=amount_text(refund.amount, refund.currency),
        currency=refund.currency,
        late=late,
    )
    tell_failed(refund, reason=reason, by=by, at=at)
    return refund
