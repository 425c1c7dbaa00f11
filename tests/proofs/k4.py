"""K4: killed before and after every step of the refund's and the label's way, each is made exactly once.

A step is a statement to the database or a call to the vendor, numbered as they come while a job is done as a worker
does it. For each a warmed process is forked, does the job and kills itself with SIGKILL just before or just after that
step; then what is owed is done again, as the sweep would see to. The sandbox's own book is the judge. `size` is the
most steps that are tried of each way, spread over all of them.
"""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.proofs import Progress

SMALL, FULL = 10, 500  # a way has fewer than 500: all of them


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`points` counts the steps of each way, `wrong` lists those after which a refund or label was lost or doubled."""
    from tests.sandbox import Sandbox

    wrong: list[str] = []
    points: dict[str, int] = {}
    kills = 0
    with tempfile.TemporaryDirectory(prefix="k4-") as folder, Sandbox(Path(folder) / "sandbox") as sandbox:
        _point_settings_at(sandbox)
        sandbox.faults(stripe={"pending": 0.0})
        for way in (_Refund(sandbox), _Label(sandbox)):
            points[way.name] = steps = _count(way)
            chosen = range(steps) if size >= steps else sorted({at * steps // size for at in range(size)})
            for done, step in enumerate(chosen):
                for moment in ("before", "after"):
                    case = way.case()
                    killed = _die(way, case, step, moment)
                    kills += killed
                    _recover()
                    wrong += [f"{way.name}, {moment} step {step + 1}: {what}" for what in way.judge(case)]
                progress(done + 1, len(chosen))
    return {
        "points": points,
        "kills": kills,
        "wrong": wrong[:20],
        "passed": not wrong and kills >= 20 and sum(points.values()) >= 20,
    }


def _point_settings_at(sandbox: Any) -> None:
    from django.conf import settings

    from tests.sandbox import EASYPOST_KEY, STRIPE_KEY

    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = STRIPE_KEY, sandbox.stripe_base
    settings.EASYPOST_API_KEY, settings.EASYPOST_API_BASE = EASYPOST_KEY, sandbox.easypost_base


# ── Dying at a step ───────────────────────────────────────────────────────────────────────────────────────────────


def _count(way: Any) -> int:
    """How many steps the way has; doing it once also warms this process, and every fork of it."""
    steps = 0

    def step(_moment: str) -> None:
        nonlocal steps
        steps += 1

    case = way.case()
    with _watching(lambda moment: step(moment) if moment == "before" else None):
        way.do(case)
    if trouble := list(way.judge(case)):
        raise AssertionError(trouble)
    return steps


def _die(way: Any, case: Any, step: int, moment: str) -> bool:
    """Do the way in a fork that kills itself at this step. False: it had fewer steps this time."""
    from django.db import connections

    from refunds.gateways import registry

    connections.close_all()  # a fork must not share a session
    child = os.fork()
    if child == 0:
        registry._stripe.cache_clear()  # nor a connection to the vendor
        passed = {"before": 0, "after": 0}

        def at(now: str) -> None:
            if now == moment and passed[now] == step:
                os.kill(os.getpid(), signal.SIGKILL)
            passed[now] += 1

        try:
            with _watching(at):
                way.do(case)
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@contextmanager
def _watching(step: Callable[[str], None]) -> Iterator[None]:
    """Tell of each statement and each call to a vendor, before and after it."""
    import requests
    from django.db import connection

    send = requests.Session.send

    def sent(*given: Any, **named: Any) -> Any:
        step("before")
        answer = send(*given, **named)
        step("after")
        return answer

    def executed(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        step("before")
        result = execute(sql, params, many, context)
        step("after")
        return result

    requests.Session.send = sent  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(executed):
            yield
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


def _due_now() -> None:
    """What the builders' clock calls the future is owed now."""
    from django.utils import timezone

    from oms.models import Delivery

    Delivery.objects.filter(done_at=None).update(due_at=timezone.now())


def _recover() -> None:
    """What the sweep sees to when the lease of a dead worker has run out, and the poll after it."""
    from datetime import timedelta

    from django.utils import timezone

    from oms.models import Delivery
    from oms.tasks import deliver
    from refunds.models import Refund
    from refunds.tasks import poll_pending

    owed = Delivery.objects.filter(done_at=None, dead_at=None, queue__in=("refunds", "labels"))
    for _round in range(4):
        now = timezone.now()
        owed.update(due_at=now, leased_until=None)
        for event_id, queue in set(owed.values_list("event_id", "queue")):
            deliver(event_id=event_id, queue=queue)
        Refund.objects.unanswered().update(submitted_at=now - timedelta(minutes=5), looked_up_at=None)
        poll_pending()
        if not owed.exists() and not Refund.objects.unanswered().exists():
            return


# ── The two ways ──────────────────────────────────────────────────────────────────────────────────────────────────


class _Refund:
    """An approved refund goes to the provider and settles."""

    name = "refund"

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox

    def case(self) -> Any:
        from tests.builders import Sold
        from tests.refunds.cases import a_paid_order, a_requested_refund

        refund = a_requested_refund(a_paid_order(self.sandbox, lines=[Sold(sku=uuid4().hex[:12])]))
        _due_now()
        return refund

    def do(self, refund: Any) -> None:
        from oms.models import Event
        from oms.tasks import deliver

        event = Event.objects.get(stream=refund.stream, name="refund.requested")
        deliver(event_id=event.pk, queue="refunds", only_vendor=True)

    def judge(self, refund: Any) -> Iterator[str] | list[str]:
        from oms.models import JournalEntry
        from refunds.models import Refund
        from refunds.states import RefundStatus

        found = Refund.objects.select_related("payment").get(pk=refund.pk)
        charge = found.payment.provider_id.replace("pi_", "ch_")
        made = self.sandbox.book(charge)["charges"][charge]["refunds"]
        entries = JournalEntry.objects.filter(cause__startswith=f"refund/{found.number}/").count()
        counts = {
            "refunds at the provider": len(made),
            "attempts": found.attempts.count(),
            "entries": entries,
        }
        wrong = [f"{count} {what}" for what, count in counts.items() if count != 1]
        if found.status != RefundStatus.SETTLED or [one["id"] for one in made] != [found.provider_id]:
            wrong.append(f"it is {found.status}")
        if (found.payment.refunded, found.payment.in_flight) != (found.amount, 0):
            wrong.append(f"the payment says {found.payment.refunded}, {found.payment.in_flight} on its way")
        return wrong


class _Label:
    """An approved return gets its label."""

    name = "label"

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox

    def case(self) -> Any:
        from tests.builders import Sold, a_return, an_order

        order = an_order(lines=[Sold(sku=uuid4().hex[:12])], provider_id=f"pi_{uuid4().hex}")
        rma = a_return(order)
        _due_now()
        return rma

    def do(self, rma: Any) -> None:
        from oms.models import Delivery
        from oms.tasks import deliver

        owed = Delivery.objects.filter(event__stream=rma.stream, queue="labels", done_at=None).get()
        deliver(event_id=owed.event_id, queue="labels", only_vendor=True)

    def judge(self, rma: Any) -> list[str]:
        parcel = rma.parcels.get()
        book = self.sandbox.book()
        bought = [
            book["labels"][one]["tracking_code"] for one in book["labels_by_reference"].get(f"parcel-{parcel.pk}", [])
        ]
        if bought != [parcel.tracking_number]:
            return [f"the parcel carries “{parcel.tracking_number}”, bought were {bought}"]
        return []
