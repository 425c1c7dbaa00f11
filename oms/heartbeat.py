"""When workers were last alive, per queue."""

from datetime import datetime

from oms.models import Heartbeat


def note(queue: str, *, at: datetime) -> None:
    Heartbeat.objects.update_or_create(queue=queue, defaults={"seen_at": at})
