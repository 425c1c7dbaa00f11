"""The bridge from events to jobs: the only model signal of the project, `post_save` of `Event`.

An event stands → its deliveries stand with it → after commit one message per queue wakes a worker. If the message is
lost, or the broker is away, the sweep sends it again: the deliveries are the truth, the message is a bell.
"""

import logging
import time
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from oms import tasks
from oms.models import Event
from oms.outbox import Subscription, owes_jobs, subscribe, subscriptions
from oms.tasks import Bell

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE = 5.0  # seconds without another try: a broker that is away must not cost every request its timeout
_quiet_until = 0.0


@receiver(post_save, sender=Event)
def ring_after_commit(sender: type[Event], instance: Event, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    if not created or raw or not owes_jobs():
        return
    for bells in _bells(instance):
        # Do not move this out of on_commit: a worker would look before the row is there.
        transaction.on_commit(partial(ring, bells), robust=True)


def _bells(event: Event) -> list[list[Bell]]:
    """One message per queue, ending with the bell of that queue; quick jobs of others go along with the first."""
    jobs: dict[str, list[Subscription]] = {}
    for one in subscriptions(event):
        if not one.delay:
            jobs.setdefault(one.queue, []).append(one)
    bells = sorted(
        Bell(event.pk, queue, len(found), all(one.calls_vendor for one in found), all(one.quick for one in found))
        for queue, found in jobs.items()
    )
    quick, slow = [one for one in bells if one.quick], [one for one in bells if not one.quick]
    messages = [quick + slow[:1], *([one] for one in slow[1:])]
    return [message for message in messages if message]


def ring(bells: list[Bell]) -> None:
    """Wake a worker of the last bell's queue, unless one is at hand."""
    if not tasks.take_along(bells):
        send(bells)


def send(bells: list[Bell]) -> None:
    """A broker that is away is nobody's problem here: the sweep follows."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    *first, own = bells
    try:
        tasks.deliver.apply_async(kwargs=own._asdict() | {"first": first}, queue=own.queue)
    except (OperationalError, OSError):
        _quiet_until = time.monotonic() + PAUSE_AFTER_FAILURE
        logger.warning("broker away: event %s waits for the sweep", own.event_id)


subscribe("user.invited", tasks.mail_invitation, queue="mail", calls_vendor=True)
