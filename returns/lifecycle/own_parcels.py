"""The customer sends the parcel themselves: our label is no longer needed, theirs is followed (R23)."""

from datetime import datetime

from oms import outbox
from oms.models import Shipment
from oms.verbs import verb
from returns.lifecycle.locking import lock
from returns.lifecycle.parcels import _lock
from returns.models import RMA, Dispatch, Parcel
from returns.refusals import LabelIsPaid, NotToBeSent, NumberTaken
from returns.states import PARCEL_MACHINE, ParcelStatus, RefundAt, RMAStatus

P = ParcelStatus
# Money that would move by a carrier's word waits for the dock: we did not sell this label.
BY_A_WORD = (RefundAt.SCAN, RefundAt.DELIVERY)


@verb
def send_own_parcel(number: str, *, carrier: str, tracking_number: str, by: str, at: datetime) -> Parcel:
    """Note the number under which the customer sends it. Labels of ours that were not used are void.

    The same number again changes nothing; another one takes its place. Raises NotToBeSent once it is on its way or when
    nothing is to be sent, LabelIsPaid when the label's price is part of what was confirmed, NumberTaken for a number of
    another parcel.
    """
    rma = lock(number)
    mine = list(rma.parcels.exclude(status=ParcelStatus.VOIDED).defer("label").order_by("pk"))
    if same := [one for one in mine if one.tracking_number == tracking_number and one.is_own]:
        return same[0]
    sent = [one for one in mine if one.shipped_at is not None or one.status not in (P.WANTED, P.LABELED)]
    if rma.status != RMAStatus.APPROVED or not rma.is_posted or sent:
        raise NotToBeSent
    if rma.decision.get("label") == "charged":
        raise LabelIsPaid
    _refuse_taken(rma, tracking_number)
    for one in mine:
        PARCEL_MACHINE.check("void", one.status, ParcelStatus.VOIDED)
        one.status = ParcelStatus.VOIDED
        one.save(update_fields=["status"])
    PARCEL_MACHINE.check("announce", "", ParcelStatus.LABELED)
    parcel = Parcel.objects.create(
        rma=rma, status=ParcelStatus.LABELED, carrier=carrier, tracking_number=tracking_number, wanted_at=at
    )
    if rma.refund_at in BY_A_WORD:
        rma.refund_at = RefundAt.RECEIPT
    outbox.record(
        rma, "parcel.announced", by=by, at=at, changed=("refund_at",),
        parcel=parcel.pk, carrier=carrier, refund_at=rma.refund_at,
    )  # fmt: skip
    return parcel


def _refuse_taken(rma: RMA, tracking_number: str) -> None:
    """A number names one parcel: not one of another return, not one we sent ourselves."""
    others = Parcel.objects.filter(tracking_number=tracking_number).exclude(rma=rma, status=ParcelStatus.VOIDED)
    ours = Shipment.objects.filter(tracking_number=tracking_number)
    going_out = Dispatch.objects.filter(tracking_number=tracking_number)
    if others.exists() or ours.exists() or going_out.exists():
        raise NumberTaken


@verb
def refuse_own_parcel(parcel_id: int, *, by: str, at: datetime) -> Parcel:
    """The number the customer gave belongs to an older parcel: it counts as not given. Again is harmless."""
    parcel = _lock(parcel_id)
    if parcel is None:
        raise Parcel.DoesNotExist
    if parcel.status == ParcelStatus.VOIDED:
        return parcel
    PARCEL_MACHINE.check("void", parcel.status, ParcelStatus.VOIDED)
    parcel.status = ParcelStatus.VOIDED
    parcel.save(update_fields=["status"])
    outbox.record(parcel.rma, "parcel.number_refused", by=by, at=at, parcel=parcel.pk)
    return parcel
