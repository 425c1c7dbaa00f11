"""Recording what happened, and which jobs follow from it.

`record` is the fourth beat of every verb. It appends one event to the owner's chain and saves the owner — what the verb
changed and the new chain head in one UPDATE. `subscribe` is how an app's `receivers.py` says, in one line each, which
job follows which event.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models.signals import post_save

from oms.models.events import Event, Stream, StreamOwner
from oms.refusals import Refused

GENESIS = b""

# The id that ties a request, its events, tasks and vendor calls together; an RMA keeps the one it was born with.
correlation: ContextVar[UUID | None] = ContextVar("correlation", default=None)

# ── The vocabulary: what each event may say ───────────────────────────────────────────────────────────────────────

_declared: dict[str, frozenset[str]] = {}


def declare(events: dict[str, Iterable[str]]) -> None:
    """Register event names (dotted, past tense) with the fact keys they may carry. Called from each app's ready()."""
    _declared.update({name: frozenset(keys) for name, keys in events.items()})


def declared() -> dict[str, frozenset[str]]:
    return dict(_declared)


# ── Which job follows which event ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Subscription:
    """`job(event)` runs on `queue`, `delay` after the event, if the event's facts are as in `when`.

    A job that calls a vendor runs outside any transaction; every other one inside one that also marks it done. A quick
    one takes milliseconds and waits for nobody: whichever worker is at hand does it, whatever that one's queue is.
    """

    event: str
    name: str
    job: Callable[[Event], None]
    queue: str
    delay: timedelta
    calls_vendor: bool
    quick: bool
    when: tuple[tuple[str, str | bool], ...]

    def follows(self, facts: dict[str, Any]) -> bool:
        return all(facts.get(key) == value for key, value in self.when)


_subscriptions: dict[str, list[Subscription]] = {}
_jobs: dict[str, Subscription] = {}


def subscribe(
    event: str,
    job: Callable[[Event], None],
    *,
    queue: str = "default",
    delay: timedelta = timedelta(0),
    calls_vendor: bool = False,
    quick: bool = False,
    when: dict[str, str | bool] | None = None,
) -> None:
    """Say that `job` follows `event`. Unknown events, facts and queues are refused at start-up."""
    if event not in _declared:
        raise LookupError(f"no such event: {event}")
    if unknown := set(when or {}) - _declared[event]:
        raise LookupError(f"{event} never says {', '.join(sorted(unknown))}")
    if queue not in settings.QUEUES:
        raise LookupError(f"no such queue: {queue}")
    name = f"{job.__module__.split('.')[0]}.{job.__name__}"
    subscription = Subscription(event, name, job, queue, delay, calls_vendor, quick, tuple((when or {}).items()))
    _subscriptions.setdefault(event, []).append(subscription)
    _jobs[f"{event}→{name}"] = subscription


def subscriptions(event: Event) -> list[Subscription]:
    """The jobs that follow from this event."""
    return [one for one in _subscriptions.get(event.name, ()) if one.follows(event.facts)]


def vendor_jobs() -> list[str]:
    """Names of the jobs that call somebody outside."""
    return sorted({one.name for one in all_subscriptions() if one.calls_vendor})


def all_subscriptions() -> list[Subscription]:
    return [subscription for found in _subscriptions.values() for subscription in found]


def job_named(event: str, name: str) -> Subscription | None:
    return _jobs.get(f"{event}→{name}")


_as_history: ContextVar[bool] = ContextVar("as_history", default=False)


@contextmanager
def as_history() -> Iterator[None]:
    """What is recorded inside happened long ago (made data): it is on record, but owes nobody a job."""
    token = _as_history.set(True)
    try:
        yield
    finally:
        _as_history.reset(token)


def owes_jobs() -> bool:
    return not _as_history.get()


# ── Recording ─────────────────────────────────────────────────────────────────────────────────────────────────────


def record(owner: StreamOwner, name: str, *, by: str, at: datetime, changed: Iterable[str] = (), **facts: Any) -> Event:
    """Append one event to the owner's stream and save the owner.

    `changed` names the owner's fields the verb has set; a new owner is inserted whole. Must run inside the verb's
    transaction, under the owner's lock. Facts: strings, integers, booleans, None, and lists or dicts of these;
    undeclared keys, floats and anything else raise.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{name} must be recorded inside the transaction of its verb")
    event = _next(owner, name, by, at, facts)
    if not _write(event, owner, [*changed, "event_sequence", "event_hash"]):
        raise DatabaseError(f"{event.stream} is not there any more")
    return event


def record_once(owner: StreamOwner, name: str, *, by: str, at: datetime, **facts: Any) -> Event | None:
    """Insert a new owner with its first event; None, and nothing written, when one like it is there already.

    One statement, and so a transaction by itself where none is open.
    """
    event = _next(owner, name, by, at, facts)
    return event if _write(event, owner, (), otherwise="ON CONFLICT DO NOTHING") else None


# What the verb changed, the event and the jobs it owes stand together: one statement, or nothing.
_HAPPENED = """happened AS (
        INSERT INTO oms_event (stream, sequence, name, actor, correlation, facts, occurred_at, previous, hash)
        SELECT %s::text, %s::int, %s::text, %s::text, %s::uuid, %s::jsonb, %s::timestamptz, %s::bytea, %s::bytea
          FROM owner RETURNING id)"""
_OWED = """owed AS (
        INSERT INTO oms_delivery (event_id, task, target, queue, due_at, attempts, error)
        SELECT happened.id, job.task, '', job.queue, job.due_at, 0, ''
          FROM happened, unnest(%s::text[], %s::text[], %s::timestamptz[]) AS job (task, queue, due_at))"""


def _write(event: Event, owner: StreamOwner, changed: Iterable[str], *, otherwise: str = "") -> bool:
    """False when the owner's row was not written, and so nothing was."""
    connection, owed = transaction.get_connection(), subscriptions(event) if owes_jobs() else []
    owner_part, values = _owner_part(owner, changed, otherwise)
    values += [event.stream, event.sequence, event.name, event.actor, event.correlation, json.dumps(event.facts)]
    values += [event.occurred_at, event.previous, event.hash]
    if owed:
        values += [[one.name for one in owed], [one.queue for one in owed]]
        values.append([event.occurred_at + one.delay for one in owed])
    parts = ", ".join([owner_part, _HAPPENED, *([_OWED] if owed else [])])
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {parts} SELECT owner.id, happened.id FROM owner, happened", values)  # noqa: S608
        row = cursor.fetchone()
    if row is None:
        return False
    for instance, pk in zip((owner, event), row, strict=True):
        instance.pk, instance._state.adding, instance._state.db = pk, False, connection.alias
    # Written by hand, so its signal is sent by hand: `oms/receivers.py` hears it and wakes the workers.
    post_save.send(sender=Event, instance=event, created=True, raw=False, using=connection.alias, update_fields=None)
    return True


def _owner_part(owner: StreamOwner, changed: Iterable[str], otherwise: str) -> tuple[str, list[Any]]:
    """What is done to the owner's row: a new one is inserted whole. Names in it come from the models."""
    connection, meta, new = transaction.get_connection(), owner._meta, owner._state.adding
    fields = [one for one in meta.local_concrete_fields if not one.primary_key]
    if not new:
        names = set(changed)
        fields = [one for one in fields if one.name in names or one.attname in names]
    values = [one.get_db_prep_save(one.pre_save(owner, new), connection) for one in fields]
    columns = [f'"{one.column}"' for one in fields]
    if new:
        places = ", ".join(["%s"] * len(columns))
        change = f"INSERT INTO {meta.db_table} ({', '.join(columns)}) VALUES ({places}) {otherwise}"  # noqa: S608
    else:
        change = f"UPDATE {meta.db_table} SET {', '.join(f'{one} = %s' for one in columns)} WHERE id = %s"  # noqa: S608
        values.append(owner.pk)
    return f"owner AS ({change} RETURNING id)", values


def record_on(stream: str, name: str, *, by: str, at: datetime, **facts: Any) -> Event:
    """Append to a stream without a row of its own (settings, policy, log-ins); its row is locked meanwhile."""
    Stream.objects.bulk_create([Stream(name=stream)], ignore_conflicts=True)
    owner = Stream.objects.select_for_update(no_key=True).get(name=stream)
    return record(owner, name, by=by, at=at, **facts)


def record_refusal(refused: Refused, *, verb: str, subject: str, by: str, at: datetime) -> None:
    """Note that a verb said no. Call it after the rollback; each refusal is a stream of its own, so none waits."""
    owner = Stream(name=f"refusal/{uuid4()}", correlation=correlation.get() or uuid4())
    record_once(owner, "verb.refused", by=by, at=at, verb=verb, subject=subject, code=refused.code)


def _next(owner: StreamOwner, name: str, by: str, at: datetime, facts: dict[str, Any]) -> Event:
    check_facts(name, facts)
    event = Event(
        stream=owner.stream,
        sequence=owner.event_sequence + 1,
        name=name,
        actor=by,
        correlation=owner.correlation,
        facts=facts,
        occurred_at=at.astimezone(UTC),
        previous=bytes(owner.event_hash),
    )
    event.hash = chain_hash(event)
    owner.event_sequence, owner.event_hash = event.sequence, event.hash
    return event


def check_facts(name: str, facts: dict[str, Any]) -> None:
    """Raise unless the event is declared, its keys too, and its values are of the plain kinds."""
    if name not in _declared:
        raise LookupError(f"{name} is not declared in any events.py")
    if unknown := set(facts) - _declared[name]:
        raise LookupError(f"{name} does not declare {', '.join(sorted(unknown))}")
    _check_plain(name, facts)


def _check_plain(name: str, value: Any) -> None:
    if isinstance(value, dict):
        for part in value.values():
            _check_plain(name, part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check_plain(name, part)
    elif not isinstance(value, str | int | None):
        raise TypeError(f"{name}: facts hold no {type(value).__name__}; write amounts as strings")


# ── The chain ─────────────────────────────────────────────────────────────────────────────────────────────────────


def canonical(event: Event) -> bytes:
    """The bytes of an event that its hash covers: JSON with sorted keys, times in UTC."""
    return json.dumps(
        [
            event.stream,
            event.sequence,
            event.name,
            event.actor,
            str(event.correlation),
            event.facts,
            event.occurred_at.astimezone(UTC).isoformat(),
            bytes(event.previous).hex(),
        ],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def chain_hash(event: Event) -> bytes:
    """HMAC-SHA-256 over the event and its predecessor; the key lives outside the database."""
    return hmac.digest(settings.EVENT_CHAIN_KEY.encode(), canonical(event), "sha256")


def broken_links(events: Iterable[Event]) -> list[str]:
    """Check one stream's events, ordered by sequence; return what does not fit, as sentences."""
    found, previous, sequence = [], GENESIS, 0
    for event in events:
        sequence += 1
        if event.sequence != sequence:
            found.append(f"{event.stream}: event {sequence} is missing")
            sequence = event.sequence
        if bytes(event.previous) != previous:
            found.append(f"{event}: does not follow its predecessor")
        if not hmac.compare_digest(bytes(event.hash), chain_hash(event)):
            found.append(f"{event}: was changed")
        previous = bytes(event.hash)
    return found
