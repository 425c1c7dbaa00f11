"""The parcel on its way: a label, what the carrier says, in whatever order it says it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from oms import outbox
from oms.encryption import Plain
from oms.prepared import prepared
from oms.verbs import verb
from returns.lifecycle.case_opening import open_for_parcel, turn_up
from returns.lifecycle.locking import move, owe
from returns.models import RMA, Parcel
from returns.states import PARCEL_MACHINE, LabelHold, ParcelStatus, RefundAt, RMASource, RMAStatus

# The carrier's words (EasyPost tracker statuses) in ours; the rest says nothing about where the parcel is.
ON_THE_WAY = {
    "in_transit": ParcelStatus.IN_TRANSIT,
    "out_for_delivery": ParcelStatus.OUT_FOR_DELIVERY,
    "available_for_pickup": ParcelStatus.OUT_FOR_DELIVERY,
    "delivered": ParcelStatus.DELIVERED,
}
_SAID = """
    INSERT INTO returns_trackingevent (parcel_id, status, message, occurred_at) VALUES (%s, %s, '', %s)
    ON CONFLICT DO NOTHING
"""
_NOTE = """
    UPDATE returns_parcel SET shipment_id = %s, rate_id = %s, choice = %s, offers = %s::jsonb
     WHERE id = %s AND shipment_id = '' RETURNING id, shipment_id, rate_id, choice
"""
UNDER_WAY = (ParcelStatus.IN_TRANSIT, ParcelStatus.OUT_FOR_DELIVERY, ParcelStatus.PROBLEM)
BROUGHT_BACK = "return_to_sender"
IN_TROUBLE = (BROUGHT_BACK, "failure", "error", "cancelled")


@dataclass(frozen=True, slots=True)
class Bought:
    """A label as the carrier sold it; `price` in `currency`, `content` as fetched."""

    carrier: str
    service: str
    choice: str
    tracking_number: str
    tracking_url: str
    price: Decimal
    currency: str
    content: bytes
    content_type: str
    abroad: bool = False  # it crosses a customs border, so an invoice goes with it


def note_shipment(
    parcel_id: int, *, shipment_id: str, rate_id: str, choice: str, offers: Sequence[dict[str, Any]] = ()
) -> Parcel:
    """Keep the carrier's shipment before its label is bought; whoever comes second uses the first one's (p18)."""
    noted = Parcel.objects.raw(_NOTE, [shipment_id, rate_id, choice, json.dumps(list(offers)), parcel_id])
    return next(iter(noted), None) or Parcel.objects.get(pk=parcel_id)


@verb
def label(parcel_id: int, bought: Bought, *, by: str, at: datetime) -> Parcel:
    """The label is here. A second call changes nothing. Raises Parcel.DoesNotExist."""
    parcel = _lock(parcel_id)
    if parcel is None:
        raise Parcel.DoesNotExist
    if parcel.status != ParcelStatus.WANTED:
        return parcel
    PARCEL_MACHINE.check("label", parcel.status, ParcelStatus.LABELED)
    parcel.status = ParcelStatus.LABELED
    parcel.carrier, parcel.service = bought.carrier, bought.service
    parcel.tracking_number, parcel.tracking_url = bought.tracking_number, bought.tracking_url
    parcel.price, parcel.currency = bought.price, bought.currency
    parcel.label, parcel.label_type = Plain(bought.content), bought.content_type
    parcel.labeled_at = at
    parcel.save()
    outbox.record(
        parcel.rma,
        "parcel.labeled",
        by=by,
        at=at,
        parcel=parcel.pk,
        carrier=bought.carrier,
        service=bought.service,
        price=str(bought.price),
        currency=bought.currency,
        tracking_number=bought.tracking_number,
        abroad=bought.abroad,
    )
    return parcel


@verb
def hold_label(parcel_id: int, reason: LabelHold, *, by: str, at: datetime) -> Parcel:
    """No label can be bought before a person has done something. Said again, it changes nothing."""
    parcel = _lock(parcel_id)
    if parcel is None:
        raise Parcel.DoesNotExist
    if parcel.status != ParcelStatus.WANTED or parcel.held_for == reason:
        return parcel
    parcel.held_for = reason
    parcel.save(update_fields=["held_for"])
    outbox.record(parcel.rma, "parcel.label_held", by=by, at=at, parcel=parcel.pk, reason=str(reason))
    return parcel


@verb
def want_label_again(parcel_id: int, *, by: str, at: datetime) -> Parcel:
    """What was in the way is done: the label is tried for once more. One that waits for nobody stays as it is."""
    parcel = _lock(parcel_id)
    if parcel is None:
        raise Parcel.DoesNotExist
    if parcel.status != ParcelStatus.WANTED or parcel.held_for in ("", LabelHold.PICKUP):
        return parcel
    parcel.held_for = ""
    parcel.save(update_fields=["held_for"])
    outbox.record(parcel.rma, "parcel.label_wanted", by=by, at=at, parcel=parcel.pk)
    return parcel


@verb
def move_parcel(
    which: int | str, *, status: str, occurred_at: datetime, by: str, at: datetime, expected_on: date | None = None
) -> Parcel | None:
    """Take one word of the carrier. Repeated, late or unknown words change nothing but the list of what was said.

    `which` is the parcel's id, or its tracking number: None when none of ours has it. The first scan moves the return
    on its way; delivery is a fact of its own.
    """
    parcel = _lock(which)
    if parcel is None:
        return None
    new = _hear(parcel, status, occurred_at)
    target = ON_THE_WAY.get(status)
    stale = parcel.tracked_at is not None and occurred_at < parcel.tracked_at
    if not new or target is None or stale or not PARCEL_MACHINE.allows("move", parcel.status):
        return parcel
    if target == parcel.status or not _leads_to(parcel, target):
        return parcel
    if parcel.status == ParcelStatus.PROBLEM:
        turn_up(parcel=parcel, by=by, at=at)
    first = parcel.shipped_at is None and _still_news(parcel)
    parcel.status, parcel.tracked_at = target, occurred_at
    parcel.shipped_at = parcel.shipped_at or occurred_at
    parcel.expected_on = expected_on or parcel.expected_on
    if target == ParcelStatus.DELIVERED:
        parcel.delivered_at = occurred_at
    parcel.save(update_fields=["status", "tracked_at", "shipped_at", "delivered_at", "expected_on"])
    _tell(parcel.rma, parcel, first_scan=first, by=by, at=at)
    return parcel


def _hear(parcel: Parcel, status: str, occurred_at: datetime) -> bool:
    """Keep a word of the carrier; False when it was said before."""
    with connection.cursor() as cursor:
        cursor.execute(_SAID, [parcel.pk, status[:24], occurred_at])
        return bool(cursor.rowcount)


def _leads_to(parcel: Parcel, target: ParcelStatus) -> bool:
    return any(
        row.verb == "move" and parcel.status in row.sources and row.target == target
        for row in PARCEL_MACHINE.transitions
    )


def _still_news(parcel: Parcel) -> bool:
    """Whether its first scan is news. Once the dock counts it is not, but for a parcel that comes beside others."""
    if parcel.rma.status in (RMAStatus.APPROVED, RMAStatus.IN_TRANSIT):
        return True
    return parcel.rma.status == RMAStatus.RECEIVING and parcel.goods.exists()


def _tell(rma: RMA, parcel: Parcel, *, first_scan: bool, by: str, at: datetime) -> None:
    changed = ["settlement"]
    if rma.status == RMAStatus.APPROVED:
        move(rma, "ship", RMAStatus.IN_TRANSIT)
        rma.shipped_at = parcel.shipped_at
        changed += ["status", "shipped_at"]
    delivered = parcel.status == ParcelStatus.DELIVERED
    pays_now = (first_scan and rma.refund_at == RefundAt.SCAN) or (delivered and rma.refund_at == RefundAt.DELIVERY)
    due = pays_now and owe(rma)
    name = "rma.delivered" if delivered else "rma.shipped" if first_scan else "parcel.moved"
    facts = {"parcel": parcel.pk, "tracked_at": parcel.tracked_at.isoformat()}
    facts |= {"status": parcel.status} if name == "parcel.moved" else {"due": due}
    outbox.record(rma, name, by=by, at=at, changed=changed, **facts)


@verb
def trouble(
    which: int | str, *, status: str, occurred_at: datetime, by: str, at: datetime, kind: str = ""
) -> Parcel | None:
    """The carrier reports trouble: a person looks. `which` as for `move_parcel`; `kind` opens a case (`CaseKind`).

    What is brought back to us anyway is not in trouble for coming back.
    """
    parcel = _lock(which)
    if parcel is None:
        return None
    new = _hear(parcel, status, occurred_at)
    expected = parcel.rma.source == RMASource.CARRIER and status == BROUGHT_BACK
    stale = parcel.tracked_at is not None and occurred_at < parcel.tracked_at
    is_under_way = parcel.status == ParcelStatus.PROBLEM or PARCEL_MACHINE.allows("trouble", parcel.status)
    if not new or expected or stale or not is_under_way:
        return parcel
    if kind:
        open_for_parcel(parcel, kind=kind, word=status, happened_at=occurred_at, by=by, at=at)
    if parcel.status == ParcelStatus.PROBLEM:
        return parcel
    parcel.status, parcel.tracked_at = ParcelStatus.PROBLEM, occurred_at
    parcel.save(update_fields=["status", "tracked_at"])
    outbox.record(
        parcel.rma,
        "parcel.in_trouble",
        by=by,
        at=at,
        parcel=parcel.pk,
        status=status,
        tracked_at=occurred_at.isoformat(),
    )
    return parcel


@verb
def report(which: int | str, *, kind: str, word: str, occurred_at: datetime, by: str, at: datetime) -> Parcel | None:
    """Something is wrong with a parcel that is under way all the same: late, or damaged. `which` as above."""
    parcel = _lock(which)
    if parcel is not None and parcel.status in UNDER_WAY:
        open_for_parcel(parcel, kind=kind, word=word, happened_at=occurred_at, by=by, at=at)
    return parcel


def _lock(which: int | str) -> Parcel | None:
    """The order's row first, then the return's and the parcel's, with one statement. Of two parcels with one tracking
    number the newer one is meant."""
    found = _locked_by_id(which) if isinstance(which, int) else _locked_by_tracking_number(which)
    return found[0] if found else None


_LOCKED = Parcel.objects.select_for_update(no_key=True, of=("rma__order", "rma", "self")).defer("label")


@prepared
def _locked_by_id(parcel: int) -> QuerySet[Parcel]:
    return _LOCKED.select_related("rma__order__customer").filter(pk=parcel)


@prepared
def _locked_by_tracking_number(number: str) -> QuerySet[Parcel]:
    known = _LOCKED.select_related("rma__order__customer").exclude(tracking_number="").filter(tracking_number=number)
    return known.order_by("-pk")[:1]
