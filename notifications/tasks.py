"""Jobs of messages: each loads and calls one function."""

import time
from functools import partial
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from notifications import compose, deliver, digests, lifecycle
from notifications.states import MessageStatus
from oms.models import Event

SEND_FOR_SECONDS = 15  # one more hand-over may take its full time-out before the task's hard limit


def write_messages(event: Event) -> None:
    """What the catalogue says of this event is composed; with a mail server it is handed over after the commit."""
    told = digests if event.name in digests.ENTRIES else compose
    for message in told.compose(event, at=timezone.now()):
        if settings.EMAIL_URL and message.status == MessageStatus.QUEUED and not message.send_after > timezone.now():
            # Robust: whatever goes wrong out there, the message is kept and the clock's job tries again.
            hand_over = partial(send_one.apply_async, kwargs={"ref": str(message.ref)}, queue="mail")
            transaction.on_commit(hand_over, robust=True)


@shared_task
def send_one(*, ref: str, **_kwargs: Any) -> None:
    """Send this message unless somebody else does."""
    message = lifecycle.claim_this(UUID(ref), at=timezone.now())
    if message is not None:
        deliver.send(message, now=timezone.now())


@shared_task
def send_due(**_kwargs: Any) -> int:
    """Send what is due: surveys, what was put back, what a dead worker left. Returns how many were taken."""
    taken, stop_at = 0, time.monotonic() + SEND_FOR_SECONDS
    while time.monotonic() < stop_at:
        message = lifecycle.claim(at=timezone.now())
        if message is None:
            break
        taken += 1
        if not deliver.send(message, now=timezone.now()):
            break
    return taken
