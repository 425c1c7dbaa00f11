"""Staff decide that the customer gets something else than the policy or the customer chose (rule 5: the override)."""

from datetime import datetime

from oms import outbox
from oms.verbs import verb
from returns import exchanges
from returns.lifecycle.dispatching import drop, plan
from returns.lifecycle.locking import free_dock, lines_of, lock, owe
from returns.models import RMA
from returns.refusals import AlreadySent, GiftPaysCredit, NotOffered, PaidAlready, ReasonNeeded
from returns.states import RefundAt, Resolution, RMAStatus, Settlement

# What a person may give instead by a word alone; an exchange needs to know for what.
BY_A_WORD = (
    Resolution.REFUND,
    Resolution.STORE_CREDIT,
    Resolution.REPLACEMENT,
    Resolution.REPAIR,
    Resolution.KEEP_ITEM,
)
BEFORE_GOODS = (RMAStatus.NEEDS_REVIEW, RMAStatus.NEEDS_INFO, RMAStatus.APPROVED)


@verb
def choose_resolution(number: str, *, resolution: str, reason: str, by: str, at: datetime) -> RMA:
    """Give the customer `resolution` instead. The promised amounts stay as they were confirmed.

    What the customer may keep now is no longer expected, its labels are void, and its money is due once approved.
    What was to go out instead is free again; a replacement is set aside. `reason` is a code or a few words without
    personal data. Raises ReasonNeeded, GiftPaysCredit, NotOffered (not by a word, or the goods are under way already),
    PaidAlready (money is due, or was), AlreadySent (what goes out is packed), NotAvailable.
    """
    if not reason.strip():
        raise ReasonNeeded
    rma = lock(number)
    before, target = rma.resolution, Resolution(resolution)
    if before == target:
        return rma
    if rma.recipient_id is not None:
        raise GiftPaysCredit
    if rma.settlement != Settlement.NONE:
        raise PaidAlready
    if target not in BY_A_WORD or rma.status in RMAStatus.terminal():
        raise NotOffered
    if not drop(rma, reason="changed", by=by, at=at):
        raise AlreadySent
    if target == Resolution.KEEP_ITEM:
        _let_keep(rma, by=by, at=at)
    rma.resolution = target
    if target == Resolution.REPLACEMENT:
        outgoing = exchanges.once_more(lines_of(rma))
        rma.quote["exchange"] = outgoing.to_json(rma.currency)
        plan(rma, outgoing, by=by, at=at)
    outbox.record(
        rma,
        "rma.resolution_changed",
        by=by,
        at=at,
        changed=("resolution", "refund_at", "expires_at", "settlement", "quote"),
        chosen=target.value,
        before=before,
        reason=reason.strip()[:120],
        due=rma.settlement == Settlement.DUE,
    )
    return rma


def _let_keep(rma: RMA, *, by: str, at: datetime) -> None:
    if rma.status not in BEFORE_GOODS:
        raise NotOffered
    rma.refund_at = RefundAt.APPROVAL
    if rma.status == RMAStatus.APPROVED:
        free_dock(rma, lines_of(rma), cause=f"rma/{rma.number}/keep", by=by, at=at)
        rma.expires_at = None
        owe(rma)
