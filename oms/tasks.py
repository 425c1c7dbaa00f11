"""Delivering what events owe, and the shop's own clockwork."""

import json
import logging
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from celery import current_app, shared_task
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from oms import heartbeat, invitations, seals
from oms.models import Delivery, Event, User
from oms.outbox import Subscription, correlation, job_named, vendor_jobs
from oms.verbs import inside_a_verb

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)  # longer than the hard limit of a task, shorter than the broker's visibility timeout
MAX_ATTEMPTS = 12
BELLS_AT_MOST = 200  # per queue: more would only wait

# One statement claims what is due: jobs of our own are marked done at once, in the transaction they then run in, so a
# failure takes the mark back; jobs that call a vendor get a lease, because no transaction may be open while they wait.
CLAIM = """
    UPDATE oms_delivery AS d
       SET attempts = d.attempts + 1,
           leased_until = CASE WHEN d.task = ANY(%(vendor)s) THEN %(lease)s ELSE NULL END,
           done_at = CASE WHEN d.task = ANY(%(vendor)s) THEN NULL ELSE %(now)s END
      FROM oms_event AS e
     WHERE e.id = d.event_id
       AND d.id = (SELECT id FROM oms_delivery
                    WHERE event_id = %(event)s AND queue = %(queue)s AND done_at IS NULL AND dead_at IS NULL
                      AND due_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
                      AND (task = ANY(%(vendor)s) OR NOT %(only_vendor)s)
                    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
 RETURNING d.id, d.task, d.attempts, e.id, e.stream, e.sequence, e.name, e.actor, e.correlation, e.facts::text,
           e.occurred_at
"""


@dataclass(frozen=True, slots=True)
class _Claimed:
    delivery: int
    task: str
    attempts: int
    event: Event


class Bell(NamedTuple):
    """What an event owes on a queue: how many jobs, as far as the sender knows; whether all of them call somebody
    outside, so that none needs a transaction around claim and job; and whether all are quick.
    """

    event_id: int
    queue: str
    count: int = 1
    only_vendor: bool = False
    quick: bool = False


class _AtWork(NamedTuple):
    queue: str
    bells: deque[Bell]


_at_work: ContextVar[_AtWork | None] = ContextVar("at_work", default=None)


@shared_task
def deliver(
    *,
    event_id: int,
    queue: str,
    count: int = 1,
    only_vendor: bool = False,
    first: Sequence[Sequence[Any]] = (),
    **_kwargs: Any,
) -> None:
    """Run what this event owes on this queue, `first` what it owes on others, and what follows and may be done here.

    Harmless when run twice, or twice at once: each delivery is claimed by one UPDATE.
    """
    heartbeat.note_work(queue, at=timezone.now())
    at_work = _AtWork(queue, deque([*(Bell(*one) for one in first), Bell(event_id, queue, count, only_vendor)]))
    token = _at_work.set(at_work)
    try:
        while at_work.bells:
            bell = at_work.bells.popleft()
            for _ in range(bell.count):
                if not _deliver_one(bell.event_id, bell.queue, bell.only_vendor):
                    break
    finally:
        _at_work.reset(token)


def take_along(bells: list[Bell]) -> bool:
    """Whether a worker that rings these in a job does them itself next: no message has to travel."""
    at_work, own = _at_work.get(), bells[-1]
    if at_work is None or not (own.quick or own.queue == at_work.queue):
        return False
    at_work.bells.extend(bells)
    return True


def _deliver_one(event_id: int, queue: str, only_vendor: bool) -> bool:
    """Claim one delivery and run it; False when nothing is due."""
    claimed: _Claimed | None = None
    try:
        with nullcontext() if only_vendor else _one_transaction():
            claimed = _claim(event_id, queue, only_vendor)
            if claimed is None:
                return False
            subscription = job_named(claimed.event.name, claimed.task)
            if subscription is not None and not subscription.calls_vendor:
                _run(subscription, claimed.event)
        if subscription is None:  # a release that no longer knows this job
            _give_up(claimed.delivery, "no such job")
        elif subscription.calls_vendor:
            _run(subscription, claimed.event)
            Delivery.objects.filter(pk=claimed.delivery).update(done_at=timezone.now(), leased_until=None)
    except Exception as error:
        if claimed is None:
            raise
        logger.exception("%s after %s failed (attempt %s)", claimed.task, claimed.event.name, claimed.attempts)
        _put_back(claimed.delivery, claimed.attempts, type(error).__name__)
    return True


@contextmanager
def _one_transaction() -> Iterator[None]:
    with transaction.atomic(), inside_a_verb():
        yield


def _claim(event_id: int, queue: str, only_vendor: bool) -> _Claimed | None:
    now = timezone.now()
    values = {"vendor": vendor_jobs(), "only_vendor": only_vendor, "lease": now + LEASE, "now": now}
    values |= {"event": event_id, "queue": queue}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        row = cursor.fetchone()
    if row is None:
        return None
    delivery, task, attempts, pk, stream, sequence, name, actor, tied, facts, occurred_at = row
    event = Event(
        pk=pk,
        stream=stream,
        sequence=sequence,
        name=name,
        actor=actor,
        correlation=tied,
        facts=json.loads(facts),
        occurred_at=occurred_at,
    )
    event._state.adding, event._state.db = False, connection.alias
    return _Claimed(delivery, task, attempts, event)


def _run(subscription: Subscription, event: Event) -> None:
    token = correlation.set(event.correlation)
    try:
        subscription.job(event)
    finally:
        correlation.reset(token)


def _put_back(delivery_id: int, attempts: int, error: str) -> None:
    """Try again later: 5 s, 10 s, 20 s … at most ten minutes; after the last attempt a person looks."""
    if attempts >= MAX_ATTEMPTS:
        _give_up(delivery_id, error)
        return
    wait = timedelta(seconds=min(5 * 2 ** (attempts - 1), 600))
    Delivery.objects.filter(pk=delivery_id).update(
        # the attempt is written again: the failed transaction took its own count back
        due_at=timezone.now() + wait,
        leased_until=None,
        error=error,
        attempts=attempts,
    )


def _give_up(delivery_id: int, error: str) -> None:
    Delivery.objects.filter(pk=delivery_id).update(
        dead_at=timezone.now(), done_at=None, leased_until=None, error=error[:200]
    )
    logger.error("delivery %s given up: %s", delivery_id, error)


@shared_task
def sweep(**_kwargs: Any) -> int:
    """Ring again for everything owed and overdue: lost messages, dead workers, delayed jobs.

    Workers that are merely behind are not helped by more bells, they drown in them: so a queue is filled up to
    BELLS_AT_MOST and no further, the oldest jobs first, because those whose bell still waits are the younger ones.
    """
    now, rung = timezone.now(), 0
    overdue = Delivery.objects.filter(done_at=None, dead_at=None, due_at__lte=now).exclude(leased_until__gte=now)
    for queue, waiting in _bells_waiting().items():
        room = max(0, BELLS_AT_MOST - waiting)
        owed = Counter(overdue.filter(queue=queue).order_by("due_at").values_list("event_id", flat=True)[:room])
        for event_id, count in owed.items():
            deliver.apply_async(kwargs={"event_id": event_id, "queue": queue, "count": count}, queue=queue)
        rung += len(owed)
    return rung


def _bells_waiting() -> dict[str, int]:
    """How many messages of each queue wait for a worker. Raises OperationalError when the broker is away."""
    with current_app.connection_for_read() as broker:
        try:
            with broker.channel() as channel:
                return {name: channel.queue_declare(queue=name).message_count for name in settings.QUEUES}
        except broker.connection_errors as problem:
            raise OperationalError(str(problem)) from problem


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


def mail_invitation(event: Event) -> None:
    """Mail a new member of staff the link that sets their password; without a mail server it was shown instead."""
    user = User.objects.filter(pk=event.facts["user"], is_active=True).first()
    if user is not None and invitations.mails_are_sent():
        invitations.send(user)
