"""Money after all: a refund that was to pay for goods which do not go out any more goes back to where it came from."""

from datetime import datetime

from oms import outbox
from oms.verbs import verb
from refunds.lifecycle.approving import void_approvals
from refunds.lifecycle.exchanging import return_behind
from refunds.lifecycle.locking import lock, set_aside, tell_started
from refunds.lifecycle.reasons import again, is_by_hand
from refunds.models import Refund
from refunds.states import REFUND_MACHINE, ApprovalReason, RefundDestination, RefundStatus
from returns.models import RMA
from returns.states import Resolution

WAITING = (RefundStatus.AWAITING_APPROVAL, RefundStatus.APPROVED, RefundStatus.FAILED)


def pays_for_nothing(refund: Refund) -> bool:
    """Whether the exchange it was asked for was called off meanwhile."""
    if refund.destination != RefundDestination.EXCHANGE:
        return False
    rma = return_behind(refund)
    return rma is not None and rma.resolution != Resolution.EXCHANGE


def turn_all(rma: RMA, *, by: str, at: datetime) -> None:
    """Turn whatever of this return still waits to pay for goods, once it is settled without them."""
    if rma.resolution == Resolution.EXCHANGE or "exchange" not in rma.quote:
        return
    own, carried = Refund.objects.filter(rma=rma), Refund.objects.filter(rma=None, order__dispatch__rma=rma)
    waiting = {"destination": RefundDestination.EXCHANGE, "status__in": WAITING}
    for refund in [*own.filter(**waiting).order_by("pk"), *carried.filter(**waiting).order_by("pk")]:
        turn(refund.number, by=by, at=at)


@verb
def turn(number: str, *, by: str, at: datetime) -> Refund:
    """Let it go back as money, sent at once, or approved once more where it needed or now needs a second person.

    Turned already, nothing changes. Raises PaymentsExhausted for one that failed and whose money went elsewhere.
    """
    refund = lock(number)
    if refund.destination != RefundDestination.EXCHANGE:
        return refund
    before, refund.destination = refund.status, RefundDestination.ORIGINAL
    reasons = refund.approval_reasons or again(refund)
    if is_by_hand(refund):
        reasons = sorted({*reasons, str(ApprovalReason.BY_HAND)})
    status = RefundStatus.AWAITING_APPROVAL if reasons else RefundStatus.APPROVED
    REFUND_MACHINE.check("turn", before, status)
    if before == RefundStatus.FAILED:
        set_aside(refund.payment, refund.amount)
        tell_started(refund, by=by, at=at)
    void_approvals(refund, at=at)
    refund.status, refund.approval_reasons = status, reasons
    refund.approved_at = refund.failed_at = None
    refund.provider_reason = ""
    outbox.record(
        refund,
        "refund.turned",
        by=by,
        at=at,
        changed=("destination", "status", "approval_reasons", "approved_at", "failed_at", "provider_reason"),
        destination=refund.destination,
        status=status,
    )
    return refund
