"""What is compared every night without anybody asking (p49)."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Min

from refunds.gateways import books
from refunds.models import Discrepancy, ReconciliationRun
from refunds.reconciliation import lifecycle
from refunds.reconciliation.causes import Book
from refunds.reconciliation.handing_in import digest_of, hand_in_file, period
from refunds.reconciliation.lifecycle.runs import Handed
from refunds.reconciliation.refusals import SeenBefore
from refunds.reconciliation.statements import Unreadable

logger = logging.getLogger(__name__)

DAYS = timedelta(days=35)  # a refund may fail a month later
AT_MOST = timedelta(days=120)  # how far back a difference that nobody settled is followed
ACTOR = "system"


def ask_tonight(*, now: datetime) -> list[ReconciliationRun]:
    """Ask for the providers' books, and for each new file in the folder. Asked twice in a night, it is done once."""
    runs = []
    if providers := books.in_use():
        recent = ReconciliationRun.objects.filter(requested_by=ACTOR, requested_at__gt=now - timedelta(hours=12))
        asked = {name for run in recent for name in run.providers}
        # A run each: a provider that refuses to show its book does not keep the others from being compared.
        for name in providers:
            if name not in asked:
                runs.append(lifecycle.ask(since(now), now, providers=[name], by=ACTOR, at=now))
    return [*runs, *_files(now)]


def since(now: datetime) -> datetime:
    """Where the period begins: far enough to see again what is still open."""
    open_ = Discrepancy.objects.to_do().exclude(book=Book.ACCOUNTING)
    oldest = open_.filter(happened_at__gt=now - AT_MOST).aggregate(first=Min("happened_at"))["first"]
    return min(oldest or now, now - DAYS)


def _files(now: datetime) -> list[ReconciliationRun]:
    """A run for each file that was delivered and not compared yet. What cannot be read is said in the log, by name."""
    runs: list[ReconciliationRun] = []
    folder = Path(settings.ACCOUNTING_FOLDER) if settings.ACCOUNTING_FOLDER else None
    for path in sorted(folder.glob("*.csv")) if folder else ():
        try:
            handed = hand_in_file(path)
            days = period([handed])
            if days is not None:
                runs.append(lifecycle.ask(*days, providers=(), files=[handed], by=ACTOR, at=now))
        except SeenBefore:
            continue
        except Unreadable as problem:
            runs += _unreadable(path, str(problem), now)
    return runs


def _unreadable(path: Path, words: str, now: datetime) -> list[ReconciliationRun]:
    """A file nobody could read is a run that failed, so that finance sees it; once, not every night."""
    logger.error("accounting file %s: %s", path.name, words)
    digest = digest_of(path)
    if ReconciliationRun.objects.filter(files__contains=[{"digest": digest}]).exists():
        return []
    handed = Handed(path.name, digest, "", Book.ACCOUNTING, ())
    run = lifecycle.ask(now - timedelta(days=1), now, providers=(), files=[handed], by=ACTOR, at=now)
    return [lifecycle.fail(run.pk, code="unreadable", trouble=f"{path.name}: {words}", by=ACTOR, at=now)]
