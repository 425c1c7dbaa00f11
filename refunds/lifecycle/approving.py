"""A person lets money out, keeps it, or sends it again."""

from datetime import datetime

from oms import outbox
from oms.models import Event, User
from oms.money import amount_text
from oms.roles import allowed
from oms.states import PaymentMethod
from oms.verbs import verb
from refunds.lifecycle.locking import lock, release, set_aside, tell_failed, tell_started
from refunds.lifecycle.reasons import again
from refunds.models import Refund, RefundApproval
from refunds.refusals import ApprovalStale, MayNotApprove, OwnRequest, ReasonMissing, WayNotOpen
from refunds.states import REFUND_MACHINE, ApprovalReason, RefundDestination, RefundStatus

# The deeds after which a person is no second person; PostgreSQL has the same list (`refunds_second_person`).
ASKING = (
    "refund.requested",
    "refund.redirected",
    "refund.turned",
    "rma.requested",
    "rma.inspected",
    "rma.resolution_changed",
)

type Seen = tuple[str, str]


@verb
def approve(number: str, *, by: str, at: datetime, seen: Seen | None = None) -> Refund:
    """A second person lets it out (R84): this amount, to this destination. Approved already, nothing changes.

    `seen` is what stood on the page the person decided from. Raises OwnRequest for who asked or inspected,
    MayNotApprove for who is no member of staff that may, ApprovalStale when the refund is not as it was seen.
    """
    refund = lock(number)
    if refund.approved_at is not None and refund.status not in (RefundStatus.CANCELED, RefundStatus.AWAITING_APPROVAL):
        return refund
    REFUND_MACHINE.check("approve", refund.status, RefundStatus.APPROVED)
    if by in askers(refund):
        raise OwnRequest
    if seen is not None and seen != as_seen(refund):
        raise ApprovalStale
    RefundApproval.objects.create(
        refund=refund,
        amount=refund.amount,
        destination=refund.destination,
        approver=_approver(by),
        approved_at=at,
    )
    refund.status, refund.approved_at = RefundStatus.APPROVED, at
    outbox.record(
        refund,
        "refund.approved",
        by=by,
        at=at,
        changed=("status", "approved_at"),
        amount=amount_text(refund.amount, refund.currency),
        destination=refund.destination,
    )
    return refund


def as_seen(refund: Refund) -> Seen:
    """What an approval is about, as a form carries it: the amount and where it goes."""
    return amount_text(refund.amount, refund.currency), refund.destination


def _approver(by: str) -> User:
    """The person, kept as they are until the transaction ends. Raises MayNotApprove."""
    kind, _, pk = by.partition(":")
    people = User.objects.select_for_update(no_key=True).filter(is_active=True)
    person = people.filter(pk=int(pk)).first() if kind == "user" and pk.isdecimal() else None
    if person is None or not allowed(person, "approve refunds"):
        raise MayNotApprove
    return person


@verb
def refuse(number: str, *, reason: str, by: str, at: datetime) -> Refund:
    """A second person keeps it. The money is free on its payment again; the return waits for somebody to look.

    Raises ReasonMissing; `reason` is a code or a few words without personal data.
    """
    if not reason.strip():
        raise ReasonMissing
    refund = lock(number)
    if refund.status == RefundStatus.CANCELED:
        return refund
    REFUND_MACHINE.check("refuse", refund.status, RefundStatus.CANCELED)
    refund.status = RefundStatus.CANCELED
    release(refund)
    outbox.record(refund, "refund.refused", by=by, at=at, changed=("status",), reason=reason.strip()[:60])
    tell_started(refund, by=by, at=at)
    tell_failed(refund, reason="refused", by=by, at=at)
    return refund


@verb
def cancel(number: str, *, by: str, at: datetime) -> Refund:
    """Call off what was approved and not sent, or what failed and is not to be tried again."""
    refund = lock(number)
    if refund.status == RefundStatus.CANCELED:
        return refund
    REFUND_MACHINE.check("cancel", refund.status, RefundStatus.CANCELED)
    if refund.status in RefundStatus.in_flight():
        release(refund)
    refund.status = RefundStatus.CANCELED
    outbox.record(refund, "refund.canceled", by=by, at=at, changed=("status",))
    tell_failed(refund, reason="canceled", by=by, at=at)
    return refund


@verb
def retry(number: str, *, after: int, by: str, at: datetime) -> Refund:
    """Send a failed refund again, as a new attempt under a new key (p10). `after` is the number of attempts the person
    saw: the same click twice is one retry. It waits for a second person when by now it needs one and has none.
    Raises PaymentsExhausted when the money went elsewhere meanwhile."""
    refund = lock(number)
    tried = refund.attempts.count()
    if tried > after or (tried and refund.status == RefundStatus.APPROVED):
        return refund
    status = _once_more(refund)
    REFUND_MACHINE.check("retry", refund.status, status)
    set_aside(refund.payment, refund.amount)
    refund.status, refund.failed_at, refund.provider_reason = status, None, ""
    refund.settled_at = None
    outbox.record(
        refund,
        "refund.retried",
        by=by,
        at=at,
        changed=("status", "failed_at", "provider_reason", "settled_at", "approval_reasons"),
        status=status,
    )
    tell_started(refund, by=by, at=at)
    return refund


@verb
def redirect(number: str, destination: RefundDestination, *, reason: str, by: str, at: datetime) -> Refund:
    """Let the value go another way: it could not reach its card, or the customer asked. A new approval is needed.

    What was approved before is void. Redirected there already, nothing changes. Raises ReasonMissing, WayNotOpen,
    PaymentsExhausted.
    """
    if not reason.strip():
        raise ReasonMissing
    refund = lock(number)
    if refund.destination == destination and refund.status == RefundStatus.AWAITING_APPROVAL:
        return refund
    REFUND_MACHINE.check("redirect", refund.status, RefundStatus.AWAITING_APPROVAL)
    if destination not in open_ways(refund):
        raise WayNotOpen
    if refund.status == RefundStatus.FAILED:
        set_aside(refund.payment, refund.amount)
        tell_started(refund, by=by, at=at)
    void_approvals(refund, at=at)
    refund.destination, refund.status = destination, RefundStatus.AWAITING_APPROVAL
    refund.approval_reasons = sorted({*refund.approval_reasons, str(ApprovalReason.DESTINATION)})
    refund.approved_at = refund.failed_at = refund.settled_at = refund.submitted_at = None
    refund.provider_reason = ""
    changed = ("destination", "status", "approval_reasons", "approved_at", "failed_at", "settled_at")
    outbox.record(
        refund,
        "refund.redirected",
        by=by,
        at=at,
        changed=(*changed, "submitted_at", "provider_reason"),
        destination=destination,
        reason=reason.strip()[:60],
    )
    return refund


def open_ways(refund: Refund) -> tuple[RefundDestination, ...]:
    """Where a person may send this refund instead; an exchange is another order and not chosen here."""
    if refund.rma is not None and refund.rma.recipient_id is not None:
        return ()  # a gift: credit of who sent it back, and never the buyer's money
    if refund.destination == RefundDestination.EXCHANGE or refund.payment.method in PaymentMethod.store_credit():
        return ()
    ways = (RefundDestination.ORIGINAL, RefundDestination.STORE_CREDIT, RefundDestination.MANUAL)
    return tuple(way for way in ways if way != refund.destination)


def void_approvals(refund: Refund, *, at: datetime) -> None:
    """What was approved is not what it is any more."""
    refund.approvals.filter(voided_at=None).update(voided_at=at)


def _once_more(refund: Refund) -> RefundStatus:
    """Where a failed refund goes on: approved, or to a second person."""
    if refund.approval_reasons:
        valid = refund.approvals.filter(voided_at=None, amount=refund.amount, destination=refund.destination)
        return RefundStatus.APPROVED if valid.exists() else RefundStatus.AWAITING_APPROVAL
    refund.approval_reasons = again(refund)
    return RefundStatus.AWAITING_APPROVAL if refund.approval_reasons else RefundStatus.APPROVED


def askers(refund: Refund) -> set[str]:
    """Who may not let it out: whoever asked for it, or made it due, or chose where it goes."""
    replaced = refund.memo.refunds.exclude(replaced_at=None)
    streams = [one.stream for one in (refund, *replaced)] + ([refund.rma.stream] if refund.rma else [])
    asked = Event.objects.filter(stream__in=streams, name__in=ASKING)
    return set(asked.values_list("actor", flat=True))
