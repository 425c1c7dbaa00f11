"""Running owed jobs in this process, as workers would: `run_jobs()` until nothing is owed, `run_jobs("mail")` for one
queue. Jobs that call a vendor need the sandbox; leave their queues ("labels", "refunds") out without it.
"""

from django.conf import settings
from django.utils import timezone

from oms.models import Delivery
from oms.tasks import deliver

ROUNDS = 100  # more than any chain of jobs is long: a loop of jobs is a bug


def run_jobs(*queues: str, fails: bool = False) -> int:
    """Run what is owed on these queues (all, unless named), and what follows from it; return how many jobs were done.

    What a test's clock calls the future is brought to now. A job that fails fails the test, unless `fails` says that
    it is meant to: then it stays owed, put back as in production.
    """
    names = queues or settings.QUEUES
    before = Delivery.objects.exclude(done_at=None).count()
    for _round in range(ROUNDS):
        fresh = Delivery.objects.filter(queue__in=names, done_at=None, dead_at=None, attempts=0)
        fresh.update(due_at=timezone.now())
        owed = list(fresh.order_by("event_id", "queue").values_list("event_id", "queue").distinct())
        if not owed:
            break
        for event_id, queue in owed:
            deliver(event_id=event_id, queue=queue)
    else:
        raise AssertionError(f"jobs go on after {ROUNDS} rounds")
    if not fails:
        failed = Delivery.objects.filter(queue__in=names, done_at=None).values_list("task", "event__name", "error")
        assert list(failed) == []
    return Delivery.objects.exclude(done_at=None).count() - before
