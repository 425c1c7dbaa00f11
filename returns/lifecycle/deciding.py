"""A person decides, or nobody has to any more. Asked for again what is already so, a verb changes nothing."""

from datetime import datetime
from uuid import UUID

from oms import outbox
from oms.verbs import verb
from returns.lifecycle.dispatching import drop, reach
from returns.lifecycle.locking import authorize, lines_of, lock, move, owe_nothing, withdraw
from returns.models import RMA, ReturnPhoto
from returns.refusals import AlreadySent, PaidAlready, ReasonNeeded
from returns.states import ReleaseAt, RMAStatus, Settlement


@verb
def approve(number: str, *, by: str, at: datetime, note: str = "") -> RMA:
    """A person says yes: the dock expects the goods, a label is wanted, the customer is told."""
    rma = lock(number)
    if rma.status == RMAStatus.APPROVED:
        return rma
    move(rma, "approve", RMAStatus.APPROVED)
    rma.expires_at = None  # the days to post it count from the yes
    rma.decision_note = note
    parcel = authorize(rma, lines_of(rma), by=by, at=at)
    outbox.record(
        rma,
        "rma.approved",
        by=by,
        at=at,
        changed=("status", "settlement", "approved_at", "warehouse", "expires_at", "decision_note"),
        warehouse=rma.warehouse.code,
        expires_at=rma.expires_at.isoformat() if rma.expires_at else None,
        parcel=parcel.pk if parcel else None,
        due=rma.settlement == Settlement.DUE,
    )
    reach(rma, ReleaseAt.APPROVAL, by=by, at=at)
    return rma


@verb
def reject(number: str, *, reason: str, note: str, by: str, at: datetime) -> RMA:
    """A person says no, with a reason the customer reads (R48). The units are free again."""
    if not note.strip():
        raise ReasonNeeded
    rma = lock(number)
    if rma.status == RMAStatus.REJECTED:
        return rma
    move(rma, "reject", RMAStatus.REJECTED)
    drop(rma, reason="rejected", by=by, at=at)
    withdraw(rma, lines_of(rma), cause=f"rma/{number}/reject", by=by, at=at)
    owe_nothing(rma)
    rma.decision_note = note
    outbox.record(rma, "rma.rejected", by=by, at=at, changed=("status", "settlement", "decision_note"), reason=reason)
    return rma


@verb
def ask(number: str, *, note: str, by: str, at: datetime) -> RMA:
    """A person needs to know more before deciding."""
    if not note.strip():
        raise ReasonNeeded
    rma = lock(number)
    if rma.status == RMAStatus.NEEDS_INFO:
        return rma
    move(rma, "ask", RMAStatus.NEEDS_INFO)
    rma.decision_note = note
    outbox.record(rma, "rma.info_asked", by=by, at=at, changed=("status", "decision_note"))
    return rma


@verb
def answer(number: str, *, note: str, by: str, at: datetime, photos: list[UUID] | None = None) -> RMA:
    """The customer answers; `photos` are refs of pictures just stored for this return."""
    if not note.strip() and not photos:
        raise ReasonNeeded
    rma = lock(number)
    move(rma, "answer", RMAStatus.NEEDS_REVIEW)
    rma.note = f"{rma.note}\n\n{note}".strip()
    count = ReturnPhoto.objects.filter(rma=rma, ref__in=photos or []).count()
    outbox.record(rma, "rma.info_given", by=by, at=at, changed=("status", "note"), photos=count)
    return rma


@verb
def cancel(number: str, *, by: str, at: datetime, reason: str = "") -> RMA:
    """The customer, or an agent for them, calls it off; only before the carrier has the parcel.

    Raises PaidAlready for goods that are kept: their money left with the approval.
    """
    rma = lock(number)
    if rma.status == RMAStatus.CANCELED:
        return rma
    if not rma.comes_back and rma.status == RMAStatus.APPROVED:
        raise PaidAlready
    if not drop(rma, reason="canceled", by=by, at=at):
        raise AlreadySent
    lines = lines_of(rma)
    withdraw(rma, lines, cause=f"rma/{number}/cancel", by=by, at=at)
    move(rma, "cancel", RMAStatus.CANCELED)
    owe_nothing(rma)
    rma.closed_at = at
    outbox.record(
        rma,
        "rma.canceled",
        by=by,
        at=at,
        changed=("status", "settlement", "closed_at"),
        lines=[line.pk for line in lines],
        reason=reason,
    )
    return rma


@verb
def remind(number: str, *, by: str, at: datetime) -> RMA:
    """The customer is told once that the time to post it ends soon. Harmless once it is sent, or was said."""
    rma = lock(number)
    if rma.reminded_at is not None or rma.status != RMAStatus.APPROVED or rma.expires_at is None:
        return rma
    rma.reminded_at = at
    outbox.record(rma, "rma.reminded", by=by, at=at, changed=("reminded_at",), expires_at=rma.expires_at.isoformat())
    return rma


@verb
def expire(number: str, *, by: str, at: datetime) -> RMA:
    """Nothing was posted in time: the units may be returned anew if the window allows."""
    rma = lock(number)
    if rma.status == RMAStatus.EXPIRED:
        return rma
    lines = lines_of(rma)
    # What was replaced at once and never came back stays spoken for: it is not paid back as well (p52).
    stays_claimed = not drop(rma, reason="expired", by=by, at=at)
    withdraw(rma, lines, keep_claims=stays_claimed, cause=f"rma/{number}/expire", by=by, at=at)
    move(rma, "expire", RMAStatus.EXPIRED)
    owe_nothing(rma)
    rma.closed_at = at
    outbox.record(
        rma,
        "rma.expired",
        by=by,
        at=at,
        changed=("status", "settlement", "closed_at"),
        lines=[line.pk for line in lines],
    )
    return rma
