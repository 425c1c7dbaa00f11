"""What the two writers of K8 share: the shop's refunds as plain rows, and the list of errors put in.

Nothing here, nor in the writers, comes from the product.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

DECIMALS = {"GBP": 2, "EUR": 2, "JPY": 0, "KWD": 3}


@dataclass(frozen=True)
class Row:
    """A refund of the shop, with the credit memo behind it. `state`: paid, failed or sent."""

    number: str
    provider_id: str
    document: str
    memo: str
    order: str
    payment: str
    amount: Decimal
    currency: str
    at: datetime
    state: str
    alone: bool  # the only refund of its order


@dataclass(frozen=True)
class Wrong:
    """An error: what it is and who is concerned."""

    book: str
    cause: str
    here: tuple[str, ...]
    there: tuple[str, ...]


class Errors:
    """Which refunds get an error; `wrong` says afterwards which, of what kind."""

    def __init__(self, rows: list[Row], random: Random, each: int, now: datetime) -> None:
        self.rows, self.random, self.each, self.now = rows, random, each, now
        self.wrong: list[Wrong] = []
        self.made = 0
        settled = [row for row in rows if row.state == "paid" and row.alone]
        middle = [row for row in settled if timedelta(days=12) < now - row.at < timedelta(days=22)]
        self.pool = self.random.sample(middle, len(middle))
        self.failed = [row for row in rows if row.state == "failed"]
        pairs = defaultdict(list)
        for row in rows:
            if not row.alone and timedelta(days=12) < now - row.at < timedelta(days=22):
                pairs[row.order].append(row)
        self.pairs = [pair for pair in pairs.values() if len(pair) == 2]

    def take(self) -> Row:
        return self.pool.pop()

    def number(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}{self.made:06d}"

    def note(self, book: str, cause: str, here: list[str], there: list[str]) -> None:
        self.wrong.append(Wrong(book, cause, tuple(sorted(here)), tuple(sorted(there))))


def later(row: Row, days: int) -> Row:
    return replace(row, at=row.at + timedelta(days=days))


def smallest(currency: str) -> Decimal:
    return Decimal(1).scaleb(-DECIMALS[currency])


def text(amount: Decimal, currency: str) -> str:
    return f"{amount:.{DECIMALS[currency]}f}"
