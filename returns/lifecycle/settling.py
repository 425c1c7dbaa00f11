"""Money has moved, or has not: `refunds` tells the return, by its number or locked already, through these verbs."""

from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from oms import outbox
from oms.money import amount_text
from oms.prepared import prepared
from oms.verbs import verb
from returns.lifecycle.locking import lock, move
from returns.models import RMA, Hold, Survey
from returns.refusals import SurveyAnswered
from returns.states import SETTLEMENT_MACHINE, HoldStatus, RMASource, RMAStatus, Settlement


@verb
def start_settlement(which: str | RMA, *, refund: str, by: str, at: datetime) -> RMA:
    """A refund was requested for what is due."""
    rma = lock(which)
    SETTLEMENT_MACHINE.check("start", rma.settlement, Settlement.IN_PROGRESS)
    rma.settlement = Settlement.IN_PROGRESS
    outbox.record(rma, "rma.settlement_started", by=by, at=at, changed=("settlement",), refund=refund)
    return rma


@verb
def settle(which: str | RMA, *, total: Decimal, by: str, at: datetime) -> RMA:
    """All that was due is paid; `total` is what was paid in all. Closes the return when nothing else is open."""
    rma = lock(which)
    if rma.settlement == Settlement.SETTLED:
        return rma
    SETTLEMENT_MACHINE.check("settle", rma.settlement, Settlement.SETTLED)
    rma.settlement, rma.settled_at = Settlement.SETTLED, at
    outbox.record(
        rma,
        "rma.settled",
        by=by,
        at=at,
        changed=("settlement", "settled_at"),
        total=amount_text(total, rma.currency),
        currency=rma.currency,
    )
    return _close(rma, by=by, at=at)


@verb
def fail_settlement(which: str | RMA, *, refund: str, reason: str, by: str, at: datetime) -> RMA:
    """The provider could not pay, perhaps long after it said it had: the case is open again (p7, p8)."""
    rma = lock(which)
    if rma.settlement == Settlement.FAILED:
        return rma
    SETTLEMENT_MACHINE.check("fail", rma.settlement, Settlement.FAILED)
    rma.settlement, rma.settled_at = Settlement.FAILED, None
    if rma.status == RMAStatus.CLOSED:
        move(rma, "reopen", RMAStatus.INSPECTED)
        rma.closed_at = None
    outbox.record(
        rma,
        "rma.settlement_failed",
        by=by,
        at=at,
        changed=("settlement", "settled_at", "status", "closed_at"),
        refund=refund,
        reason=reason,
    )
    return rma


@verb
def close_if_finished(which: str | RMA, *, by: str, at: datetime) -> RMA:
    """Close the return if everything was inspected, paid and answered; otherwise change nothing."""
    return _close(lock(which), by=by, at=at)


def _close(rma: RMA, *, by: str, at: datetime) -> RMA:
    paid = rma.settlement in (Settlement.SETTLED, Settlement.NOTHING)
    last = RMAStatus.APPROVED if not rma.comes_back else RMAStatus.INSPECTED
    if rma.status not in (RMAStatus.INSPECTED, last) or not paid or _open_holds(rma):
        return rma
    move(rma, "close", RMAStatus.CLOSED)
    rma.closed_at = at
    for_parcel = rma.source == RMASource.CARRIER
    outbox.record(rma, "rma.closed", by=by, at=at, changed=("status", "closed_at"), for_parcel=for_parcel)
    return rma


def _open_holds(rma: RMA) -> bool:
    return bool(_waiting_holds(rma.pk))


@prepared
def _waiting_holds(rma: int) -> QuerySet[Hold]:
    waiting = (HoldStatus.WAITING, HoldStatus.DISPUTED, HoldStatus.UPHELD)
    return Hold.objects.filter(outcome__receipt__line__rma=rma, status__in=waiting)[:1]


@verb
def survey(number: str, *, ease: int, clarity: int, speed: int, comment: str, by: str, at: datetime) -> Survey:
    """The customer says how it went, once. Raises SurveyAnswered."""
    rma = lock(number)
    if Survey.objects.filter(rma=rma).exists():
        raise SurveyAnswered
    answer = Survey.objects.create(rma=rma, ease=ease, clarity=clarity, speed=speed, comment=comment, answered_at=at)
    outbox.record(rma, "rma.surveyed", by=by, at=at, ease=ease, clarity=clarity, speed=speed)
    return answer
