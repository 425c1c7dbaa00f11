"""A count that was a mistake is taken back: within a minute by whoever counts, later by a manager with a reason.

Nothing is erased: receipts stay, each with its reversal; stock moves the other way round, citing the first movement.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from inventory import identities, ledger
from oms import outbox
from oms.verbs import verb
from returns.found_states import FOUND_MACHINE, FoundStatus
from returns.lifecycle.dispatching import active
from returns.lifecycle.locking import lines_of, lock, move
from returns.models import RMA, FoundGoods, Parcel, Receipt, ReturnLine, Reversal, Verdict
from returns.refusals import FollowedAlready, NothingToTakeBack, TooLateToTakeBack
from returns.states import (
    PARCEL_MACHINE,
    RMA_MACHINE,
    DispatchStatus,
    ParcelStatus,
    ReceiptResult,
    RefundAt,
    ReleaseAt,
    RMAStatus,
    Settlement,
)

TAKE_BACK_WITHIN = timedelta(seconds=60)


@verb
def take_back(
    number: str, receipt_id: int, *, form_token: UUID, by: str, at: datetime, reason: str = ""
) -> list[Receipt]:
    """Take back what was counted with this receipt, all of the same form: its units are awaited again.

    Once taken back it stays so, whoever asks again. Raises NothingToTakeBack, FollowedAlready (inspected, paid, sent
    out), and after a minute TooLateToTakeBack unless there is a `reason`: a correction, for those who may.
    """
    rma = lock(number)
    lines = {line.pk: line for line in lines_of(rma)}
    step = step_of(rma, receipt_id)
    standing = [one for one in step if not one.is_reversed]
    if not standing:
        return step
    until = standing[0].received_at + TAKE_BACK_WITHIN
    if at > until and not reason.strip():
        raise TooLateToTakeBack
    _refuse_followed(rma, standing)
    reverse(rma, standing, lines, form_token=form_token, reason=reason, by=by, at=at)
    outbox.record(
        rma,
        "rma.receipts_taken_back",
        by=by,
        at=at,
        changed=("status", "received_at"),
        receipts=[one.pk for one in standing],
        status=rma.status,
        reason=reason.strip()[:200],
    )
    return step


def step_of(rma: RMA, receipt_id: int) -> list[Receipt]:
    """Everything that was counted together with this receipt. Raises NothingToTakeBack."""
    receipts = Receipt.objects.filter(line__rma=rma).order_by("pk")
    asked = receipts.filter(pk=receipt_id).first()
    if asked is None:
        raise NothingToTakeBack
    return [asked] if asked.form_token is None else list(receipts.filter(form_token=asked.form_token))


def _refuse_followed(rma: RMA, receipts: Sequence[Receipt]) -> None:
    if any(one.inspected for one in receipts) or Verdict.objects.waiting().filter(receipt__in=receipts).exists():
        raise FollowedAlready(what=_("inspected"))
    if not RMA_MACHINE.allows("take_back", rma.status):
        raise FollowedAlready(what=rma.get_status_display())
    if rma.refund_at == RefundAt.RECEIPT and rma.settlement != Settlement.NONE:
        raise FollowedAlready(what=_("its money is due"))
    out = active(rma)
    if out is not None and out.release_at == ReleaseAt.RECEIPT and out.status != DispatchStatus.WAITING:
        raise FollowedAlready(what=_("what goes out for it was released"))
    if FoundGoods.objects.filter(receipt__in=receipts).exclude(status=FoundStatus.WAITING).exists():
        raise FollowedAlready(what=_("somebody decided about it"))


def reverse(
    rma: RMA,
    receipts: Sequence[Receipt],
    lines: dict[int, ReturnLine],
    *,
    form_token: UUID,
    reason: str,
    by: str,
    at: datetime,
) -> None:
    """Change the rows; the caller has locked, judged, and records it."""
    Reversal.objects.bulk_create(
        Reversal(
            receipt=one,
            until=one.received_at + TAKE_BACK_WITHIN,
            reason=reason.strip()[:200],
            form_token=form_token,
            by=by,
            reversed_at=at,
        )
        for one in receipts
    )
    for one in receipts:
        one.is_reversed = True
        line = lines[one.line_id]
        if one.result in ReceiptResult.arrived():
            line.arrived -= one.quantity
        else:
            line.missing -= one.quantity
    goods = [one for one in receipts if one.result == ReceiptResult.RECEIVED]
    gone = [one for one in receipts if one.result != ReceiptResult.RECEIVED]
    cause = f"receipt/{receipts[0].pk}/taken_back"
    ledger.take_back(rma.warehouse, _goods(lines, goods), _goods(lines, gone), cause=cause, by=by, at=at)
    sold = [line.order_line for line in lines.values()]
    identities.take_back(sold, [f"receipt/{one.pk}" for one in receipts], by=by, at=at)
    _withdraw_found(receipts, at)
    _go_back(rma, lines.values())
    _parcels_go_back({one.parcel_id for one in receipts if one.parcel_id})


def _goods(lines: dict[int, ReturnLine], receipts: Sequence[Receipt]) -> list[ledger.Goods]:
    found = [(lines[one.line_id].order_line, one.quantity) for one in receipts]
    return [ledger.Goods(sold.product, quantity, sold.unit_cost) for sold, quantity in found if sold.product_id]


def _withdraw_found(receipts: Sequence[Receipt], at: datetime) -> None:
    FOUND_MACHINE.check("withdraw", FoundStatus.WAITING, FoundStatus.WITHDRAWN)
    of_these = FoundGoods.objects.filter(receipt__in=receipts, status=FoundStatus.WAITING)
    of_these.update(status=FoundStatus.WITHDRAWN, decided_at=at)


def _go_back(rma: RMA, lines: Iterable[ReturnLine]) -> None:
    if any(line.arrived or line.missing for line in lines):
        move(rma, "take_back", RMAStatus.RECEIVING)
        return
    move(rma, "take_back", RMAStatus.IN_TRANSIT if rma.shipped_at else RMAStatus.APPROVED)
    rma.received_at = None


def _parcels_go_back(parcels: Iterable[int]) -> None:
    """A parcel of which nothing is counted any more is where the carrier last said it was."""
    for parcel in Parcel.objects.filter(pk__in=parcels, status=ParcelStatus.ARRIVED).defer("label"):
        if parcel.receipts.filter(is_reversed=False).exists():
            continue
        before = _before_arrival(parcel)
        PARCEL_MACHINE.check("take_back", parcel.status, before)
        Parcel.objects.filter(pk=parcel.pk).update(status=before, arrived_at=None)


def _before_arrival(parcel: Parcel) -> ParcelStatus:
    if parcel.delivered_at:
        return ParcelStatus.DELIVERED
    if parcel.shipped_at:
        return ParcelStatus.IN_TRANSIT
    return ParcelStatus.LABELED if parcel.labeled_at else ParcelStatus.WANTED
