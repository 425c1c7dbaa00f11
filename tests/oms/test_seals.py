from datetime import timedelta

import pytest

from oms import outbox, seals
from oms.models import Event, Seal
from tests.builders import NOON
from tests.tampering import triggers_off

# Only what is committed is sealed, so these tests commit.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def record(stream: str = "logins") -> Event:
    with seals.transaction.atomic():
        return outbox.record_on(stream, "user.logged_in", by="user:1", at=NOON, user=1)


@pytest.fixture
def seal() -> Seal:
    """Everything so far under one seal, three events of our own among it."""
    for _ in range(3):
        record()
    made = seals.seal_new_events(at=NOON)
    assert made is not None
    return made


def test_a_seal_covers_what_came_since_the_last(seal: Seal) -> None:
    assert seals.seal_new_events(at=NOON) is None
    record()
    second = seals.seal_new_events(at=NOON + timedelta(hours=1))
    assert second is not None
    assert second.count == 1
    assert seal.count + 1 == Event.objects.count()
    assert seals.broken_seals() == []


def test_events_of_a_transaction_still_open_wait_for_the_next_seal() -> None:
    """Ids are not commit order: an event that appears later must not be skipped for good."""
    seals.seal_new_events(at=NOON)
    with seals.transaction.atomic():
        record()
        assert seals.seal_new_events(at=NOON) is None
    made = seals.seal_new_events(at=NOON)
    assert made is not None
    assert made.count == 1


def test_a_cut_off_log_shows(seal: Seal) -> None:
    with triggers_off():
        Event.objects.latest("id").delete()
    assert seals.broken_seals() == [f"{seal}: 1 of {seal.count} events are missing"]


def test_a_vanished_stream_shows(seal: Seal) -> None:
    with triggers_off():
        Event.objects.filter(stream="logins").delete()
    assert seals.broken_seals() == [f"{seal}: 3 of {seal.count} events are missing"]


def test_a_changed_hash_shows(seal: Seal) -> None:
    with triggers_off():
        Event.objects.filter(stream="logins", sequence=3).update(hash=b"x" * 32)
    assert seals.broken_seals() == [f"{seal}: events under it were changed"]


def test_a_seal_made_without_the_key_shows(seal: Seal) -> None:
    Seal.objects.filter(pk=seal.pk).update(signature=b"x" * 32)
    assert seals.broken_seals() == [f"{seal}: events under it were changed"]


def test_what_follows_a_broken_seal_is_judged_by_itself(seal: Seal) -> None:
    record()
    seals.seal_new_events(at=NOON)
    with triggers_off():
        Event.objects.filter(stream="logins", sequence=1).delete()
    assert seals.broken_seals() == [f"{seal}: 1 of {seal.count} events are missing"]
