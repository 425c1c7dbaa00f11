"""Jobs that were given up after their last attempt: a person looks, mends the cause, and has them run again (R41)."""

from datetime import datetime

from django.db import transaction

from oms import outbox
from oms.models import Delivery


@transaction.atomic
def run_again(delivery_id: int, *, by: str, at: datetime) -> Delivery:
    """Owe the job anew, from its first attempt; the sweep rings for it. One that is not given up stays as it is.

    Raises Delivery.DoesNotExist.
    """
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
    if delivery.dead_at is None:
        return delivery
    delivery.dead_at, delivery.due_at, delivery.attempts, delivery.error = None, at, 0, ""
    delivery.save(update_fields=["dead_at", "due_at", "attempts", "error"])
    outbox.record_on("jobs", "job.run_again", by=by, at=at, delivery=delivery.pk, task=delivery.task)
    return delivery
