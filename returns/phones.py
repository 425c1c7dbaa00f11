"""A phone beside a station: paired by a QR code for some minutes, without a log-in, it may add photos to the piece at
hand and nothing else. The token is the whole right; of it only a hash is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from oms import outbox
from oms.refusals import Refused
from oms.verbs import verb
from returns import photos
from returns.lifecycle.locking import lock
from returns.models import PairedPhone, Receipt, ReturnPhoto
from returns.states import ReceiptResult, RMAStatus

PAIRED_FOR = timedelta(minutes=15)
MOST_PHOTOS = 10


class NothingToPhotograph(Refused):
    code = "nothing_to_photograph"
    sentence = _("This piece was looked at already. Photos belong to a piece at hand.")


class PhoneNotPaired(Refused):
    code = "phone_not_paired"
    sentence = _("This phone is not paired any more. Scan the code at the station again.")


class EnoughPhotos(Refused):
    code = "enough_photos"
    sentence = _("That is enough for one piece: at most %(most)s photos.")


@verb
def pair(receipt_id: int, *, by: str, at: datetime) -> tuple[PairedPhone, str]:
    """Let a phone add photos to this piece, in place of the station's earlier phone. Returns it with its token, which
    is known here and now only. Raises Receipt.DoesNotExist, NothingToPhotograph."""
    receipt = Receipt.objects.select_related("line__rma").get(pk=receipt_id)
    rma = lock(receipt.line.rma.number)
    receipt.refresh_from_db(fields=["inspected", "is_reversed"])
    if not _is_at_hand(receipt, rma.status):
        raise NothingToPhotograph
    PairedPhone.objects.filter(by=by, ended_at=None).update(ended_at=at)
    token = secrets.token_urlsafe(24)
    phone = PairedPhone.objects.create(
        token_hash=_hashed(token), receipt=receipt, by=by, paired_at=at, expires_at=at + PAIRED_FOR
    )
    outbox.record(rma, "rma.phone_paired", by=by, at=at, receipt=receipt.pk, phone=phone.pk)
    return phone, token


@verb
def end(ref: UUID, *, by: str, at: datetime) -> PairedPhone:
    """The phone adds nothing more. Again changes nothing. Raises PairedPhone.DoesNotExist."""
    phone = PairedPhone.objects.select_related("receipt__line__rma").get(ref=ref)
    rma = lock(phone.receipt.line.rma.number)
    if PairedPhone.objects.filter(pk=phone.pk, ended_at=None).update(ended_at=at):
        outbox.record(rma, "rma.phone_ended", by=by, at=at, phone=phone.pk)
    return phone


def paired(token: str, *, at: datetime) -> PairedPhone:
    """The phone that holds this token now. Raises PhoneNotPaired."""
    found = PairedPhone.objects.filter(token_hash=_hashed(token), ended_at=None, expires_at__gt=at)
    phone = found.select_related("receipt__line__rma__order__customer", "receipt__line__order_line").first()
    if phone is None or not _is_at_hand(phone.receipt, phone.receipt.line.rma.status):
        raise PhoneNotPaired
    return phone


@verb
def add(token: str, picture: "photos.Picture", *, at: datetime) -> ReturnPhoto:
    """Keep a photo with the piece at hand, as taken at the station. The same picture twice is one. Raises
    PhoneNotPaired, EnoughPhotos."""
    rma = lock(paired(token, at=at).receipt.line.rma.number)
    phone = paired(token, at=at)  # as it is now that nobody else changes it
    if ReturnPhoto.objects.filter(phone__receipt=phone.receipt).count() >= MOST_PHOTOS:
        raise EnoughPhotos(most=MOST_PHOTOS)
    before = ReturnPhoto.objects.filter(phone=phone).count()
    photo = photos.keep(
        picture, taken_by=phone.by, at=at, rma=rma, line=phone.receipt.line, outcome=None, draft=None, phone=phone
    )
    if ReturnPhoto.objects.filter(phone=phone).count() > before:
        outbox.record(
            rma, "rma.photo_added", by=phone.by, at=at, receipt=phone.receipt_id, photo=photo.pk, phone=phone.pk
        )
    return photo


def of_station(receipt_ids: list[int], by: str, *, at: datetime) -> PairedPhone | None:
    """The phone that is paired at this station now, for one of these pieces."""
    found = PairedPhone.objects.filter(receipt__in=receipt_ids, by=by, ended_at=None, expires_at__gt=at)
    return found.order_by("-pk").first()


def _is_at_hand(receipt: Receipt, status: str) -> bool:
    here = receipt.result in ReceiptResult.arrived() and status in RMAStatus.at_dock()
    return here and receipt.uninspected > 0


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
