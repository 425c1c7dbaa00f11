"""Doing what events owe: once, again after a failure, never inside a transaction when a vendor is called."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from oms import tasks
from oms.models import Delivery, Event, Stream
from tests import broker
from tests.oms.subscribing import EVENT, happen, subscribed

pytestmark = pytest.mark.django_db
# A vendor's job must see no transaction, so these tests open none around it.
without_transaction = pytest.mark.django_db(transaction=True, serialized_rollback=True)
SECOND = timedelta(seconds=1)


class Jobs:
    """What the test's jobs did: `ran` holds (job, user of the event, inside a transaction?)."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, int, bool]] = []

    def note(self, event: Event, job: str) -> None:
        self.ran.append((job, event.facts["user"], connection.in_atomic_block))


JOBS = Jobs()


def ours(event: Event) -> None:
    JOBS.note(event, "ours")


def vendors(event: Event) -> None:
    JOBS.note(event, "vendors")


def causing(event: Event) -> None:
    """Lets the same thing happen to the next user, three times in all."""
    JOBS.note(event, "causing")
    if event.facts["user"] < 3:
        happen(event.facts["user"] + 1, at=timezone.now())


def failing(event: Event) -> None:
    Stream.objects.create(name="left behind")
    JOBS.note(event, "failing")
    raise ConnectionError("sam@example.test is not to be kept")


def vendor_failing(event: Event) -> None:
    JOBS.note(event, "vendor_failing")
    raise TimeoutError


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    JOBS.ran.clear()
    broker.empty()
    yield
    broker.empty()


def deliver(event: Event, queue: str = "mail", count: int = 1) -> None:
    tasks.deliver(event_id=event.pk, queue=queue, count=count)


def the_event(user: int = 1) -> Event:
    with tasks.transaction.atomic():
        return happen(user, at=timezone.now())


def test_a_job_runs_once_however_often_it_is_rung() -> None:
    with subscribed(ours, queue="mail"):
        event = the_event()
        deliver(event)
        deliver(event)
        deliver(event, count=5)
    assert JOBS.ran == [("ours", 1, True)]
    done = event.deliveries.get()
    assert (done.attempts, done.dead_at, done.leased_until) == (1, None, None)
    assert done.done_at is not None


def test_only_the_queue_that_was_rung_is_worked_on() -> None:
    with subscribed(ours, queue="mail"), subscribed(vendors, queue="labels"):
        event = the_event()
        deliver(event, "labels")
    assert JOBS.ran == [("vendors", 1, True)]
    assert list(event.deliveries.filter(done_at=None).values_list("task", flat=True)) == ["tests.ours"]


@without_transaction
def test_a_job_that_calls_a_vendor_runs_outside_any_transaction() -> None:
    with subscribed(vendors, queue="labels", calls_vendor=True):
        event = the_event()
        deliver(event, "labels")
    assert JOBS.ran == [("vendors", 1, False)]
    assert event.deliveries.get().done_at is not None


def test_a_failing_job_leaves_nothing_behind_and_is_tried_again_later() -> None:
    with subscribed(failing, queue="mail"):
        event = the_event()
        before = timezone.now()
        deliver(event)
        owed = event.deliveries.get()
        assert (owed.attempts, owed.done_at, owed.dead_at, owed.error) == (1, None, None, "ConnectionError")
        assert before + 5 * SECOND <= owed.due_at <= timezone.now() + 5 * SECOND
        assert not Stream.objects.filter(name="left behind").exists()
        deliver(event)  # not due yet
    assert JOBS.ran == [("failing", 1, True)]


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (11, 600)])
def test_each_wait_is_longer_up_to_ten_minutes(attempts: int, seconds: int) -> None:
    with subscribed(failing, queue="mail"):
        event = the_event()
        event.deliveries.update(attempts=attempts - 1)
        before = timezone.now()
        deliver(event)
    owed = event.deliveries.get()
    assert owed.attempts == attempts
    assert before + seconds * SECOND <= owed.due_at <= timezone.now() + seconds * SECOND


@pytest.mark.parametrize("job", [failing, vendor_failing])
def test_after_the_last_attempt_a_person_looks(job: object) -> None:
    with subscribed(job, queue="mail", calls_vendor=job is vendor_failing):
        event = the_event()
        event.deliveries.update(attempts=tasks.MAX_ATTEMPTS - 1)
        deliver(event)
        given_up = event.deliveries.get()
        assert (given_up.done_at, given_up.leased_until) == (None, None)
        assert given_up.dead_at is not None
        deliver(event)
        assert tasks.sweep() == 0
    assert len(JOBS.ran) == 1


def test_one_job_that_fails_does_not_stop_the_others() -> None:
    with subscribed(failing, queue="mail"), subscribed(ours, queue="mail"):
        event = the_event()
        deliver(event, count=2)
    assert [job for job, *_ in JOBS.ran] == ["failing", "ours"]
    assert list(event.deliveries.exclude(done_at=None).values_list("task", flat=True)) == ["tests.ours"]


@without_transaction
@pytest.mark.parametrize(
    ("options", "sent"), [({"queue": "refunds"}, 0), ({"queue": "mail", "quick": True}, 0), ({"queue": "mail"}, 1)]
)
def test_a_worker_does_what_its_jobs_cause_if_it_may(options: dict[str, Any], sent: int) -> None:
    """What is for its own queue, and what is quick; other workers are told of the rest."""
    with subscribed(causing, **options):
        event = the_event()
        broker.empty()
        bell = tasks.Bell(event.pk, options["queue"])
        tasks.deliver(event_id=event.pk, queue="refunds", count=0, first=[bell])
        assert len(broker.take(options["queue"])) == sent
    assert JOBS.ran == [("causing", user, True) for user in range(1, 2 if sent else 4)]


def test_a_job_a_later_release_no_longer_knows_is_given_up() -> None:
    with subscribed(ours, queue="mail"):
        event = the_event()
    deliver(event)
    given_up = event.deliveries.get()
    assert (given_up.done_at, given_up.error, JOBS.ran) == (None, "no such job", [])
    assert given_up.dead_at is not None


@without_transaction
def test_a_vendor_call_under_way_is_not_made_a_second_time() -> None:
    """While one worker waits for the vendor its lease keeps others off; when it died the lease runs out."""
    with subscribed(vendors, queue="labels", calls_vendor=True):
        event = the_event()
        event.deliveries.update(leased_until=timezone.now() + tasks.LEASE, attempts=1)
        deliver(event, "labels")
        assert (JOBS.ran, tasks.sweep()) == ([], 0)

        event.deliveries.update(leased_until=timezone.now() - SECOND)
        assert tasks.sweep() == 1
        broker.work_off("labels")
    assert JOBS.ran == [("vendors", 1, False)]
    assert event.deliveries.get().attempts == 2


@without_transaction
def test_a_delayed_job_is_rung_by_the_sweep_when_it_is_due() -> None:
    with subscribed(ours, queue="mail", delay=timedelta(hours=1)):
        event = the_event()
        deliver(event)
        assert (broker.take("mail"), tasks.sweep(), JOBS.ran) == ([], 0, [])
        event.deliveries.update(due_at=timezone.now())
        assert tasks.sweep() == 1
        broker.work_off("mail")
    assert JOBS.ran == [("ours", 1, True)]


def test_the_sweep_rings_once_per_event_and_queue_with_the_number_of_jobs() -> None:
    with subscribed(ours, queue="mail"), subscribed(vendors, queue="mail"):
        first, second = the_event(1), the_event(2)
        broker.empty()  # the bells were lost
        deliver(second, count=1)
        assert tasks.sweep() == 2
        assert sorted(kwargs["count"] for _task, kwargs in broker.take("mail")) == [1, 2]
        tasks.sweep()
        broker.work_off("mail")
        assert tasks.sweep() == 0
    assert sorted((job, user) for job, user, _inside in JOBS.ran) == [
        ("ours", 1), ("ours", 2), ("vendors", 1), ("vendors", 2),
    ]  # fmt: skip
    assert Delivery.objects.filter(event__in=[first, second], done_at=None).count() == 0
    assert first.name == EVENT
