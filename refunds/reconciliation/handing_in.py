"""Files as they are handed in: by a form, a folder or a command. Read whole before anything is asked for."""

import hashlib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

from refunds.reconciliation.causes import Book
from refunds.reconciliation.compare import period_of
from refunds.reconciliation.lifecycle.runs import Handed
from refunds.reconciliation.statements import LARGEST_BYTES, Problem, Unreadable, read, stripe_reports

AT_ONCE = 1 << 20


def hand_in(source: BinaryIO, name: str, *, currency: str = "GBP", prices_include_tax: bool = True) -> Handed:
    """Read a file and remember what it was. Raises Unreadable, also for one that is too large."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(AT_ONCE):
        size += len(chunk)
        if size > LARGEST_BYTES:
            raise Unreadable(Problem(1, "", f"The file is larger than {LARGEST_BYTES >> 20} MB."))
        digest.update(chunk)
    source.seek(0)
    found = read(source, currency_code=currency, prices_include_tax=prices_include_tax)
    # The only reports of a provider that we read are Stripe's.
    provider = stripe_reports.PROVIDER if found.book == Book.PROVIDER else ""
    return Handed(name, digest.hexdigest(), found.layout, found.book, found.lines, provider)


def hand_in_file(path: Path, *, currency: str = "GBP", prices_include_tax: bool = True) -> Handed:
    """As `hand_in`, from a file of this machine. Raises Unreadable."""
    try:
        with path.open("rb") as source:
            return hand_in(source, path.name, currency=currency, prices_include_tax=prices_include_tax)
    except OSError as problem:
        raise Unreadable(Problem(1, "", f"The file cannot be read: {problem.strerror}.")) from None


def digest_of(path: Path) -> str:
    """SHA-256 of a file as far as we would read it; of its name when it cannot be opened."""
    try:
        with path.open("rb") as source:
            return hashlib.sha256(source.read(LARGEST_BYTES + 1)).hexdigest()
    except OSError:
        return hashlib.sha256(str(path).encode()).hexdigest()


def period(files: list[Handed]) -> tuple[datetime, datetime] | None:
    """The days these files speak of, whole; None when they speak of no refunds."""
    periods = [found for one in files if (found := period_of(one.lines))]
    if not periods:
        return None
    first, last = min(one[0] for one in periods), max(one[1] for one in periods)
    start = datetime.combine(first.date(), time.min, UTC)
    return start, datetime.combine(last.date(), time.min, UTC) + timedelta(days=1)
