"""A label in another form: asked for by the customer or the desk, fetched by a worker, kept beside the label."""

from datetime import datetime

from oms import outbox
from oms.encryption import Plain
from oms.verbs import verb
from returns.carriers.offers import offered
from returns.lifecycle.locking import lock
from returns.models import LabelFile, Parcel
from returns.refusals import LabelUsed, NotOffered
from returns.states import LabelKind, ParcelStatus


@verb
def ask_for_file(parcel_id: int, kind: str, *, by: str, at: datetime) -> LabelFile:
    """Somebody wants the label like this. What is there, or being fetched, stays; what was refused is tried again.

    Raises Parcel.DoesNotExist, LabelUsed once the parcel is on its way, NotOffered for what its carrier does not make.
    """
    parcel = _lock(parcel_id)
    if parcel.status != ParcelStatus.LABELED or not parcel.shipment_id:
        raise LabelUsed
    if kind not in offered(parcel.carrier, parcel.rma):
        raise NotOffered
    file, new = LabelFile.objects.get_or_create(parcel=parcel, kind=LabelKind(kind), defaults={"asked_at": at})
    if not new and file.refused_at is None:
        return file
    if not new:
        file.asked_at, file.refused_at = at, None
        file.save(update_fields=["asked_at", "refused_at"])
    outbox.record(parcel.rma, "label_file.asked", by=by, at=at, parcel=parcel.pk, file=file.pk, kind=file.kind)
    return file


@verb
def keep_file(file_id: int, content: bytes, content_type: str, *, by: str, at: datetime) -> LabelFile:
    """It is here. A second call changes nothing."""
    file = _waiting(file_id)
    if not file.waits:
        return file
    file.content, file.content_type, file.fetched_at = Plain(content), content_type, at
    file.save(update_fields=["content", "content_type", "fetched_at"])
    _record(file, "label_file.fetched", by=by, at=at)
    return file


@verb
def refuse_file(file_id: int, *, by: str, at: datetime) -> LabelFile:
    """The carrier makes no such thing for this parcel: another form has to do."""
    file = _waiting(file_id)
    if not file.waits:
        return file
    file.refused_at = at
    file.save(update_fields=["refused_at"])
    _record(file, "label_file.refused", by=by, at=at)
    return file


def _lock(parcel_id: int) -> Parcel:
    """The order's row first, then the return's, then the parcel as it is now."""
    parcel = Parcel.objects.defer("label").select_related("rma").get(pk=parcel_id)
    rma = lock(parcel.rma.number)
    parcel.refresh_from_db(fields=["status", "shipment_id", "carrier"])
    parcel.rma = rma
    return parcel


def _waiting(file_id: int) -> LabelFile:
    file = LabelFile.objects.get(pk=file_id)
    parcel = _lock(file.parcel_id)
    file.refresh_from_db(fields=["fetched_at", "refused_at"])
    file.parcel = parcel
    return file


def _record(file: LabelFile, name: str, *, by: str, at: datetime) -> None:
    rma = file.parcel.rma
    outbox.record(rma, name, by=by, at=at, parcel=file.parcel_id, file=file.pk, kind=file.kind)
