"""Our refunds beside the provider's, or our credit memos beside the accounting's credit notes.

Every row is looked at a fixed number of times. What belongs together is found by number, in this order: the provider's
own number, then ours as they noted it, then the order or payment for what is still left over.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property

from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.judging import Judge
from refunds.reconciliation.records import Difference, Kind, Line, Ours, Standing, Terms
from refunds.reconciliation.theirs import Theirs, fold

type Home = tuple[str, str]


def compare(ours: Iterable[Ours], lines: Iterable[Line], terms: Terms) -> Iterator[Difference]:
    """Yield each difference once. What lies outside the period of `terms` helps to match and is not told."""
    found = _Comparison(list(ours), terms).differences(lines)
    return (one for one in found if terms.since <= one.at < terms.until)


class _Comparison:
    def __init__(self, ours: list[Ours], terms: Terms) -> None:
        self.ours, self.terms, self.judge = ours, terms, Judge(terms)
        self.is_accounting = terms.book == Book.ACCOUNTING
        self.named: dict[str, Ours] = {}
        for one in ours:
            self.named[one.number] = one
            for name in (*one.names, *one.ids):
                self.named[name] = one
        self.matched: dict[str, list[Theirs]] = {}
        self.covered: set[str] = set()

    def differences(self, lines: Iterable[Line]) -> Iterator[Difference]:
        loose: list[Theirs] = []
        for theirs in fold(lines):
            known = self._known(theirs)
            if len(known) == 1:
                self.matched.setdefault(known[0].number, []).append(theirs)
            elif known:
                yield from self._several(known, theirs)
            else:
                loose.append(theirs)
        absent = [one for one in self.ours if one.number not in self.matched and one.number not in self.covered]
        yield from self._at_home(absent, loose)
        for one in self.ours:
            if theirs_of := self.matched.get(one.number):
                yield from self.judge.group(one, theirs_of, self._homes_of_others)
            elif one.number not in self.covered:
                yield from self.judge.absent(one)

    # ── What belongs together ──

    def _known(self, theirs: Theirs) -> list[Ours]:
        """Ours that this row names, by the number it has or by those it refers to."""
        if one := self.named.get(theirs.about):
            return [one]
        found = (self.named.get(word) for word in theirs.words)
        return list({one.number: one for one in found if one is not None}.values())

    def _several(self, known: list[Ours], theirs: Theirs) -> Iterator[Difference]:
        """One entry there names several of ours."""
        self.covered.update(one.number for one in known)
        together = sum(one.amount for one in known)
        same = together == theirs.amount and all(one.currency == theirs.currency for one in known)
        yield self.judge.several_here(Cause.COMBINED if same else Cause.AMOUNT, known, theirs)

    def _at_home(self, absent: list[Ours], loose: list[Theirs]) -> Iterator[Difference]:
        """What neither side could name is matched by the order or payment it is on; the rest is told as it is."""
        waiting: dict[Home, list[Ours]] = defaultdict(list)
        for one in absent:
            if one.standing in (Standing.PAID, Standing.OPEN):
                for home in {one.order, one.rma, one.payment} - {""}:
                    waiting[home, one.currency].append(one)
        there: dict[Home, list[Theirs]] = defaultdict(list)
        left: list[Theirs] = []
        for theirs in loose:
            homes = [(name, theirs.currency) for name in theirs.homes]
            place = next((one for one in homes if one in waiting), None)
            (there[place] if place else left).append(theirs)
        for place, rows in there.items():
            here = [one for one in waiting[place] if one.number not in self.covered and one.number not in self.matched]
            yield from self._pair(here, rows, left)
        yield from self._leftover(left)

    def _pair(self, here: list[Ours], rows: list[Theirs], left: list[Theirs]) -> Iterator[Difference]:
        alive = [one for one in rows if one.standing != Standing.FAILED]
        total = sum(one.amount for one in alive)
        if len(here) > 1 and len(alive) == 1 and sum(one.amount for one in here) == total:
            self.covered.update(one.number for one in here)
            yield self.judge.several_here(Cause.COMBINED, here, alive[0])
        elif len(here) == 1 and len(alive) > 1 and here[0].amount == total:
            self.covered.add(here[0].number)
            yield self.judge.several_there(here[0], alive)
        elif self.is_accounting:  # the same return under another document's number
            self._by_amount(here, rows, left)
        else:
            left += rows

    def _by_amount(self, here: list[Ours], rows: list[Theirs], left: list[Theirs]) -> None:
        free: dict[int, list[Ours]] = defaultdict(list)
        for one in here:
            free[one.amount].append(one)
        for theirs in rows:
            if free.get(theirs.amount):
                self.matched[free[theirs.amount].pop().number] = [theirs]
            elif len(here) == len(rows) == 1:
                self.matched[here[0].number] = [theirs]
            else:
                left.append(theirs)

    def _leftover(self, left: list[Theirs]) -> Iterator[Difference]:
        booked = self._booked() if self.is_accounting and left else {}
        for theirs in left:
            if theirs.standing == Standing.FAILED:
                continue  # it was made there and came back: nothing moved
            twin = next(
                (one for name in theirs.homes if (one := booked.get((name, theirs.amount, theirs.currency)))), None
            )
            if twin is not None:
                yield self.judge.duplicate(twin, theirs)
            elif theirs.reference or self.is_accounting:
                yield self.judge.unknown(Cause.MISSING_HERE, theirs)
            else:
                yield self.judge.unknown(Cause.DASHBOARD, theirs)

    def _booked(self) -> dict[tuple[str, int, str], Ours]:
        """What is booked already, by where it belongs and how much it is: a second entry of it is a duplicate."""
        return {
            (home, one.amount, one.currency): one
            for one in self.ours
            if one.number in self.matched
            for home in (one.order, one.rma)
            if home
        }

    def _homes_of_others(self, one: Ours, words: Iterable[str]) -> bool:
        """Whether a note beside the entry names another order or return of ours, and not this one's."""
        own = {one.order, one.rma, one.number, *one.names}
        words = list(words)
        return not own.intersection(words) and any(word in self._homes for word in words)

    @cached_property
    def _homes(self) -> frozenset[str]:
        return frozenset(home for one in self.ours for home in (one.order, one.rma) if home)


def period_of(lines: Iterable[Line]) -> tuple[datetime, datetime] | None:
    """The first and the last moment of a statement's refunds and credits; None without any."""
    times = [line.at for line in lines if line.kind in (Kind.REFUND, Kind.FAILURE, Kind.CREDIT)]
    return (min(times), max(times)) if times else None
