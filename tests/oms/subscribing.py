"""Jobs of a test's own: subscribed for its duration only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oms import outbox
from oms.models import Event
from tests.builders import NOON

EVENT = "user.logged_in"  # nothing of the product follows from it


@contextmanager
def subscribed(job: Callable[[Event], None], **options: Any) -> Iterator[None]:
    kept, jobs = {name: list(found) for name, found in outbox._subscriptions.items()}, dict(outbox._jobs)
    outbox.subscribe(EVENT, job, **options)
    try:
        yield
    finally:
        outbox._subscriptions.clear()
        outbox._subscriptions.update(kept)
        outbox._jobs.clear()
        outbox._jobs.update(jobs)


def happen(user: int = 1, at: Any = NOON) -> Event:
    """Let it happen, now or at the moment named."""
    return outbox.record_on("logins", EVENT, by=f"user:{user}", at=at, user=user)
