"""The rows that are compared: plain values, no database.

Amounts are whole numbers of the currency's smallest unit, currencies capitals of ISO 4217, times aware UTC datetimes.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from refunds.reconciliation.causes import Book, Cause


class Kind(StrEnum):
    """What a row of a statement is. Everything but refunds counts only towards its payout."""

    REFUND = "refund"
    FAILURE = "failure"  # a refund that came back
    PAYOUT = "payout"
    CREDIT = "credit"  # a credit note of the accounting
    OTHER = "other"


class Standing(StrEnum):
    """How far a refund is, as far as a comparison cares."""

    WAITING = "waiting"  # not sent yet: nothing may be there
    OPEN = "open"  # sent, no final answer
    PAID = "paid"
    FAILED = "failed"
    CALLED_OFF = "called_off"


class Line(NamedTuple):
    """One row of somebody else's book.

    `id` is unique within its book: a balance transaction, a payout, a document. `about` is what it speaks of: the
    provider's refund or payout, the document's number. `amount` of a credit is what the customer gets, of every other
    row what the balance gains (a refund is negative, so is the row of a payout; a payout itself is positive); `fee` is
    what the provider kept. `reference` holds our numbers as they noted them, `line` is the row's place in a file.
    """

    kind: Kind
    id: str
    about: str
    amount: int
    currency: str
    at: datetime
    fee: int = 0
    reference: str = ""
    order: str = ""
    payment: str = ""
    payout: str = ""
    standing: str = ""  # of a refund or a payout, where the source says so
    available_at: datetime | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ours:
    """One refund, or one credit memo, as our book has it.

    `ids` are the provider's numbers of its attempts, oldest first; `names` all numbers others may call it by, `printed`
    the one people read on paper. `at` is when it left us: sent to the provider, or issued.
    """

    number: str
    amount: int
    currency: str
    standing: Standing
    at: datetime
    order: str = ""
    rma: str = ""
    payment: str = ""
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    printed: str = ""

    @property
    def numbers(self) -> tuple[str, ...]:
        """What it is called, the best known first."""
        return (self.printed, self.number) if self.printed else (self.number,)


@dataclass(frozen=True)
class Terms:
    """How one book is compared.

    Differences are told when they lie in [since, until). What is absent there counts as in transit for `patience`;
    dates may differ by `days`, and with `same_month` must lie in one month.
    """

    book: Book
    since: datetime
    until: datetime
    now: datetime
    patience: timedelta
    days: int = 3
    same_month: bool = False
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a difference, as it is shown. `ids`: every number involved."""

    ids: tuple[str, ...] = ()
    amount: int | None = None
    currency: str = ""
    at: datetime | None = None
    standing: str = ""
    order: str = ""
    payment: str = ""
    reference: str = ""
    payout: str = ""
    fee: int = 0
    line: int = 0


NOTHING = Side()


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, and why. `key` is the same in every run that finds it: book, subject and aspect."""

    key: str
    book: Book
    cause: Cause
    at: datetime
    here: Side = NOTHING
    there: Side = NOTHING
    provider: str = field(default="")
