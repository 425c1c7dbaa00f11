from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from oms import outbox
from oms.models import Delivery, Event, Stream
from oms.outbox import broken_links
from oms.refusals import Refused
from tests import broker
from tests.builders import NOON
from tests.oms.subscribing import EVENT, happen, subscribed


def one_job(event: Event) -> None:
    """A job of this test."""


def other_job(event: Event) -> None:
    """Another."""


# ── What an event may say ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "facts", "refusal"),
    [
        ("teapot.boiled", {}, LookupError),
        (EVENT, {"email": "sam@example.test"}, LookupError),
        (EVENT, {"user": 1.0}, TypeError),
        (EVENT, {"user": Decimal("1.00")}, TypeError),
        (EVENT, {"user": NOON}, TypeError),
        (EVENT, {"user": [{"amount": 0.1}]}, TypeError),
        (EVENT, {"user": b"1"}, TypeError),
    ],
)
def test_what_was_not_declared_or_is_not_plain_is_refused(
    name: str, facts: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        outbox.record_on("logins", name, by="user:1", at=NOON, **facts)
    assert Event.objects.filter(stream="logins").count() == 0
    assert set(Stream.objects.filter(name="logins").values_list("event_sequence", flat=True)) <= {0}


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["x", 1, True, None, [], ["x", {"a": 1}], {"a": None}])
def test_plain_facts_are_kept_as_they_are(value: Any) -> None:
    event = outbox.record_on("logins", EVENT, by="user:1", at=NOON, user=value)
    assert Event.objects.get(pk=event.pk).facts == {"user": value}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    owner = Stream(name="logins")
    with pytest.raises(RuntimeError, match="inside the transaction of its verb"):
        outbox.record(owner, EVENT, by="user:1", at=NOON, user=1)
    assert (Stream.objects.filter(name="logins").count(), Event.objects.filter(name=EVENT).count()) == (0, 0)


@pytest.mark.django_db
def test_the_time_of_an_event_is_kept_in_utc() -> None:
    event = outbox.record_on("logins", EVENT, by="user:1", at=datetime.fromisoformat("2026-11-23T13:00+01:00"), user=1)
    assert event.occurred_at == NOON
    assert event.occurred_at.tzinfo is NOON.tzinfo


# ── The chain ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_each_event_continues_the_chain_and_its_owner_carries_the_head() -> None:
    events = [happen(user) for user in (1, 2, 3)]
    owner = Stream.objects.get(name="logins")
    assert [event.sequence for event in events] == [1, 2, 3]
    assert [bytes(event.previous) for event in events] == [b"", events[0].hash, events[1].hash]
    assert (owner.event_sequence, bytes(owner.event_hash)) == (3, events[2].hash)
    assert broken_links(Event.objects.filter(stream="logins").order_by("sequence")) == []


@pytest.mark.django_db
def test_broken_links_names_what_does_not_fit() -> None:
    first, second, third = (happen(user) for user in (1, 2, 3))
    second.actor = "user:99"
    assert broken_links([first, second, third]) == ["logins#2: was changed"]
    assert broken_links([first, third]) == ["logins: event 2 is missing", "logins#3: does not follow its predecessor"]
    assert broken_links([third]) == [
        "logins: event 1 is missing",
        "logins#3: does not follow its predecessor",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "rewrite", [lambda events: events.update(actor="user:99"), lambda events: events.delete()], ids=["update", "delete"]
)
def test_the_database_refuses_to_rewrite_events(rewrite: Callable[[Any], Any]) -> None:
    happen()
    before = list(Event.objects.values())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rewrite(Event.objects.filter(stream="logins"))
    assert list(Event.objects.values()) == before


@pytest.mark.django_db
def test_a_refusal_is_on_record_on_a_stream_of_its_own() -> None:
    outbox.record_refusal(Refused(), verb="approve", subject="rma/R-1", by="user:1", at=NOON)
    event = Event.objects.get(name="verb.refused")
    assert event.facts == {"verb": "approve", "subject": "rma/R-1", "code": "refused"}
    assert event.stream.startswith("refusal/")


# ── What follows ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_each_job_that_follows_is_owed_once() -> None:
    with subscribed(one_job, queue="mail"), subscribed(other_job, delay=timedelta(hours=2)):
        event = happen()
    assert list(event.deliveries.order_by("task").values_list("task", "queue", "due_at", "attempts", "done_at")) == [
        ("tests.one_job", "mail", NOON, 0, None),
        ("tests.other_job", "default", NOON + timedelta(hours=2), 0, None),
    ]
    with pytest.raises(IntegrityError, match="delivery_once"), transaction.atomic():
        Delivery.objects.create(event=event, task="tests.one_job", queue="mail", due_at=NOON)


@pytest.mark.django_db
def test_nothing_follows_when_nobody_asked() -> None:
    assert happen().deliveries.count() == 0


@pytest.mark.django_db
def test_a_job_follows_only_when_the_facts_say_so() -> None:
    with subscribed(one_job, when={"user": 2}):
        assert [happen(user).deliveries.count() for user in (1, 2)] == [0, 1]


@pytest.mark.django_db
def test_history_owes_nobody_a_job() -> None:
    with subscribed(one_job), outbox.as_history():
        assert happen().deliveries.count() == 0


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_message_per_queue_is_sent_after_commit_and_none_before() -> None:
    broker.empty()
    with subscribed(one_job, queue="mail"), subscribed(other_job, queue="mail"):
        with transaction.atomic():
            event = happen()
            assert broker.take("mail") == []
        told = {"event_id": event.pk, "queue": "mail", "count": 2, "only_vendor": False, "quick": False, "first": []}
        assert broker.take("mail") == [("oms.tasks.deliver", told)]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_quick_goes_along_with_what_another_worker_does_anyway() -> None:
    broker.empty()
    with subscribed(one_job, queue="mail", quick=True), subscribed(other_job, queue="refunds"), transaction.atomic():
        event = happen()
    [(_task, told)] = broker.take("refunds")
    assert told["first"] == [[event.pk, "mail", 1, False, True]]
    assert broker.take("mail") == []
    with subscribed(one_job, queue="mail", quick=True), transaction.atomic():
        happen()
    assert len(broker.take("mail")) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_was_rolled_back_is_neither_owed_nor_sent() -> None:
    broker.empty()
    with subscribed(one_job, queue="mail"), transaction.atomic():
        happen()
        transaction.set_rollback(True)
    assert (broker.take("mail"), Delivery.objects.count(), Event.objects.filter(name=EVENT).count()) == ([], 0, 0)


@pytest.mark.parametrize(
    ("event", "options"), [("teapot.boiled", {}), (EVENT, {"queue": "kettle"}), (EVENT, {"when": {"tea": True}})]
)
def test_a_subscription_to_what_is_not_there_is_refused_at_start_up(event: str, options: dict[str, Any]) -> None:
    before = outbox.all_subscriptions()
    with pytest.raises(LookupError):
        outbox.subscribe(event, one_job, **options)
    assert outbox.all_subscriptions() == before
