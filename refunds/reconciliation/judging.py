"""What is wrong with things that belong together; each aspect by itself, so that one never hides another."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.records import NOTHING, Difference, Ours, Side, Standing, Terms
from refunds.reconciliation.theirs import Theirs

# Webhooks and polls need a moment: a difference of status this young is on its way.
NEWS_TRAVELS = timedelta(days=1)

type NamesOthers = Callable[[Ours, Iterable[str]], bool]


class Judge:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms

    # ── One of ours with what was found there ──

    def group(self, one: Ours, rows: list[Theirs], names_others: NamesOthers) -> Iterator[Difference]:
        """Judge one of ours with all that is there of it."""
        alive = [row for row in rows if row.standing != Standing.FAILED]
        if not alive:
            if all(row.about in one.ids[:-1] for row in rows):  # older attempts; of the newest there is nothing
                yield from self.absent(one)
            else:
                yield from self._came_back(one, max(rows, key=lambda row: row.failed_at or row.at))
            return
        main = alive[0]
        if len(alive) > 1:
            together = sum(row.amount for row in alive)
            if together == one.amount and all(row.currency == one.currency for row in alive):
                yield self.several_there(one, alive)
                return
            main = self._main(one, alive)
            for row in alive:
                if row is not main:
                    yield self.duplicate(one, row)
        yield from self._pair(one, main, names_others)

    @staticmethod
    def _main(one: Ours, alive: list[Theirs]) -> Theirs:
        """Which of several is the one we know: ours by its number, else by its amount, else the first."""
        known = [row for row in alive if row.about in (one.number, *one.names, *one.ids[-1:])]
        known = known or [row for row in alive if row.about in one.ids]
        equal = [row for row in alive if (row.amount, row.currency) == (one.amount, one.currency)]
        return (known or equal or alive)[0]

    def _came_back(self, one: Ours, row: Theirs) -> Iterator[Difference]:
        """All that was made there has failed."""
        failed_at = row.failed_at or row.at
        if one.standing == Standing.PAID:
            yield self._difference(Cause.FAILED_LATER, one.number, "status", failed_at, self._here(one), row.side())
        elif one.standing == Standing.OPEN and row.about == (one.ids[-1] if one.ids else row.about):
            cause = Cause.IN_TRANSIT if self._is_news(failed_at) else Cause.STATUS
            yield self._difference(cause, one.number, "status", failed_at, self._here(one), row.side())

    def _pair(self, one: Ours, row: Theirs, names_others: NamesOthers) -> Iterator[Difference]:
        if cause := self._status(one, row):
            yield self._about(cause, one, row, "status")
        if row.currency != one.currency:
            yield self._about(Cause.CURRENCY, one, row, "amount")
        elif row.amount != one.amount:
            twice = self.terms.book == Book.ACCOUNTING and row.amount == 2 * one.amount
            yield self._about(Cause.DUPLICATE if twice else Cause.AMOUNT, one, row, "amount")
        if _elsewhere(one, row) or names_others(one, row.words):
            yield self._about(Cause.WRONG_ORDER, one, row, "order")
        if row.fee:
            yield self._about(Cause.FEE, one, row, "fee")
        if self._other_day(one, row):
            yield self._about(Cause.DATE, one, row, "date")

    def _status(self, one: Ours, row: Theirs) -> Cause | None:
        if self.terms.book == Book.ACCOUNTING or one.standing == row.standing:
            return None
        if one.standing == Standing.OPEN:
            return Cause.IN_TRANSIT if self._is_news(row.at) else Cause.STATUS
        return Cause.STATUS

    def _other_day(self, one: Ours, row: Theirs) -> bool:
        ours, theirs = one.at.date(), row.at.date()
        if abs((ours - theirs).days) > self.terms.days:
            return True
        return self.terms.same_month and (ours.year, ours.month) != (theirs.year, theirs.month)

    def _is_news(self, at: datetime) -> bool:
        return self.terms.now - at < NEWS_TRAVELS

    # ── One of ours, and nothing there ──

    def absent(self, one: Ours) -> Iterator[Difference]:
        if one.standing not in (Standing.PAID, Standing.OPEN):
            return
        young = self.terms.now - one.at < self.terms.patience
        cause = Cause.IN_TRANSIT if young else Cause.MISSING_THERE
        yield self._difference(cause, one.number, "existence", one.at, self._here(one))

    # ── Several, or nothing here ──

    def several_here(self, cause: Cause, many: Sequence[Ours], row: Theirs) -> Difference:
        first = many[0]
        currencies = {one.currency for one in many}
        here = Side(
            ids=tuple(name for one in many for name in one.numbers),
            amount=sum(one.amount for one in many) if len(currencies) == 1 else None,
            currency=first.currency if len(currencies) == 1 else "",
            at=max(one.at for one in many),
            standing=first.standing,
            order=first.order,
            payment=first.payment,
        )
        return self._difference(cause, row.about, "existence", row.at, here, row.side())

    def several_there(self, one: Ours, rows: Sequence[Theirs]) -> Difference:
        first = rows[0]
        there = Side(
            ids=tuple(row.about for row in rows),
            amount=sum(row.amount for row in rows),
            currency=first.currency,
            at=max(row.at for row in rows),
            standing=first.standing,
            order=first.order,
            payment=first.payment,
            reference=first.reference,
            line=first.line,
        )
        return self._difference(Cause.SPLIT, one.number, "existence", one.at, self._here(one), there)

    def duplicate(self, one: Ours, row: Theirs) -> Difference:
        return self._difference(Cause.DUPLICATE, row.about, "existence", row.at, self._here(one), row.side())

    def unknown(self, cause: Cause, row: Theirs) -> Difference:
        return self._difference(cause, row.about, "existence", row.at, there=row.side())

    # ── How it is told ──

    def _here(self, one: Ours) -> Side:
        return Side(
            ids=one.numbers,
            amount=one.amount,
            currency=one.currency,
            at=one.at,
            standing=one.standing,
            order=one.order,
            payment=one.payment,
            reference=one.rma,
        )

    def _about(self, cause: Cause, one: Ours, row: Theirs, aspect: str) -> Difference:
        return self._difference(cause, one.number, aspect, row.at, self._here(one), row.side())

    def _difference(
        self, cause: Cause, subject: str, aspect: str, at: datetime, here: Side = NOTHING, there: Side = NOTHING
    ) -> Difference:
        book = self.terms.book
        return Difference(f"{book.value}:{subject}:{aspect}", book, cause, at, here, there, self.terms.provider)


def _elsewhere(one: Ours, row: Theirs) -> bool:
    """Whether the entry stands on another payment or order. A charge and an intent have different kinds of numbers."""
    if row.payment and one.payment and row.payment != one.payment:
        kinds = {row.payment[:3], one.payment[:3]}
        if kinds != {"pi_", "ch_"}:
            return True
    return bool(row.order and one.order and row.order not in (one.order, one.rma))
