"""Labels never used go back to the carrier: first the carrier is asked, then it is written down. Never twice."""

from datetime import datetime

from oms import outbox
from oms.money import amount_text
from oms.verbs import verb
from returns.label_costs import book_paid_back
from returns.leak_states import LABEL_REFUND_MACHINE, LabelRefundStatus
from returns.lifecycle.parcels import _lock
from returns.models import LabelRefund, Parcel
from returns.states import PARCEL_MACHINE, ParcelStatus


@verb
def give_label_back(parcel_id: int, *, status: str, by: str, at: datetime) -> LabelRefund:
    """The carrier took the wish to give a label back, and said `status`. The label can no longer be used.

    Again is harmless; a refusal may be followed by another try. Raises Parcel.DoesNotExist.
    """
    parcel = _lock(parcel_id)
    if parcel is None:
        raise Parcel.DoesNotExist
    known = LabelRefund.objects.filter(parcel=parcel).first()
    if known is not None and known.status != LabelRefundStatus.REJECTED:
        return known
    LABEL_REFUND_MACHINE.check("give_back", known.status if known else "", status)
    if parcel.status == ParcelStatus.LABELED:
        PARCEL_MACHINE.check("void", parcel.status, ParcelStatus.VOIDED)
        parcel.status = ParcelStatus.VOIDED
        parcel.save(update_fields=["status"])
    refund = known or LabelRefund(parcel=parcel, times=0)
    refund.carrier, refund.amount, refund.currency = parcel.carrier, parcel.price, parcel.currency
    refund.status, refund.times, refund.asked_at = LabelRefundStatus(status), refund.times + 1, at
    refund.answered_at = None if status == LabelRefundStatus.SUBMITTED else at
    refund.save()
    if refund.status == LabelRefundStatus.REFUNDED:
        book_paid_back(refund, at=at)
    _record("label.given_back", refund, by=by, at=at)
    return refund


@verb
def answer_label(parcel_id: int, *, status: str, by: str, at: datetime) -> LabelRefund:
    """The carrier has decided about a label that was given back. Again is harmless. Raises Parcel.DoesNotExist."""
    parcel = _lock(parcel_id)
    if parcel is None:
        raise Parcel.DoesNotExist
    refund = LabelRefund.objects.get(parcel=parcel)
    if refund.status == status:
        return refund
    LABEL_REFUND_MACHINE.check("answer", refund.status, status)
    refund.status, refund.answered_at = LabelRefundStatus(status), at
    refund.save(update_fields=["status", "answered_at"])
    refund.parcel = parcel
    if refund.status == LabelRefundStatus.REFUNDED:
        book_paid_back(refund, at=at)
    _record("label.answered", refund, by=by, at=at)
    return refund


def note_label_asked(refund: LabelRefund, *, at: datetime) -> None:
    """The carrier was asked for its answer: others come first the next time."""
    LabelRefund.objects.filter(pk=refund.pk).update(looked_up_at=at)


def _record(name: str, refund: LabelRefund, *, by: str, at: datetime) -> None:
    outbox.record(
        refund.parcel.rma,
        name,
        by=by,
        at=at,
        parcel=refund.parcel_id,
        status=refund.status,
        amount=amount_text(refund.amount, refund.currency),
        currency=refund.currency,
    )
