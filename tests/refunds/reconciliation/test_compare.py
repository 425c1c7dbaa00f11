"""Each difference is told once, with its cause; what agrees is not told at all."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.compare import compare, period_of
from refunds.reconciliation.payouts import compare_payouts
from refunds.reconciliation.records import Difference, Kind, Line, Ours, Standing, Terms

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SENT = NOW - 20 * DAY
PROVIDER = Terms(Book.PROVIDER, NOW - 40 * DAY, NOW, NOW, patience=10 * DAY, provider="stripe")
BOOKS = Terms(Book.ACCOUNTING, NOW - 40 * DAY, NOW, NOW, patience=7 * DAY, same_month=True)


def ours(number: str = "F-1", amount: int = 1000, standing: Standing = Standing.PAID, **more: object) -> Ours:
    terms = {"currency": "GBP", "at": SENT, "order": "T1", "payment": "pi_1", "ids": (f"re_{number}",)} | more
    return Ours(number, amount, standing=standing, **terms)  # type: ignore[arg-type]


def refund(about: str = "re_F-1", amount: int = 1000, **more: object) -> Line:
    terms = {"currency": "GBP", "at": SENT, "payment": "pi_1"} | more
    return Line(Kind.REFUND, f"txn_{about}", about, -amount, **terms)  # type: ignore[arg-type]


def failure(about: str = "re_F-1", amount: int = 1000, **more: object) -> Line:
    terms = {"currency": "GBP", "at": NOW - 5 * DAY} | more
    return Line(Kind.FAILURE, f"txn_{about}_back", about, amount, **terms)  # type: ignore[arg-type]


def credit(about: str = "CN-1", amount: int = 1000, **more: object) -> Line:
    terms = {"currency": "GBP", "at": SENT, "reference": "R-1"} | more
    return Line(Kind.CREDIT, about, about, amount, **terms)  # type: ignore[arg-type]


def memo(number: str = "CN-1", amount: int = 1000, **more: object) -> Ours:
    terms = {"ids": (), "payment": "", "rma": "R-1", "names": ("F-1",)} | more
    return ours(number, amount, **terms)


def causes(found: object) -> list[tuple[str, str]]:
    return sorted((one.cause.value, one.key) for one in found)  # type: ignore[attr-defined]


def provider(here: list[Ours], there: list[Line], terms: Terms = PROVIDER) -> list[tuple[str, str]]:
    return causes(compare(here, there, terms))


def accounting(here: list[Ours], there: list[Line], terms: Terms = BOOKS) -> list[tuple[str, str]]:
    return causes(compare(here, there, terms))


WAITING, OPEN, PAID, FAILED, CALLED_OFF = (
    Standing.WAITING, Standing.OPEN, Standing.PAID, Standing.FAILED, Standing.CALLED_OFF,
)  # fmt: skip
YOUNG = NOW - timedelta(hours=6)


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        # both say the same
        ([ours()], [refund()], []),
        ([ours(standing=OPEN)], [refund(standing="open")], []),
        ([ours(standing=FAILED)], [refund(), failure()], []),
        ([ours(standing=FAILED)], [], []),
        ([ours(standing=WAITING)], [], []),
        ([ours(standing=CALLED_OFF)], [], []),
        ([ours(ids=("re_old", "re_F-1"))], [refund("re_old"), failure("re_old"), refund()], []),
        ([ours(payment="ch_9")], [refund()], []),  # a charge and an intent are not compared
        # absent
        ([ours()], [], [("missing_there", "provider:F-1:existence")]),
        ([ours(at=YOUNG)], [], [("in_transit", "provider:F-1:existence")]),
        ([ours(standing=OPEN, at=YOUNG)], [], [("in_transit", "provider:F-1:existence")]),
        ([ours(standing=OPEN)], [], [("missing_there", "provider:F-1:existence")]),
        (
            [ours(ids=("re_old", "re_F-1"))],
            [refund("re_old"), failure("re_old")],
            [("missing_there", "provider:F-1:existence")],
        ),
        # status
        ([ours()], [refund(), failure()], [("failed_later", "provider:F-1:status")]),
        ([ours()], [failure()], [("failed_later", "provider:F-1:status")]),  # the refund lies before the statement
        ([ours()], [refund(standing="failed")], [("failed_later", "provider:F-1:status")]),
        ([ours()], [refund(standing="open")], [("status", "provider:F-1:status")]),
        ([ours(standing=OPEN)], [refund()], [("status", "provider:F-1:status")]),
        ([ours(standing=OPEN, at=YOUNG)], [refund(at=YOUNG)], [("in_transit", "provider:F-1:status")]),
        ([ours(standing=OPEN)], [refund(), failure()], [("status", "provider:F-1:status")]),
        (
            [ours(standing=OPEN)],
            [refund(), failure(at=YOUNG)],
            [("in_transit", "provider:F-1:status")],
        ),
        ([ours(standing=FAILED)], [refund()], [("status", "provider:F-1:status")]),
        ([ours(standing=CALLED_OFF)], [refund()], [("status", "provider:F-1:status")]),
        ([ours(standing=WAITING, ids=())], [refund("re_x", reference="F-1")], [("status", "provider:F-1:status")]),
        # amounts
        ([ours()], [refund(amount=1001)], [("amount", "provider:F-1:amount")]),
        ([ours()], [refund(currency="EUR")], [("currency", "provider:F-1:amount")]),
        ([ours()], [refund(currency="JPY", amount=10)], [("currency", "provider:F-1:amount")]),
        ([ours()], [refund(fee=30)], [("fee", "provider:F-1:fee")]),
        ([ours()], [refund(at=SENT + 4 * DAY)], [("date", "provider:F-1:date")]),
        ([ours()], [refund(at=SENT + 3 * DAY)], []),
        ([ours()], [refund(payment="pi_2")], [("wrong_order", "provider:F-1:order")]),
        ([ours()], [refund(order="T2")], [("wrong_order", "provider:F-1:order")]),
        # one aspect does not hide another
        ([ours()], [refund(amount=900, fee=30)], [("amount", "provider:F-1:amount"), ("fee", "provider:F-1:fee")]),
        # several
        ([ours()], [refund(), refund("re_2", reference="F-1")], [("duplicate", "provider:re_2:existence")]),
        ([ours()], [refund("re_2", reference="F-1"), refund()], [("duplicate", "provider:re_2:existence")]),
        (
            [ours(ids=("re_old", "re_F-1"))],
            [refund("re_old"), refund()],
            [("duplicate", "provider:re_old:existence")],
        ),
        (
            [ours(ids=())],
            [refund("re_a", 400, reference="F-1"), refund("re_b", 600, reference="F-1")],
            [("split", "provider:F-1:existence")],
        ),
        ([ours(ids=())], [refund("re_a", 400), refund("re_b", 600)], [("split", "provider:F-1:existence")]),
        (
            [ours(ids=()), ours("F-2", 500, ids=())],
            [refund("re_a", 1500, reference="F-1, F-2")],
            [("combined", "provider:re_a:existence")],
        ),
        (
            [ours(ids=()), ours("F-2", 500, ids=())],
            [refund("re_a", 1400, reference="F-1 F-2")],
            [("amount", "provider:re_a:existence")],
        ),
        (
            [ours(ids=()), ours("F-2", 500, ids=())],
            [refund("re_a", 1500)],
            [("combined", "provider:re_a:existence")],
        ),
        # nothing here
        ([], [refund("re_x")], [("dashboard", "provider:re_x:existence")]),
        ([], [refund("re_x"), failure("re_x")], []),
        ([], [refund("re_x", reference="F-9")], [("missing_here", "provider:re_x:existence")]),
        (
            [ours()],
            [refund("re_x", 400)],
            [("dashboard", "provider:re_x:existence"), ("missing_there", "provider:F-1:existence")],
        ),
        # neither is in the period
        ([ours(at=NOW - 60 * DAY)], [], []),
        ([], [refund("re_x", at=NOW - 60 * DAY)], []),
        # not a refund
        ([], [Line(Kind.OTHER, "txn_fee", "txn_fee", -200, "GBP", SENT)], []),
    ],
)
def test_the_provider(here: list[Ours], there: list[Line], expected: list[tuple[str, str]]) -> None:
    assert provider(here, there) == expected
    assert provider(here[::-1], there[::-1]) == expected


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ([memo()], [credit()], []),
        ([memo()], [credit("F-1")], []),  # booked under the number of its refund
        ([memo()], [credit("X-77")], []),  # another document, the same return and amount
        ([memo(), memo("CN-2", 500)], [credit("X-77", 500), credit("X-78", 1000)], []),
        ([memo()], [credit("X-77", 900)], [("amount", "accounting:CN-1:amount")]),
        ([memo()], [], [("missing_there", "accounting:CN-1:existence")]),
        ([memo(at=NOW - 3 * DAY)], [], [("in_transit", "accounting:CN-1:existence")]),
        ([], [credit()], [("missing_here", "accounting:CN-1:existence")]),
        ([memo()], [credit(amount=999)], [("amount", "accounting:CN-1:amount")]),
        ([memo()], [credit(amount=2000)], [("duplicate", "accounting:CN-1:amount")]),
        ([memo()], [credit(), credit("CN-1B")], [("duplicate", "accounting:CN-1B:existence")]),
        ([memo()], [credit(currency="EUR")], [("currency", "accounting:CN-1:amount")]),
        ([memo()], [credit(at=SENT + 5 * DAY)], [("date", "accounting:CN-1:date")]),
        (
            [memo(at=datetime(2026, 10, 31, 9, tzinfo=UTC))],
            [credit(at=datetime(2026, 11, 1, tzinfo=UTC))],
            [("date", "accounting:CN-1:date")],
        ),
        (
            [memo(), memo("CN-2", rma="R-2", names=())],
            [credit(reference="R-2"), credit("CN-2", reference="R-2")],
            [("wrong_order", "accounting:CN-1:order")],
        ),
        ([memo()], [credit(reference="whatever they wrote")], []),
        (
            [memo(), memo("CN-2", 500, names=())],
            [credit("BATCH", 1500, reference="CN-1 CN-2")],
            [("combined", "accounting:BATCH:existence")],
        ),
        (
            [memo(), memo("CN-2", 500, names=())],
            [credit("BATCH", 1500)],
            [("combined", "accounting:BATCH:existence")],
        ),
        (
            [memo()],
            [credit("X-1", 400), credit("X-2", 600)],
            [("split", "accounting:CN-1:existence")],
        ),
    ],
)
def test_the_accounting(here: list[Ours], there: list[Line], expected: list[tuple[str, str]]) -> None:
    assert accounting(here, there) == expected
    assert accounting(here[::-1], there[::-1]) == expected


def test_a_difference_says_both_sides() -> None:
    [found] = compare([ours()], [refund(amount=900, payout="po_1", line=7)], PROVIDER)
    assert (found.cause, found.book, found.provider, found.at) == (Cause.AMOUNT, Book.PROVIDER, "stripe", SENT)
    assert (found.here.ids, found.here.amount, found.here.currency) == (("F-1",), 1000, "GBP")
    assert (found.there.ids, found.there.amount, found.there.payout, found.there.line) == (("re_F-1",), 900, "po_1", 7)


# ── Payouts ──


def payout(about: str = "po_1", amount: int = 5000, **more: object) -> Line:
    return Line(Kind.PAYOUT, about, about, amount, "GBP", NOW - 10 * DAY, **more)  # type: ignore[arg-type]


def part(about: str, amount: int, payout: str = "po_1", fee: int = 0, kind: Kind = Kind.OTHER) -> Line:
    return Line(kind, f"txn_{about}", about, amount, "GBP", SENT, fee=fee, payout=payout)


def gaps(lines: list[Line]) -> list[tuple[str, int | None, int | None]]:
    found: list[Difference] = list(compare_payouts(lines, PROVIDER))
    assert {one.cause for one in found} <= {Cause.PAYOUT_GAP}
    return sorted((one.key, one.here.amount, one.there.amount) for one in found)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([payout(), part("ch_1", 6200, fee=200), part("re_1", -1000, kind=Kind.REFUND)], []),
        ([payout(amount=4990), part("ch_1", 5000)], [("payout:po_1:payout", 5000, 4990)]),
        ([payout(amount=0)], []),
        ([payout(), part("ch_1", 5000), part("ch_2", 100, "po_2")], [("payout:po_2:payout", 100, None)]),
        ([part("ch_1", 5000)], []),  # a statement without payouts says nothing about them
        ([payout(standing="failed"), part("ch_1", 5000)], [("payout:po_1:payout", 5000, 5000)]),
        (
            [payout(), part("ch_1", 5000), part("re_1", -700, "", kind=Kind.REFUND)],
            [("payout:re_1:payout", None, -700)],
        ),
        (
            [payout(), part("ch_1", 5000), part("re_1", -700, "", kind=Kind.REFUND), failure("re_1", 700)],
            [],
        ),
        ([payout(), part("ch_1", 5000), refund("re_1", at=NOW - 9 * DAY)], []),  # later than the newest payout
    ],
)
def test_payouts(lines: list[Line], expected: list[tuple[str, int | None, int | None]]) -> None:
    assert gaps(lines) == expected


def test_the_period_of_a_statement() -> None:
    assert period_of([]) is None
    assert period_of([payout(), refund(), failure()]) == (SENT, NOW - 5 * DAY)


# ── Whatever comes ──

AMOUNTS = st.integers(1, 5)
NUMBERS = st.sampled_from(["F-1", "F-2", "F-3"])
HERE = st.builds(
    lambda number, amount, standing, order, has_id: ours(
        number, amount, standing, order=order, payment=f"pi_{order}", ids=(f"re_{number}",) if has_id else ()
    ),
    NUMBERS, AMOUNTS, st.sampled_from(Standing), st.sampled_from(["T1", "T2"]), st.booleans(),
)  # fmt: skip
THERE = st.builds(
    lambda about, amount, reference, order, fails, currency: [
        refund(about, amount, reference=reference, payment=f"pi_{order}", currency=currency),
        *([failure(about, amount, currency=currency)] if fails else []),
    ],
    st.sampled_from(["re_F-1", "re_F-2", "re_F-3", "re_x", "re_y"]),
    AMOUNTS,
    st.sampled_from(["", "F-1", "F-2", "F-9", "F-1 F-2"]),
    st.sampled_from(["T1", "T2"]),
    st.booleans(),
    st.sampled_from(["GBP", "GBP", "EUR"]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(HERE, max_size=4, unique_by=lambda one: one.number),
    st.lists(THERE, max_size=5, unique_by=lambda lines: lines[0].about),
    st.sampled_from([PROVIDER, BOOKS]),
)
def test_nothing_is_told_twice_and_no_money_is_left_unexplained(
    here: list[Ours], there: list[list[Line]], terms: Terms
) -> None:
    lines = [line for rows in there for line in rows]
    found = list(compare(here, lines, terms))
    assert [key for key, count in Counter(one.key for one in found).items() if count > 1] == []
    assert [one.key for one in compare(here, lines, terms)] == [one.key for one in found]
    # If nothing is told about money, both books give the same sums.
    if terms is PROVIDER and not [one for one in found if one.cause not in (Cause.DATE, Cause.FEE, Cause.WRONG_ORDER)]:
        given_there = Counter[str]()
        for line in lines:
            given_there[line.currency] -= line.amount
        given_here = Counter[str]()
        for one in here:
            given_here[one.currency] += one.amount if one.standing == PAID else 0
        assert {k: v for k, v in given_there.items() if v} == {k: v for k, v in given_here.items() if v}
