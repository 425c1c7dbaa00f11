"""Jobs of returns: each loads and calls one function."""

import json
import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from celery import shared_task
from django.utils import timezone

from inventory.models import Reservation
from oms.models import Event, InboundWebhook
from returns import (
    evidence,
    label_costs,
    label_files,
    labels,
    leaks,
    lifecycle,
    lookups,
    outbound,
    own_parcels,
    photo_matching,
    reference,
    shipments,
    tracking,
    verdicts,
    wrongs,
)
from returns.case_states import CaseKind, CaseStatus
from returns.lifecycle import close_case as close_one
from returns.lifecycle import expire, lapse, release
from returns.models import RMA, Dispatch, ParcelCase
from returns.states import DispatchStatus, LabelKind, ParcelStatus, RMAStatus

logger = logging.getLogger(__name__)

# Once: a failure takes the mark back with everything else.
_TAKE = """
    UPDATE oms_inboundwebhook SET processed_at = %s
     WHERE provider = %s AND external_id = %s AND processed_at IS NULL
 RETURNING id, ref, body
"""
POLL_AFTER = timedelta(hours=6)
BATCH = 200
BOOK_AT_ONCE = 5_000
LONGEST_NOTICE = timedelta(days=60)  # more days before the end no policy may name
COMPARE_AT_ONCE = 20
SHIPMENTS_AT_ONCE = 50


def buy_label(event: Event) -> None:
    """rma.requested, rma.approved, parcel.label_wanted → the carrier's label, if the approval wants one."""
    if parcel := event.facts.get("parcel"):
        labels.buy_label(parcel, at=timezone.now())


def book_verdict(event: Event) -> None:
    """rma.verdict_given → its minute is over: booked, unless the dock took it back."""
    verdicts.book(event.facts["verdicts"], at=timezone.now())


def follow_parcel(event: Event) -> None:
    """parcel.announced → the carrier service follows the customer's own parcel."""
    own_parcels.follow(event.facts["parcel"], at=timezone.now())


def buy_outbound_label(event: Event) -> None:
    """dispatch.packed → the carrier's label for what goes out."""
    outbound.buy_label(event.facts["dispatch"], at=timezone.now())


def ask_for_invoice(event: Event) -> None:
    """parcel.labeled, abroad → the invoice customs ask for."""
    lifecycle.ask_for_file(event.facts["parcel"], LabelKind.INVOICE, by="system", at=event.occurred_at)


def buy_labels(event: Event) -> None:
    """rma.spread → a label for each parcel more."""
    for parcel in event.facts["wanted"]:
        labels.buy_label(parcel, at=timezone.now())


def fetch_label_file(event: Event) -> None:
    """label_file.asked → the label in that form."""
    label_files.fetch(event.facts["file"], at=timezone.now())


def read_carrier_webhook(event: Event) -> None:
    """webhook.received → the parcel's news."""
    if event.facts["provider"] != "easypost":
        return
    for webhook in InboundWebhook.objects.raw(_TAKE, [timezone.now(), "easypost", event.facts["external_id"]]):
        tracking.take_webhook(json.loads(webhook.body), at=timezone.now())


def build_evidence(event: Event) -> None:
    """evidence.asked → one file for a dispute."""
    evidence.build(event.facts["pack"], at=timezone.now())


def close_case(event: Event) -> None:
    """rma.closed → what came back undelivered is paid and put away: nothing is left to do about it, unless a person has
    still to say what the customer gets instead."""
    number = event.stream.partition("/")[2]
    done = ParcelCase.objects.filter(rma__number=number, kind__in=CaseKind.coming_back()).select_related("order")
    for case in done.exclude(status=CaseStatus.CLOSED):
        if not case.is_decided_by_people or case.status == CaseStatus.DECIDED:
            close_one(case.number, by="system", at=timezone.now())


@shared_task
def find_leaks(**_kwargs: Any) -> int:
    """Labels never used go back to their carriers. Returns how many did."""
    return leaks.look(at=timezone.now(), limit=BATCH).given_back


@shared_task
def book_labels(**_kwargs: Any) -> int:
    """Labels bought since the last time stand in the books. Returns how many."""
    return label_costs.book(at=timezone.now(), limit=BOOK_AT_ONCE)


@shared_task
def find_delays(**_kwargs: Any) -> int:
    """Parcels nobody has said anything about for long are late: the customer is told. Returns how many."""
    return wrongs.find_delays(at=timezone.now(), limit=BATCH)


@shared_task
def poll_parcels(**_kwargs: Any) -> None:
    """Parcels whose webhook never came are asked for; one that cannot be asked now is asked next time."""
    now = timezone.now()
    tracking.poll(at=now, silent_since=now - POLL_AFTER, limit=BATCH)
    outbound.poll(at=now, silent_since=now - POLL_AFTER, limit=BATCH)
    shipments.poll(at=now, silent_since=now - POLL_AFTER, limit=SHIPMENTS_AT_ONCE)


@shared_task
def remind_soon(**_kwargs: Any) -> int:
    """Who has not posted a return is reminded before it runs out, as the policy says. Returns how many."""
    now, told = timezone.now(), 0
    soon = RMA.objects.filter(status=RMAStatus.APPROVED, reminded_at=None, expires_at__gt=now)
    soon = soon.filter(expires_at__lt=now + LONGEST_NOTICE).exclude(parcels__shipped_at__isnull=False)
    for rma in soon.select_related("policy").order_by("expires_at")[:BATCH]:
        days = reference.reminds_before(rma.policy) if rma.policy else None
        if days is not None and rma.comes_back and rma.expires_at <= now + timedelta(days=days):
            lifecycle.remind(rma.number, by="system", at=now)
            told += 1
    return told


@shared_task
def expire_overdue(**_kwargs: Any) -> None:
    """Returns never posted run out, each in its own transaction."""
    now: datetime = timezone.now()
    overdue = RMA.objects.filter(status=RMAStatus.APPROVED, expires_at__lt=now).exclude(
        parcels__status__in=(ParcelStatus.IN_TRANSIT, ParcelStatus.DELIVERED)
    )
    for number in overdue.order_by("expires_at").values_list("number", flat=True)[:BATCH]:
        expire(number, by="system", at=now)


@shared_task
def look_after_dispatches(**_kwargs: Any) -> None:
    """What was set aside for too long is let go; what ran short leaves as soon as it is there again."""
    now = timezone.now()
    overdue = Dispatch.objects.filter(
        status__in=(DispatchStatus.WAITING, DispatchStatus.HELD),
        order__lines__reservations__in=Reservation.objects.held().filter(expires_at__lt=now),
    )
    for pk in overdue.order_by("pk").values_list("pk", flat=True).distinct()[:BATCH]:
        lapse(pk, by="system", at=now)
    short = Dispatch.objects.filter(status=DispatchStatus.SHORT).order_by("planned_at")
    for number in short.values_list("rma__number", flat=True)[:BATCH]:
        release(number, owed=Decimal(0), by="system", at=now)


@shared_task
def mail_links(**_kwargs: Any) -> None:
    """Who looked an order up with the right details past the limit of tries gets a link by mail."""
    lookups.mail_links(at=timezone.now())


@shared_task
def compare_photos(**_kwargs: Any) -> int:
    """New photos are looked for in the returns of other orders. Returns how many were compared."""
    photos = photo_matching.to_compare(COMPARE_AT_ONCE)
    for photo in photos:
        photo_matching.compare(photo, at=timezone.now())
    return len(photos)
