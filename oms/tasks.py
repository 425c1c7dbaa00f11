"""Delivering what events owe, and the shop's own clockwork."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from oms import heartbeat, seals
from oms.models import Delivery, Event
from oms.outbox import Subscription, correlation, job_named

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)  # longer than the hard limit of a task, shorter than the broker's visibility timeout
MAX_ATTEMPTS = 12
SWEEP_BATCH = 500

CLAIM = """
    UPDATE oms_delivery SET leased_until = %s, attempts = attempts + 1
     WHERE id IN (SELECT id FROM oms_delivery
                   WHERE event_id = %s AND queue = %s AND done_at IS NULL AND dead_at IS NULL
                     AND due_at <= %s AND (leased_until IS NULL OR leased_until < %s)
                     FOR UPDATE SKIP LOCKED)
 RETURNING id, task, attempts
"""


@shared_task
def deliver(*, event_id: int, queue: str, **_kwargs: Any) -> None:
    """Run what this event owes on this queue. Harmless when run twice: each delivery is claimed by one UPDATE."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [now + LEASE, event_id, queue, now, now])
        claimed = cursor.fetchall()
    heartbeat.note_work(queue, at=now)
    if not claimed:
        return
    event = Event.objects.get(pk=event_id)
    token = correlation.set(event.correlation)
    try:
        for delivery_id, name, attempts in claimed:
            _run(event, delivery_id, name, attempts)
    finally:
        correlation.reset(token)


def _run(event: Event, delivery_id: int, name: str, attempts: int) -> None:
    subscription = job_named(event.name, name)
    if subscription is None:  # a release that no longer knows this job
        _give_up(delivery_id, "no such job")
        return
    try:
        _perform(subscription, event, delivery_id)
    except Exception as error:
        logger.exception("%s after %s failed (attempt %s)", name, event.name, attempts)
        _put_back(delivery_id, attempts, type(error).__name__)


def _perform(subscription: Subscription, event: Event, delivery_id: int) -> None:
    if subscription.calls_vendor:  # no transaction may be open while a vendor is called
        subscription.job(event)
        Delivery.objects.filter(pk=delivery_id).update(done_at=timezone.now(), leased_until=None)
        return
    with transaction.atomic():
        subscription.job(event)
        Delivery.objects.filter(pk=delivery_id).update(done_at=timezone.now(), leased_until=None)


def _put_back(delivery_id: int, attempts: int, error: str) -> None:
    """Try again later: 5 s, 10 s, 20 s … at most ten minutes; after the last attempt a person looks."""
    if attempts >= MAX_ATTEMPTS:
        _give_up(delivery_id, error)
        return
    wait = timedelta(seconds=min(5 * 2 ** (attempts - 1), 600))
    Delivery.objects.filter(pk=delivery_id).update(due_at=timezone.now() + wait, leased_until=None, error=error)


def _give_up(delivery_id: int, error: str) -> None:
    Delivery.objects.filter(pk=delivery_id).update(dead_at=timezone.now(), leased_until=None, error=error)
    logger.error("delivery %s given up: %s", delivery_id, error)


@shared_task
def sweep(**_kwargs: Any) -> int:
    """Ring again for everything owed and overdue: lost messages, dead workers, delayed jobs."""
    now = timezone.now()
    owed = (
        Delivery.objects.filter(done_at=None, dead_at=None, due_at__lte=now)
        .exclude(leased_until__gte=now)
        .order_by("due_at")
        .values_list("event_id", "queue")[:SWEEP_BATCH]
    )
    pairs = sorted(set(owed))
    for event_id, queue in pairs:
        deliver.apply_async(kwargs={"event_id": event_id, "queue": queue}, queue=queue)
    return len(pairs)


@shared_task
def seal_events(**_kwargs: Any) -> None:
    seals.seal_new_events(at=timezone.now())


@shared_task
def send_heartbeats(**_kwargs: Any) -> None:
    for queue in settings.QUEUES:
        beat.apply_async(kwargs={"queue": queue}, queue=queue, expires=30)


@shared_task
def beat(*, queue: str, **_kwargs: Any) -> None:
    heartbeat.note(queue, at=timezone.now())
