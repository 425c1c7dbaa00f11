"""One book of others beside ours, with the terms that belong to it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from oms import shops
from refunds.gateways.books import BOOKS
from refunds.models import ReconciliationRun
from refunds.reconciliation import ours, storing
from refunds.reconciliation.causes import Book
from refunds.reconciliation.compare import compare
from refunds.reconciliation.payouts import compare_payouts
from refunds.reconciliation.records import Difference, Kind, Line, Terms

# How long what left us may take to show up there: a provider's book is almost immediate, a bookkeeper's is not.
PATIENCE = {Book.PROVIDER: timedelta(days=3), Book.PAYOUT: timedelta(days=7), Book.ACCOUNTING: timedelta(days=7)}


def compared(
    run: ReconciliationRun, book: Book, provider: str, now: datetime
) -> tuple[list[Difference], dict[str, Any]]:
    """The differences of one book, and the run's counts with what was compared."""
    kept_as = Book.ACCOUNTING if book == Book.ACCOUNTING else Book.PROVIDER
    lines = list(storing.lines_of(run, kept_as, provider))
    found, facts = differences(lines, book, provider, run.since, run.until, now)
    counts = run.counts
    if book == Book.PAYOUT and not any(line.kind == Kind.PAYOUT for line in lines):
        counts = counts | {"blind": [*counts.get("blind", []), f"{book.value}/{provider}"]}
    if kept_as != book or provider in run.providers:  # those were counted as they came in
        facts.pop("lines")
    return found, counted(counts, **facts)


def differences(
    lines: Sequence[Line], book: Book, provider: str, since: datetime, until: datetime, now: datetime
) -> tuple[list[Difference], dict[str, int]]:
    """Compare `lines` with our refunds or credit memos of [since, until). Returns what differs, and what was read."""
    month = book == Book.ACCOUNTING  # books close by month
    terms = Terms(book, since, until, now, PATIENCE[book], same_month=month, provider=provider)
    if book == Book.PAYOUT:
        return list(compare_payouts(lines, terms)), {"lines": 0}
    if book == Book.ACCOUNTING:
        here = list(ours.memos(shops.current().time_zone, since, until, lines))
        return list(compare(here, lines, terms)), {"lines": len(lines), "memos": len(here)}
    here = list(ours.refunds(BOOKS[provider][0], since, until, lines))
    return list(compare(here, lines, terms)), {"lines": len(lines), "refunds": len(here)}


def counted(counts: dict[str, Any], **more: int) -> dict[str, Any]:
    return counts | {name: counts.get(name, 0) + value for name, value in more.items()}
