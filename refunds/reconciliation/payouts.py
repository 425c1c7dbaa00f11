"""Whether each payout is the sum of what it is made of, and whether every refund reached one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.records import Difference, Kind, Line, Side, Standing, Terms

# Refunds leave with the next payout: one that is available for so long and was left out is a gap.
NEXT_PAYOUT = timedelta(days=7)


def compare_payouts(lines: Iterable[Line], terms: Terms) -> Iterator[Difference]:
    """Yield payouts that are not the sum of their rows, that failed, or that nobody lists; and refunds left out.

    Rows of kind PAYOUT are the payouts, `amount` being what arrives at the bank. Without any, nothing can be said.
    """
    payouts: dict[str, Line] = {}
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    first: dict[str, datetime] = {}
    left_out: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.kind == Kind.PAYOUT:
            payouts[line.about] = line
        elif line.payout:
            sums[line.payout][line.currency] += line.amount - line.fee
            first[line.payout] = min(line.at, first.get(line.payout, line.at))
        elif line.kind in (Kind.REFUND, Kind.FAILURE):
            left_out[line.about].append(line)
    if payouts:
        found = [*_sums(payouts, sums, first, terms), *_left_out(payouts, left_out, terms)]
        yield from (one for one in found if terms.since <= one.at < terms.until)


def _sums(
    payouts: dict[str, Line], sums: dict[str, dict[str, int]], first: dict[str, datetime], terms: Terms
) -> Iterator[Difference]:
    for id, payout in payouts.items():
        parts = {currency: amount for currency, amount in sums.get(id, {}).items() if amount}
        expected = {payout.currency: payout.amount} if payout.amount else {}
        if parts != expected or payout.standing == Standing.FAILED:
            here = Side(amount=parts.get(payout.currency, 0), currency=payout.currency, payout=id)
            there = Side(
                ids=(id,),
                amount=payout.amount,
                currency=payout.currency,
                at=payout.at,
                standing=payout.standing,
                payout=id,
                line=payout.line,
            )
            yield _gap(id, payout.at, here, there, terms)
    for id in sums.keys() - payouts.keys():
        currency, amount = next(iter(sums[id].items()))
        yield _gap(id, first[id], Side(amount=amount, currency=currency, payout=id), Side(payout=id), terms)


def _left_out(payouts: dict[str, Line], left_out: dict[str, list[Line]], terms: Terms) -> Iterator[Difference]:
    newest: dict[str, datetime] = {}
    for payout in payouts.values():
        newest[payout.currency] = max(payout.at, newest.get(payout.currency, payout.at))
    for about, lines in left_out.items():
        amount, line = sum(line.amount - line.fee for line in lines), lines[0]
        available = line.available_at or line.at
        passed = newest.get(line.currency)
        if amount and passed and passed > available and terms.now - available > NEXT_PAYOUT:
            there = Side(
                ids=(about,), amount=amount, currency=line.currency, at=line.at, reference=line.reference,
                payment=line.payment, order=line.order, line=line.line,
            )  # fmt: skip
            yield _gap(about, line.at, Side(), there, terms)


def _gap(subject: str, at: datetime, here: Side, there: Side, terms: Terms) -> Difference:
    return Difference(
        f"{Book.PAYOUT.value}:{subject}:payout", Book.PAYOUT, Cause.PAYOUT_GAP, at, here, there, terms.provider
    )
