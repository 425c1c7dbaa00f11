"""The call to the provider: written down before it is made, never made inside a transaction (p2, p50)."""

from datetime import datetime

from django.db.models import F

from oms import outbox
from oms.verbs import verb
from refunds.gateways.base import GatewayError
from refunds.lifecycle.locking import lock
from refunds.models import Refund, RefundAttempt
from refunds.states import REFUND_MACHINE, AttemptResult, RefundStatus

OPEN = (AttemptResult.SENT, AttemptResult.UNKNOWN)


@verb
def submit(number: str, *, by: str, at: datetime) -> RefundAttempt | None:
    """Write down the attempt with its key, or find the one that is still open; the caller then calls the provider.

    None when there is nothing to send: any more, because we give it ourselves, or while its payment is disputed.
    PostgreSQL refuses a second open attempt.
    """
    refund = lock(number)
    attempt = next((one for one in refund.attempts.all() if one.result in OPEN), None)
    if attempt is not None and refund.status not in RefundStatus.unanswered():
        return None  # somebody wrote its status past the verbs
    if attempt is not None:
        RefundAttempt.objects.filter(pk=attempt.pk).update(calls=F("calls") + 1)
        return attempt
    if not refund.is_sent or refund.is_disputed:  # type: ignore[attr-defined]
        return None
    if refund.status in (RefundStatus.PENDING, RefundStatus.SETTLED, RefundStatus.CANCELED, RefundStatus.FAILED):
        return None
    REFUND_MACHINE.check("submit", refund.status, RefundStatus.SUBMITTED)
    attempt = RefundAttempt.objects.create(refund=refund, sent_at=at, calls=1)
    refund.status, refund.submitted_at, refund.looked_up_at = RefundStatus.SUBMITTED, at, None
    outbox.record(
        refund,
        "refund.submitted",
        by=by,
        at=at,
        changed=("status", "submitted_at", "looked_up_at"),
        key=str(attempt.key),
    )
    return attempt


def note_silence(attempt: RefundAttempt, error: GatewayError) -> None:
    """The provider did not say whether it acted: that stays so until it does, whatever other calls bring."""
    waiting = RefundAttempt.objects.filter(pk=attempt.pk, result__in=OPEN)
    waiting.update(code=error.code[:60], **({"result": AttemptResult.UNKNOWN} if error.unknown else {}))


def looked_up(refund: Refund, *, at: datetime) -> None:
    """Note when the provider was last asked about it: the poll asks less and less often."""
    Refund.objects.filter(pk=refund.pk).update(looked_up_at=at)
