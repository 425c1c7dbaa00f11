"""How a refund reaches the provider exactly once (p2, p50).

1. `lifecycle.submit` writes the attempt with its key, and commits.
2. The provider is called with that key, outside any transaction.
3. `lifecycle.hear` takes the answer.

A process may die between any two steps: the attempt is open then, and the next run goes on with the same key. Silence
is not a no. While the provider surely remembers the key it is called with it again; what it does with that is looked up
by our number; later it is only looked up, and after a day of silence a person decides (`lifecycle.confirm_…`).

What we give ourselves (store credit, an exchange) needs none of this: `lifecycle.give` is one transaction.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KT

from oms import outbox
from oms.money import to_minor
from oms.prepared import prepared
from oms.refusals import Refused
from refunds import lifecycle
from refunds.gateways.base import Gateway, GatewayError, RefundAnswer
from refunds.gateways.registry import PROVIDERS_BY_NAME, gateway_for, in_house_for
from refunds.lifecycle.submitting import looked_up
from refunds.models import Discrepancy, ExternalRefund, Refund, RefundAttempt
from refunds.reconciliation.causes import Cause
from refunds.refusals import NotOurs
from refunds.states import AttemptResult, RefundStatus

logger = logging.getLogger(__name__)

PAID = (RefundStatus.SETTLED, RefundStatus.PENDING)
ASK_ELSEWHERE_FOR = timedelta(days=3)  # then only a person gets on with it


def carry_out(number: str, *, by: str, now: Callable[[], datetime]) -> Refund:
    """Send an approved refund, or go on with one whose answer is missing. Harmless when run twice.

    Raises GatewayError while the provider stays silent or asks to be called later: the caller tries again.
    """
    attempt = lifecycle.submit(number, by=by, at=now())
    if attempt is None:
        return _given(Refund.objects.select_related("payment", "order", "rma").get(number=number), by=by, at=now())
    refund = attempt.refund
    gateway = gateway_for(refund)
    if _gave_up_before(attempt) and (adopted := _found(gateway, refund)):
        return lifecycle.hear(number, adopted, by=gateway.name, at=now(), adopt=True)
    try:
        answer = _ask(gateway, refund, attempt, now())
    except GatewayError as error:
        if error.retryable or error.unknown:
            lifecycle.note_silence(attempt, error)
            raise
        return _refused(gateway, refund, attempt, error, now())
    if answer is None:
        lifecycle.note_silence(attempt, GatewayError("no trace", code="no_trace", unknown=True))
        return refund
    return lifecycle.hear(number, answer, by=gateway.name, at=now())


def _given(refund: Refund, *, by: str, at: datetime) -> Refund:
    """Give what needs no provider, once it is approved; all else is as it is."""
    house = in_house_for(refund)
    if house is None or refund.status != RefundStatus.APPROVED:
        return refund
    try:
        with transaction.atomic():
            return lifecycle.give(refund.number, house, by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb="give", subject=refund.stream, by=by, at=at)
        return lifecycle.withhold(refund.number, reason=refused.code, by=house.name, at=at)


def look_up(refund: Refund, *, now: Callable[[], datetime]) -> Refund:
    """Ask the provider where a pending refund stands, on the same path as its webhooks (p9, p49)."""
    gateway = gateway_for(refund)
    looked_up(refund, at=now())
    if refund.status == RefundStatus.SUBMITTED:
        return carry_out(refund.number, by="poll", now=now)
    if not refund.provider_id or gateway.name == "manual":
        return refund
    return lifecycle.hear(refund.number, gateway.retrieve(refund.provider_id), by=gateway.name, at=now())


def _ask(gateway: Gateway, refund: Refund, attempt: RefundAttempt, at: datetime) -> RefundAnswer | None:
    """Call with the attempt's own key while that is safe; else look. None: the provider knows of nothing."""
    if at - attempt.sent_at >= gateway.remembers:
        return _found(gateway, refund, attempt)
    silent_before = attempt.result == AttemptResult.UNKNOWN
    try:
        return gateway.refund(
            refund.payment.provider_id,
            to_minor(refund.amount, refund.currency),
            refund.currency,
            str(attempt.key),
            _metadata(refund, attempt),
        )
    except GatewayError as error:
        if silent_before and error.unknown and (answer := _found(gateway, refund, attempt)):
            return answer
        raise


def _refused(gateway: Gateway, refund: Refund, attempt: RefundAttempt, error: GatewayError, at: datetime) -> Refund:
    """The provider says no. If an earlier call of this attempt met silence, the money may be out all the same."""
    if attempt.result == AttemptResult.UNKNOWN and (answer := _found(gateway, refund, attempt)):
        return lifecycle.hear(refund.number, answer, by=gateway.name, at=at)
    reason = error.code or "refused"
    return lifecycle.fail(refund.number, reason=reason, key=attempt.key, by=gateway.name, at=at)


def _found(gateway: Gateway, refund: Refund, attempt: RefundAttempt | None = None) -> RefundAnswer | None:
    """The provider's refund with our number: this attempt's, or any that pays."""
    answer = gateway.find_refund(refund.payment.provider_id, refund.number)
    if answer is None:
        return None
    if attempt is not None:
        return answer if answer.metadata.get("attempt") == str(attempt.key) else None
    known = RefundAttempt.objects.filter(refund=refund, provider_id=answer.provider_id).exists()
    return None if known or answer.status not in PAID else answer


def _gave_up_before(attempt: RefundAttempt) -> bool:
    """Whether an earlier attempt ended without the provider's own number: it may have paid in silence."""
    return any(one.provider_id == "" and one.pk != attempt.pk for one in attempt.refund.attempts.all())


def _metadata(refund: Refund, attempt: RefundAttempt) -> dict[str, str]:
    """What the provider keeps beside the refund, so that each of us finds the other's."""
    about = {"refund": refund.number, "attempt": str(attempt.key), "order": refund.order.number}
    return about | ({"rma": refund.rma.number} if refund.rma else {})


@prepared
def _of_provider(provider_id: str) -> QuerySet[Refund]:
    return Refund.objects.filter(provider_id=provider_id)


def find_made_elsewhere(*, now: Callable[[], datetime], limit: int) -> int:
    """Ask about refunds that the nightly comparison saw at a provider and no message told of; take them as messages
    would (p49). Returns how many were asked about."""
    taken = ExternalRefund.objects.filter(provider_id=OuterRef("about"))
    seen = Discrepancy.objects.to_do().filter(cause=Cause.DASHBOARD, provider__in=PROVIDERS_BY_NAME)
    fresh = seen.filter(first_seen_at__gt=now() - ASK_ELSEWHERE_FOR).annotate(about=KT("there__ids__0"))
    asked = 0
    for one in fresh.filter(~Exists(taken)).order_by("pk")[:limit]:
        gateway = PROVIDERS_BY_NAME[one.provider]()
        try:
            hear_webhook(gateway.retrieve(one.about), by=gateway.name, at=now())  # type: ignore[attr-defined]
        except (GatewayError, NotOurs, Refused) as problem:  # a person sees it on the worklist
            logger.warning("%s has a refund nobody can take over: %s", one.provider, getattr(problem, "code", ""))
        asked += 1
    return asked


def hear_webhook(answer: RefundAnswer, *, by: str, at: datetime) -> Refund | None:
    """Take a refund out of a webhook. One made without us is kept for a person (None). Raises NotOurs when it is of no
    payment of ours, or fits none of our attempts."""
    number = answer.metadata.get("refund")
    found = next(iter(_of_provider(answer.provider_id)), None)
    found = found or (Refund.objects.filter(number=number).first() if number else None)
    if found is None:
        lifecycle.find_external(answer, by=by, at=at)
        return None
    return lifecycle.hear(found.number, answer, by=by, at=at)
