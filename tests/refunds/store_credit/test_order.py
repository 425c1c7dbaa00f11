"""Which credit is spent first, and that the arithmetic of a ledger holds at every instant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refunds.store_credit import EFFECTS, Category, EntryKind, Holding, Part, give_back, in_spending_order, take
from refunds.store_credit.kinds import balance_change
from tests.properties import many

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CATEGORIES = ("gift", "bonus", "goodwill", "refund")


def holding(
    key: int, amount: str, category: str = "refund", *, days: int | None = None, since: int = 0, **sums: str
) -> Holding:
    return Holding(
        key,
        category,
        D(amount),
        D(sums.get("used", "0")),
        D(sums.get("authorized", "0")),
        NOON - timedelta(days=since),
        None if days is None else NOON + timedelta(days=days),
    )


def keys(*holdings: Holding) -> list[int]:
    return [one.key for one in in_spending_order(holdings, CATEGORIES)]


def test_what_expires_soonest_is_spent_first_and_what_never_does_last() -> None:
    assert keys(holding(1, "5"), holding(2, "5", days=30), holding(3, "5", days=10)) == [3, 2, 1]


def test_of_what_expires_together_the_category_decides() -> None:
    rows = [holding(n, "5", category, days=10) for n, category in enumerate(reversed(CATEGORIES))]
    assert keys(*rows) == [3, 2, 1, 0]


def test_of_one_category_the_oldest_then_the_lowest_number() -> None:
    assert keys(holding(3, "5", since=1), holding(1, "5", since=1), holding(2, "5", since=9)) == [2, 1, 3]


def test_the_same_holdings_are_always_spent_in_the_same_order() -> None:
    rows = [holding(n, "5", CATEGORIES[n % 4], days=n % 3 or None, since=n % 2) for n in range(12)]
    assert keys(*rows) == keys(*reversed(rows)) == keys(*rows[6:], *rows[:6])


def test_taking_walks_in_that_order() -> None:
    rows = [holding(1, "5"), holding(2, "3", days=9), holding(3, "4", days=1, used="1", authorized="1")]
    assert take(D("6"), rows, CATEGORIES, NOON) == (Part(3, D("2")), Part(2, D("3")), Part(1, D("1")))


@pytest.mark.parametrize(("days", "left"), [(1, "5"), (0, "0"), (-1, "0"), (None, "5")])
def test_at_the_instant_of_its_expiry_credit_is_spent_no_more(days: int | None, left: str) -> None:
    assert holding(1, "5", days=days).spendable(NOON) == D(left)


def test_what_was_spent_last_comes_back_first() -> None:
    spent = [Part(3, D("2")), Part(2, D("3")), Part(1, D("1"))]
    assert give_back(D("2"), spent, []) == (Part(1, D("1")), Part(2, D("1")))
    assert give_back(D("4"), spent, [Part(1, D("1")), Part(2, D("1"))]) == (Part(2, D("2")), Part(3, D("2")))
    assert sum(part.amount for part in give_back(D("9"), spent, [])) == D("6")


cents = st.integers(min_value=1, max_value=2000).map(lambda minor: D(minor) / 100)
moves = st.lists(st.tuples(st.sampled_from(sorted(EntryKind)), cents, st.integers(0, 5)), max_size=40)


@many
@given(moves)
def test_the_balance_is_the_sum_of_the_entries_at_every_instant(steps: list[tuple[EntryKind, D, int]]) -> None:
    """Whatever is asked for in whatever order: what is possible happens, and no sum ever falls below zero."""
    grants: dict[int, Holding] = {}
    balance, held, spent, back = D(0), [], [], []

    def move(kind: EntryKind, parts: tuple[Part, ...]) -> None:
        nonlocal balance
        for part in parts:
            effect, one = EFFECTS[kind], grants[part.key]
            grants[part.key] = replace(
                one,
                amount=one.amount + effect.amount * part.amount,
                used=one.used + effect.used * part.amount,
                authorized=one.authorized + effect.authorized * part.amount,
            )
            balance += balance_change(kind, part.amount)

    for kind, amount, which in steps:
        if kind is EntryKind.GRANT:
            key = len(grants) + 1
            grants[key] = holding(key, "0", list(Category)[which % 4], days=which or None, since=which)
            move(kind, (Part(key, amount),))
        elif kind is EntryKind.AUTHORIZE:
            parts = take(amount, grants.values(), CATEGORIES, NOON)
            if sum((part.amount for part in parts), D(0)) == amount:
                held.append(parts)
                move(kind, parts)
        elif kind in (EntryKind.CAPTURE, EntryKind.VOID) and held:
            parts = held.pop(which % len(held))
            move(kind, parts)
            if kind is EntryKind.CAPTURE:
                spent.append(parts)
                back.append([])
        elif kind is EntryKind.RELEASE and spent:
            parts = give_back(amount, spent[which % len(spent)], back[which % len(spent)])
            back[which % len(spent)] += parts
            move(kind, parts)
        elif kind in (EntryKind.EXPIRE, EntryKind.INVALIDATE, EntryKind.ADJUST) and grants:
            one = grants[which % len(grants) + 1]
            change = -min(amount, one.remaining) if kind is EntryKind.ADJUST else one.remaining
            move(kind, (Part(one.key, change),) if change else ())
        assert balance == sum((one.remaining for one in grants.values()), D(0))
        assert all(min(one.used, one.authorized, one.remaining) >= 0 for one in grants.values())
