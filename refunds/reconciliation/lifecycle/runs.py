"""The life of a run: asked for, begun, finished; or failed, or called off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from oms import outbox
from oms.identifiers import new_number
from oms.verbs import verb
from refunds.models import ReconciliationRun
from refunds.reconciliation import storing
from refunds.reconciliation.causes import Book
from refunds.reconciliation.records import Line
from refunds.reconciliation.refusals import NothingToCompare, PeriodUnusable, SeenBefore
from refunds.reconciliation.states import RUN_MACHINE, RunStatus

LONGEST = timedelta(days=400)


@dataclass(frozen=True)
class Handed:
    """A file that was read whole. `digest` is the SHA-256 of its bytes in hex; `provider` owns a provider's report."""

    name: str
    digest: str
    layout: str
    book: Book
    lines: Sequence[Line]
    provider: str = ""

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name[:80],
            "digest": self.digest,
            "layout": self.layout,
            "book": self.book.value,
            "provider": self.provider,
            "lines": len(self.lines),
        }


@verb
def ask(
    since: datetime,
    until: datetime,
    *,
    providers: Sequence[str],
    files: Sequence[Handed] = (),
    again: bool = False,
    by: str,
    at: datetime,
) -> ReconciliationRun:
    """Ask for a comparison of [since, until); a worker does it. The lines of `files` are kept until then.

    Raises PeriodUnusable, NothingToCompare, and SeenBefore for a file that was compared already, unless `again`.
    """
    if not since < until <= since + LONGEST:
        raise PeriodUnusable(days=LONGEST.days)
    asked = [name for name in providers if name not in {one.provider for one in files}]
    if not asked and not files:
        raise NothingToCompare
    if not again and (known := _known(files)):
        raise SeenBefore(run=known)
    run = ReconciliationRun(
        number=new_number("RC"),
        status=RunStatus.WAITING,
        since=since,
        until=until,
        providers=asked,
        files=[one.facts() for one in files],
        requested_by=by,
        requested_at=at,
    )
    RUN_MACHINE.check("ask", "", run.status)
    names = [one.name[:80] for one in files]
    outbox.record(
        run,
        "reconciliation.asked",
        by=by,
        at=at,
        since=since.isoformat(),
        until=until.isoformat(),
        providers=asked,
        files=names,
    )
    for one in files:
        storing.keep(run, one.book, one.provider, one.lines)
    return run


def _known(files: Sequence[Handed]) -> str:
    """The run that has compared one of these files to its end."""
    for one in files:
        done = ReconciliationRun.objects.filter(status=RunStatus.DONE, files__contains=[{"digest": one.digest}])
        if run := done.order_by("-id").first():
            return run.number
    return ""


def _locked(run_id: int) -> ReconciliationRun:
    return ReconciliationRun.objects.select_for_update(no_key=True).get(pk=run_id)


@verb
def begin(run_id: int, *, plan: Sequence[Mapping[str, Any]], by: str, at: datetime) -> ReconciliationRun:
    """A worker has taken it up and knows what to do, step by step."""
    run = _locked(run_id)
    if run.status == RunStatus.RUNNING:
        return run
    RUN_MACHINE.check("begin", run.status, RunStatus.RUNNING)
    run.status, run.checkpoint, run.total = RunStatus.RUNNING, {"plan": list(plan)}, len(plan)
    outbox.record(run, "reconciliation.begun", by=by, at=at, changed=("status", "checkpoint", "total"))
    return run


@verb
def finish(run_id: int, *, by: str, at: datetime) -> ReconciliationRun:
    """Everything was compared and noted."""
    run = _locked(run_id)
    if run.status == RunStatus.DONE:
        return run
    RUN_MACHINE.check("finish", run.status, RunStatus.DONE)
    run.status, run.finished_at, run.done, run.trouble, run.found = RunStatus.DONE, at, run.total, "", []
    names = ("refunds", "memos", "lines", "new", "again", "gone")
    outbox.record(
        run,
        "reconciliation.finished",
        by=by,
        at=at,
        changed=("status", "finished_at", "done", "trouble", "found"),
        differences=dict(run.counts.get("differences", {})),
        **{name: run.counts.get(name, 0) for name in names},
    )
    storing.drop(run)
    return run


@verb
def fail(run_id: int, *, code: str, trouble: str, by: str, at: datetime) -> ReconciliationRun:
    """It cannot go on; what was noted so far stays."""
    run = _locked(run_id)
    if not run.is_live:
        return run
    RUN_MACHINE.check("fail", run.status, RunStatus.FAILED)
    run.status, run.finished_at, run.trouble, run.found = RunStatus.FAILED, at, trouble[:300], []
    changed = ("status", "finished_at", "trouble", "found")
    outbox.record(run, "reconciliation.failed", by=by, at=at, changed=changed, code=code)
    storing.drop(run)
    return run


@verb
def cancel(run_id: int, *, by: str, at: datetime) -> ReconciliationRun:
    """Somebody called it off; what was noted so far stays."""
    run = _locked(run_id)
    if run.status == RunStatus.CANCELED:
        return run
    RUN_MACHINE.check("cancel", run.status, RunStatus.CANCELED)
    run.status, run.finished_at, run.found = RunStatus.CANCELED, at, []
    outbox.record(run, "reconciliation.canceled", by=by, at=at, changed=("status", "finished_at", "found"))
    storing.drop(run)
    return run
