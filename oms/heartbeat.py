"""When workers were last alive, per queue. Kept in the database: the broker may be emptied at any moment."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

from oms.models import Heartbeat

STALLED_AFTER = timedelta(seconds=25)  # two missed beats, and seen within 30 s by whoever asks every few seconds
WORK_COUNTS_EVERY = 10.0  # seconds between two notes of one process that is busy anyway

_NOTE = """
    INSERT INTO oms_heartbeat (queue, seen_at) VALUES (%s, %s)
    ON CONFLICT (queue) DO UPDATE SET seen_at = excluded.seen_at
"""
_noted: dict[str, float] = {}  # queue → monotonic time of this process's last note


def note(queue: str, *, at: datetime) -> None:
    """Record that a worker of this queue carried out a task."""
    _noted[queue] = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [queue, at])


def note_work(queue: str, *, at: datetime) -> None:
    """Like `note()` for ordinary tasks, at most every few seconds: a long backlog must not look like a stall."""
    if time.monotonic() - _noted.get(queue, -WORK_COUNTS_EVERY) >= WORK_COUNTS_EVERY:
        note(queue, at=at)


def stalled(queues: Iterable[str], *, at: datetime) -> list[str]:
    """Return the queues of which no worker was seen for 25 seconds, or ever, in the order given."""
    alive = set(Heartbeat.objects.filter(seen_at__gt=at - STALLED_AFTER).values_list("queue", flat=True))
    return [queue for queue in queues if queue not in alive]
