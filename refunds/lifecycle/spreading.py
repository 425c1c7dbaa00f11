"""A person says which payments a refund goes back to, before it is let out (R82, p43)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from oms import outbox
from oms.models import Payment
from oms.money import amount_text
from oms.verbs import verb
from refunds.lifecycle.approving import void_approvals
from refunds.lifecycle.locking import lock, release, tell_started
from refunds.lifecycle.reasons import is_by_hand
from refunds.lifecycle.requesting import a_refund, ask_for, terms_of
from refunds.models import Refund
from refunds.refusals import ApprovalStale, SentBefore, TermsUnusable
from refunds.states import REFUND_MACHINE, ApprovalReason, RefundDestination, RefundStatus
from refunds.tenders import PaymentTerms, Tender, share_out_as_told


@verb
def spread(number: str, wanted: Sequence[Tender], *, by: str, at: datetime) -> list[Refund]:
    """Share out anew what waits for a second person, with all that waits beside it on its memo; or what has failed.

    Others take their place, one per payment named, which wait for a second person and which whoever spread or asked for
    them does not let out. Spread so already, nothing changes. Returns those that stand. Raises UnknownReference,
    NotPositive, MoreThanIsLeft, TermsUnusable (not the same amount in all), SentBefore, ApprovalStale.
    """
    refund = lock(number)
    parts = parts_of(refund)
    failed = refund.status == RefundStatus.FAILED
    if not failed and told(parts) == {one.payment: one.amount for one in wanted}:
        return parts
    if refund.replaced_at is not None:
        raise ApprovalStale
    REFUND_MACHINE.check("spread", refund.status, RefundStatus.CANCELED)
    if not failed and any(part.attempts.exists() for part in parts):
        raise SentBefore
    payments, terms = room_for(refund, parts)
    tenders = share_out_as_told(wanted, terms, refund.currency)
    whole = sum((part.amount for part in parts), Decimal(0))
    if sum((one.amount for one in tenders), Decimal(0)) != whole:
        why = f"the payments come to another amount than {amount_text(whole, refund.currency)}"
        raise TermsUnusable(what=refund.memo.known_as, why=why)
    lines = list(refund.memo.lines.order_by("pk"))
    made = [
        a_refund(refund.memo, payments[one.payment], one.amount, RefundDestination(refund.destination), at=at)
        for one in tenders
    ]
    reasons = {reason for part in parts for reason in part.approval_reasons} | {str(ApprovalReason.TENDERS)}
    if any(is_by_hand(one) for one in made):
        reasons.add(str(ApprovalReason.BY_HAND))
    for part in parts:
        if not failed:
            release(part)
        void_approvals(part, at=at)
        part.status, part.replaced_at = RefundStatus.CANCELED, at
        new = [one.number for one in made]
        outbox.record(part, "refund.spread", by=by, at=at, changed=("status", "replaced_at"), refunds=new)
    ask_for(made, sorted(reasons), lines, by=by, at=at)
    if failed:
        tell_started(made[0], by=by, at=at)
    return made


def parts_of(refund: Refund) -> list[Refund]:
    """What is spread with this refund: itself, and what waits for a second person on its memo and goes the same way.
    What has failed is spread by itself."""
    if refund.status == RefundStatus.FAILED:
        return [refund]
    waiting = refund.memo.refunds.awaiting_approval().filter(destination=refund.destination)
    return list(waiting.select_related("order", "memo", "payment", "rma").order_by("pk"))


def room_for(refund: Refund, parts: Sequence[Refund]) -> tuple[dict[str, Payment], list[PaymentTerms]]:
    """The order's payments by key, and each with the room it has once these parts are taken off it; what has failed
    is on none any more."""
    payments = {str(one.pk): one for one in refund.order.payments.order_by("captured_at", "pk")}
    held = told([part for part in parts if part.status != RefundStatus.FAILED])
    return payments, [terms_of(one, held.get(key, Decimal(0))) for key, one in payments.items()]


def told(parts: Sequence[Refund]) -> dict[str, Decimal]:
    """What each payment gets of these, by its key."""
    amounts: dict[str, Decimal] = {}
    for part in parts:
        amounts[str(part.payment_id)] = amounts.get(str(part.payment_id), Decimal(0)) + part.amount
    return amounts
