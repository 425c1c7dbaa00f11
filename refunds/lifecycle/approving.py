"""A person lets money out, keeps it, or sends it again."""

from datetime import datetime

from oms import outbox
from oms.models import Event
from oms.verbs import verb
from refunds.lifecycle.locking import lock, release, set_aside, tell_failed, tell_started
from refunds.models import Refund
from refunds.refusals import OwnRequest, ReasonMissing
from refunds.states import REFUND_MACHINE, RefundStatus


@verb
def approve(number: str, *, by: str, at: datetime) -> Refund:
    """A second person lets it out (R84). Approved already, nothing changes. Raises OwnRequest."""
    refund = lock(number)
    if refund.approved_at is not None and refund.status != RefundStatus.CANCELED:
        return refund
    REFUND_MACHINE.check("approve", refund.status, RefundStatus.APPROVED)
    if by in askers(refund):
        raise OwnRequest
    refund.status, refund.approved_at = RefundStatus.APPROVED, at
    outbox.record(refund, "refund.approved", by=by, at=at, changed=("status", "approved_at"))
    return refund


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
    saw: the same click twice is one retry. Raises PaymentsExhausted when the money went elsewhere meanwhile."""
    refund = lock(number)
    tried = refund.attempts.count()
    if tried > after or (tried and refund.status == RefundStatus.APPROVED):
        return refund
    REFUND_MACHINE.check("retry", refund.status, RefundStatus.APPROVED)
    set_aside(refund.payment, refund.amount)
    refund.status, refund.failed_at, refund.provider_reason = RefundStatus.APPROVED, None, ""
    refund.settled_at = None
    outbox.record(
        refund, "refund.retried", by=by, at=at, changed=("status", "failed_at", "provider_reason", "settled_at")
    )
    tell_started(refund, by=by, at=at)
    return refund


def askers(refund: Refund) -> set[str]:
    """Who asked for this money: whoever's deed made it due, and whoever opened the return."""
    streams = [refund.stream] + ([refund.rma.stream] if refund.rma else [])
    return set(
        Event.objects.filter(stream__in=streams, name__in=("refund.requested", "rma.requested")).values_list(
            "actor", flat=True
        )
    )
