"""Proving that the record was not rewritten: every chain recomputed, every stream's end, every seal.

A changed event breaks its chain. An event cut off the end leaves a chain that is whole, so the end is compared with
the head kept on the stream's owner, and everything with the seals.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched, groupby

from django.apps import apps
from django.db import connection, transaction

from oms.encryption import PersonalTextField
from oms.models import Event, Seal
from oms.models.events import StreamOwner
from oms.outbox import GENESIS, broken_links
from oms.seals import broken_seals

CHUNK = 5000


@dataclass
class Verdict:
    """What was read and what does not fit; `broken` holds sentences."""

    streams: int = 0
    events: int = 0
    seals: int = 0
    broken: list[str] = field(default_factory=list)


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything read inside is of the same moment, so that a shop at work is never taken for a broken record."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@one_moment()
def verify(*, progress: Callable[[int], None] = lambda _events: None) -> Verdict:
    """Read every event once, in the order of its stream, and say what does not fit. Memory stays small."""
    verdict = Verdict()
    events = Event.objects.order_by("stream", "sequence").iterator(chunk_size=CHUNK)
    for _stream, chain in groupby(events, key=lambda event: event.stream):
        verdict.streams += 1
        verdict.broken += broken_links(_counted(chain, verdict, progress))
    for owners in owner_models():
        verdict.broken += _lost_ends(owners)
    verdict.seals = Seal.objects.count()
    verdict.broken += broken_seals()
    return verdict


def owner_models() -> list[type[StreamOwner]]:
    return [model for model in apps.get_models() if issubclass(model, StreamOwner)]


def _counted(chain: Iterator[Event], verdict: Verdict, progress: Callable[[int], None]) -> Iterator[Event]:
    for event in chain:
        verdict.events += 1
        if verdict.events % CHUNK == 0:
            progress(verdict.events)
        yield event


def _lost_ends(owners: type[StreamOwner]) -> Iterator[str]:
    """Streams that end before, after or elsewhere than their owner's head says."""
    sealed = [field.name for field in owners._meta.fields if isinstance(field, PersonalTextField)]
    for some in batched(owners._default_manager.defer(*sealed).order_by("pk").iterator(chunk_size=CHUNK), CHUNK):
        ends = _ends_of([owner.stream for owner in some])
        for owner in some:
            sequence, digest = ends.get(owner.stream, (0, GENESIS))
            if (sequence, digest) != (owner.event_sequence, bytes(owner.event_hash)):
                yield f"{owner.stream}: ends at event {sequence}, its owner says {owner.event_sequence}"


def _ends_of(streams: list[str]) -> dict[str, tuple[int, bytes]]:
    last = Event.objects.filter(stream__in=streams).order_by("stream", "-sequence").distinct("stream")
    return {
        stream: (sequence, bytes(digest)) for stream, sequence, digest in last.values_list("stream", "sequence", "hash")
    }
