"""Jobs of returns: each loads and calls one function."""

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from oms.models import Event, InboundWebhook
from returns import labels, lookups, tracking
from returns.lifecycle import expire
from returns.models import RMA
from returns.states import ParcelStatus, RMAStatus

logger = logging.getLogger(__name__)

POLL_AFTER = timedelta(hours=6)
BATCH = 200


def buy_label(event: Event) -> None:
    """rma.requested, rma.approved → the carrier's label, if the approval wants one."""
    if parcel := event.facts.get("parcel"):
        labels.buy_label(parcel, at=timezone.now())


def read_carrier_webhook(event: Event) -> None:
    """webhook.received → the parcel's news."""
    if event.facts["provider"] != "easypost":
        return
    webhook = InboundWebhook.objects.get(provider="easypost", external_id=event.facts["external_id"])
    if webhook.processed_at is None:
        tracking.take_webhook(json.loads(webhook.body), at=timezone.now())
        InboundWebhook.objects.filter(pk=webhook.pk).update(processed_at=timezone.now())


@shared_task
def poll_parcels(**_kwargs: Any) -> None:
    """Parcels whose webhook never came are asked for; one that cannot be asked now is asked next time."""
    tracking.poll(at=timezone.now(), silent_since=timezone.now() - POLL_AFTER, limit=BATCH)


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
def mail_links(**_kwargs: Any) -> None:
    """Who looked an order up with the right details past the limit of tries gets a link by mail."""
    lookups.mail_links(at=timezone.now())
