"""The bridge from events to jobs: the only model signal of the project, `post_save` of `Event`.

An event stands → its deliveries stand with it → after commit one message per queue wakes a worker. If the message is
lost, or the broker is away, the sweep sends it again: the deliveries are the truth, the message is a bell.
"""

import logging
import time
from collections import Counter
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from oms import tasks
from oms.models import Event
from oms.outbox import owes_jobs, subscribe, subscriptions

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE = 5.0  # seconds without another try: a broker that is away must not cost every request its timeout
_quiet_until = 0.0


@receiver(post_save, sender=Event)
def ring_after_commit(sender: type[Event], instance: Event, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    if not created or raw or not owes_jobs():
        return
    now = [one for one in subscriptions(instance) if not one.delay]
    for queue, count in sorted(Counter(one.queue for one in now).items()):
        only_vendor = all(one.calls_vendor for one in now if one.queue == queue)
        # Do not move this out of on_commit: a worker would look before the row is there.
        transaction.on_commit(partial(ring, instance.pk, queue, count, only_vendor), robust=True)


def ring(event_id: int, queue: str, count: int, only_vendor: bool) -> None:
    """Wake a worker of this queue. A broker that is away is nobody's problem here: the sweep follows."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        owed = {"event_id": event_id, "queue": queue, "count": count, "only_vendor": only_vendor}
        tasks.deliver.apply_async(kwargs=owed, queue=queue)
    except (OperationalError, OSError):
        _quiet_until = time.monotonic() + PAUSE_AFTER_FAILURE
        logger.warning("broker away: event %s waits for the sweep", event_id)


subscribe("user.invited", tasks.mail_invitation, queue="mail", calls_vendor=True)
