"""Rows of a statement put together into what they speak of: one refund there, or one credit note."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from refunds.reconciliation.records import Kind, Line, Side, Standing

_APART = re.compile(r"[\s,;|/]+")


class Theirs:
    """One refund at the provider, or one credit note. `amount` is what the customer has of it now, `given` had once."""

    __slots__ = ("about", "at", "currency", "failed_at", "fee", "given", "line", "order", "payment", "payout",
                 "reference", "returned", "said")  # fmt: skip

    def __init__(self, line: Line) -> None:
        self.about, self.currency, self.at = line.about, line.currency, line.at
        self.given = self.returned = self.fee = 0
        self.reference = self.order = self.payment = self.payout = self.said = ""
        self.failed_at: datetime | None = None
        self.line = line.line

    def add(self, line: Line) -> None:
        if line.kind == Kind.FAILURE:
            self.returned += line.amount
            self.failed_at = line.at
        else:
            self.given += line.amount if line.kind == Kind.CREDIT else -line.amount
            self.at, self.line = line.at, self.line or line.line
        self.fee += line.fee
        self.reference = self.reference or line.reference
        self.order, self.payment = self.order or line.order, self.payment or line.payment
        self.payout, self.said = self.payout or line.payout, self.said or line.standing

    @property
    def amount(self) -> int:
        return self.given - self.returned

    @property
    def standing(self) -> Standing:
        # A row of the failure alone: the refund itself lies before the statement.
        if self.returned and self.returned >= self.given:
            return Standing.FAILED
        if self.said in (Standing.FAILED, Standing.OPEN):
            return Standing(self.said)
        return Standing.PAID

    @property
    def words(self) -> list[str]:
        """Our numbers in what they noted, as they stand there."""
        return [word for word in _APART.split(self.reference) if word]

    @property
    def homes(self) -> list[str]:
        return [name for name in (self.payment, self.order, *self.words) if name]

    def side(self) -> Side:
        return Side(
            ids=(self.about,),
            amount=self.given or self.returned,
            currency=self.currency,
            at=self.failed_at or self.at,
            standing=self.standing,
            order=self.order,
            payment=self.payment,
            reference=self.reference,
            payout=self.payout,
            fee=self.fee,
            line=self.line,
        )


def fold(lines: Iterable[Line]) -> Iterator[Theirs]:
    """What the rows speak of, each once. Rows that are no refunds or credits are left out."""
    found: dict[tuple[str, str], Theirs] = {}
    for line in lines:
        if line.kind not in (Kind.REFUND, Kind.FAILURE, Kind.CREDIT):
            continue
        key = line.about, line.currency
        if (theirs := found.get(key)) is None:
            theirs = found[key] = Theirs(line)
        theirs.add(line)
    yield from found.values()
