"""Goods that may not travel by ordinary post: a person arranges with the customer when they are collected."""

from datetime import date, datetime, timedelta

from oms import outbox
from oms.verbs import verb
from returns import calendars
from returns.lifecycle.locking import lock
from returns.models import RMA, Parcel
from returns.refusals import DayOutOfReach, NotCollected
from returns.states import LabelHold, ParcelStatus, RMAStatus

FARTHEST = timedelta(days=60)


@verb
def arrange_pickup(number: str, *, on: date, carrier: str, note: str, by: str, at: datetime) -> Parcel:
    """Name the day on which `carrier` collects the goods, on the warehouse's calendar; `note` is told to the customer.

    Said again, it changes nothing; another day, carrier or note takes the place of the one before. Raises NotCollected
    unless the return is approved, collected, and not here yet; DayOutOfReach for a day that is over or too far away.
    """
    rma = lock(number)
    parcel = _waiting(rma)
    if rma.status != RMAStatus.APPROVED or parcel is None:
        raise NotCollected
    if (parcel.pickup_on, parcel.carrier, rma.decision_note) == (on, carrier, note):
        return parcel
    today = calendars.of(rma.warehouse).local(at)
    if not today <= on <= today + FARTHEST:
        raise DayOutOfReach
    parcel.pickup_on, parcel.carrier = on, carrier
    parcel.save(update_fields=["pickup_on", "carrier"])
    rma.decision_note = note
    outbox.record(
        rma, "parcel.pickup_arranged", by=by, at=at, changed=("decision_note",),
        parcel=parcel.pk, on=on.isoformat(), carrier=carrier,
    )  # fmt: skip
    return parcel


def _waiting(rma: RMA) -> Parcel | None:
    waiting = rma.parcels.filter(status=ParcelStatus.WANTED, held_for=LabelHold.PICKUP)
    return waiting.defer("label").order_by("pk").last()
