"""A run, step by step: read the others' books, compare, note what was found.

Long work in chunks: each step saves what it did together with where to go on, so a worker that dies loses seconds and
nothing is done twice. One run is worked on at a time, the oldest first. Providers are asked outside transactions.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from oms.verbs import inside_a_verb
from refunds.gateways.base import GatewayError, Page
from refunds.gateways.books import BOOKS
from refunds.models import Discrepancy, ReconciliationRun
from refunds.reconciliation import lifecycle, storing
from refunds.reconciliation.causes import Book
from refunds.reconciliation.comparing import compared, counted
from refunds.reconciliation.lifecycle.discrepancies import subjects
from refunds.reconciliation.records import Kind, Line
from refunds.reconciliation.states import RunStatus
from refunds.reconciliation.stored import from_json, to_json

logger = logging.getLogger(__name__)

CHUNK_SECONDS = 15.0  # and one more step, within the hard limit of a task
LEASE = timedelta(seconds=45)  # longer than that limit
PAUSE = timedelta(seconds=60)  # after a provider did not answer
TRIES = 10
MOST_LINES = 400_000  # what fits into memory and into one step; a longer period is several runs
NOTED_AT_ONCE, GONE_AT_ONCE = 500, 200
ACTOR = "system"

type Step = dict[str, Any]

CLAIM = """
    UPDATE refunds_reconciliationrun
       SET leased_until = %(lease)s,
           checkpoint = jsonb_set(checkpoint, '{tries}', to_jsonb(coalesce((checkpoint->>'tries')::int, 0) + 1))
     WHERE id = (SELECT min(id) FROM refunds_reconciliationrun WHERE status = ANY(%(live)s))
       AND (leased_until IS NULL OR leased_until < %(now)s)
 RETURNING id
"""


class CalledOff(Exception):
    """Somebody ended the run while we worked on it."""


class TooMuch(Exception):
    """More lines than one run can take."""


def work(*, now: Callable[[], datetime], seconds: float = CHUNK_SECONDS) -> bool:
    """Do one chunk of the oldest run; False when there is nothing to do, or somebody else is at it."""
    run = _claimed(now())
    if run is None:
        return False
    try:
        if run.checkpoint.get("tries", 0) > TRIES:
            _give_up(run, "gave_up", "It did not get on; the log says more.", now())
            return True
        if run.status == RunStatus.WAITING:
            run = lifecycle.begin(run.pk, plan=plan(run), by=ACTOR, at=now())
        _go_on(run, now, seconds)
    except CalledOff:
        return True
    except TooMuch:
        words = f"More than {MOST_LINES:,} rows: choose a shorter period."
        _give_up(run, "too_much", words, now())
    except GatewayError as problem:
        _put_off(run, problem, now())
    else:
        ReconciliationRun.objects.filter(pk=run.pk).update(leased_until=None)
    return True


def plan(run: ReconciliationRun) -> list[Step]:
    """What is to be done, in order."""
    steps: list[Step] = []
    for name in run.providers:
        steps += [{"do": what, "provider": name} for what in ("payouts", "payout_lines", "transactions")]
    for name in dict.fromkeys([*run.providers, *(one["provider"] for one in run.files if one["provider"])]):
        steps += [{"do": "compare", "book": book.value, "provider": name} for book in (Book.PROVIDER, Book.PAYOUT)]
    if any(one["book"] == Book.ACCOUNTING for one in run.files):
        steps.append({"do": "compare", "book": Book.ACCOUNTING.value, "provider": ""})
    return [*steps, {"do": "note"}, {"do": "vanish"}]


def step_of(run: ReconciliationRun) -> Step | None:
    """What is done now, or None."""
    steps = run.checkpoint.get("plan", [])
    return steps[run.done] if run.is_live and run.done < len(steps) else None


def _claimed(now: datetime) -> ReconciliationRun | None:
    live = [status.value for status in RunStatus.live()]
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "lease": now + LEASE, "live": live})
        row = cursor.fetchone()
    return ReconciliationRun.objects.get(pk=row[0]) if row else None


def _go_on(run: ReconciliationRun, now: Callable[[], datetime], seconds: float) -> None:
    started, steps = monotonic(), 0
    while (step := step_of(run)) is not None:
        spent = monotonic() - started
        # comparing needs the time of a whole task
        if steps and (spent > seconds or (step["do"] == "compare" and spent > seconds / 5)):
            return
        run = STEPS[step["do"]](run, step, now)
        steps += 1
    lifecycle.finish(run.pk, by=ACTOR, at=now())


# ── Steps: each does a little, saves it with where to go on, and returns the run as it then is ──


def _save(
    run: ReconciliationRun, now: datetime, *, cursor: Any = None, lines: tuple[Line, ...] = (), provider: str = ""
) -> ReconciliationRun:
    """Keep what a step did. `cursor` is where it goes on; None: the next step. Raises CalledOff, TooMuch."""
    with transaction.atomic():
        locked = ReconciliationRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        if locked.status != RunStatus.RUNNING:
            raise CalledOff
        if lines:
            storing.keep(locked, Book.PROVIDER, provider, lines)
            locked.counts = run.counts | {"lines": run.counts.get("lines", 0) + len(lines)}
            if locked.counts["lines"] > MOST_LINES:
                raise TooMuch
        else:
            locked.counts = run.counts
        locked.done = run.done + (cursor is None)
        locked.checkpoint = {"plan": run.checkpoint["plan"], "cursor": cursor, "tries": 0}
        locked.found, locked.trouble, locked.leased_until = run.found, "", now + LEASE
        locked.save(update_fields=["counts", "done", "checkpoint", "found", "trouble", "leased_until"])
    return locked


def _payouts(run: ReconciliationRun, step: Step, now: Callable[[], datetime]) -> ReconciliationRun:
    book = BOOKS[step["provider"]][1]()
    page = book.payouts(run.since, run.until, after=run.checkpoint.get("cursor") or "")
    return _took(run, step, page, now)


def _transactions(run: ReconciliationRun, step: Step, now: Callable[[], datetime]) -> ReconciliationRun:
    book = BOOKS[step["provider"]][1]()
    page = book.transactions(run.since, run.until, after=run.checkpoint.get("cursor") or "")
    return _took(run, step, page, now)


def _took(run: ReconciliationRun, step: Step, page: Page, now: Callable[[], datetime]) -> ReconciliationRun:
    return _save(run, now(), cursor=page.after or None, lines=page.lines, provider=step["provider"])


def _payout_lines(run: ReconciliationRun, step: Step, now: Callable[[], datetime]) -> ReconciliationRun:
    """What each payout is made of, whenever that was."""
    cursor = run.checkpoint.get("cursor") or {"after_line": 0, "payout": "", "page": ""}
    if not cursor["payout"]:
        made = run.lines.filter(kind=Kind.PAYOUT, provider=step["provider"], pk__gt=cursor["after_line"])
        following = made.order_by("pk").values_list("pk", "about").first()
        if following is None:
            return _save(run, now())
        cursor = {"after_line": following[0], "payout": following[1], "page": ""}
    book = BOOKS[step["provider"]][1]()
    page = book.transactions(run.since, run.until, payout=cursor["payout"], after=cursor["page"])
    cursor = {"after_line": cursor["after_line"], "payout": cursor["payout"] if page.after else "", "page": page.after}
    return _save(run, now(), cursor=cursor, lines=page.lines, provider=step["provider"])


def _compare(run: ReconciliationRun, step: Step, now: Callable[[], datetime]) -> ReconciliationRun:
    found, run.counts = compared(run, Book(step["book"]), step["provider"], now())
    causes = Counter(run.counts.get("differences", {})) + Counter(one.cause.value for one in found)
    run.counts = run.counts | {"differences": dict(sorted(causes.items()))}
    run.found = [*run.found, *(to_json(one) for one in found)]
    return _save(run, now())


def _note(run: ReconciliationRun, step: Step, now: Callable[[], datetime]) -> ReconciliationRun:
    """Some of the differences become discrepancies, or are seen again."""
    some, left = run.found[:NOTED_AT_ONCE], run.found[NOTED_AT_ONCE:]
    at = now()
    with transaction.atomic(), inside_a_verb():
        seen = [from_json(one) for one in some]
        subjects(seen)
        rows = Discrepancy.objects.select_for_update(no_key=True).filter(key__in=[one.key for one in seen])
        known = {one.key: one for one in rows.order_by("pk")}
        told = Counter(
            lifecycle.find(one, known=known.get(one.key), run=run, begun_at=run.requested_at, by=ACTOR, at=at)
            for one in seen
        )
        run.found = left
        run.counts = counted(run.counts, new=told["new"], again=told["again"])
        return _save(run, at, cursor="more" if left else None)


def _vanish(run: ReconciliationRun, step: Step, now: Callable[[], datetime]) -> ReconciliationRun:
    """What was open in this period and is seen no more."""
    at = now()
    with transaction.atomic(), inside_a_verb():
        unseen = Discrepancy.objects.to_do().filter(_scope(run), happened_at__gte=run.since, happened_at__lt=run.until)
        rows = unseen.exclude(seen_in=run).select_for_update(no_key=True).order_by("pk")[:GONE_AT_ONCE]
        gone = [lifecycle.vanish(one, run=run, by=ACTOR, at=at) for one in rows]
        run.counts = counted(run.counts, gone=len(gone))
        return _save(run, at, cursor="more" if len(gone) == GONE_AT_ONCE else None)


def _scope(run: ReconciliationRun) -> Q:
    """The books this run has read: only there does not seeing mean anything."""
    scope = Q(pk__in=[])
    for step in run.checkpoint["plan"]:
        if step["do"] == "compare" and f"{step['book']}/{step['provider']}" not in run.counts.get("blind", []):
            scope |= Q(book=step["book"], provider=step["provider"])
    return scope


STEPS: dict[str, Callable[[ReconciliationRun, Step, Callable[[], datetime]], ReconciliationRun]] = {
    "payouts": _payouts,
    "payout_lines": _payout_lines,
    "transactions": _transactions,
    "compare": _compare,
    "note": _note,
    "vanish": _vanish,
}


# ── When it does not go on ──


def _put_off(run: ReconciliationRun, problem: GatewayError, now: datetime) -> None:
    """The provider did not answer: later once more from the checkpoint, but not for ever."""
    tries = run.checkpoint.get("tries", 0)
    logger.warning("reconciliation %s waits: %s", run.number, problem.code)
    if not problem.retryable or tries >= TRIES:
        _give_up(run, problem.code or "refused", str(problem), now)
        return
    kept = ReconciliationRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING)
    kept.update(trouble=str(problem)[:300], leased_until=now + PAUSE)


def _give_up(run: ReconciliationRun, code: str, words: str, now: datetime) -> None:
    lifecycle.fail(run.pk, code=code, trouble=words, by=ACTOR, at=now)


def pages(read: Callable[..., Page], *asked: Any, **how: Any) -> Iterator[Line]:
    """All lines of a provider, page by page, for a comparison that keeps nothing."""
    after = ""
    while True:
        page = read(*asked, **how, after=after)
        yield from page.lines
        if not (after := page.after):
            return
