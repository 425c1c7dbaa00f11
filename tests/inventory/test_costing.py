"""What we own, movement by movement in the database, against the pure arithmetic over the whole history."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import costing, revaluing, terms
from inventory.models import CostLayer, ProductValue, ValueMovement
from inventory.refusals import MoreThanIssued, NotThatManyValued
from inventory.states import CostingMethod, ValueOp
from oms.journal import Account
from oms.models import JournalEntry, Posting, Product
from tests.builders import NOON
from tests.properties import thorough

pytestmark = pytest.mark.django_db
METHODS = list(CostingMethod)


def a_product(costing_method: str = "fifo", sku: str = "LANTERN") -> Product:
    product = Product.objects.create(sku=sku, title="Lantern", standard_cost=D("7.5"))
    ProductValue.objects.create(product=product, costing=costing_method)
    return product


def booked(account: Account) -> D:
    return Posting.objects.filter(account=account).aggregate(sum=Sum("amount"))["sum"] or D(0)


@pytest.mark.parametrize(
    ("method", "value", "cogs"),
    [("fifo", "180", "900"), ("lifo", "150", "930"), ("average", "162", "918"), ("specific", "180", "900")],
)
def test_the_textbook_case_under_each_method(method: str, value: str, cogs: str) -> None:
    product = a_product(method)
    costing.receive(product, 60, D(10), cause="bill/1", at=NOON)
    costing.receive(product, 40, D(12), cause="bill/2", at=NOON)
    sold = costing.issue(product, 80, cause="order_line/1", at=NOON)
    costing.take_back(sold, 5, cause="outcome/1", at=NOON)
    costing.issue(product, 10, cause="order_line/2", at=NOON)
    held = ProductValue.objects.get(product=product)
    assert [held.quantity, held.value, booked(Account.INVENTORY)] == [15, D(value), D(value)]
    assert booked(Account.COST_OF_GOODS) == D(cogs)
    assert booked(Account.GOODS_RECEIVED) == D(-1080)


def test_a_unit_comes_back_at_the_cost_it_left_with_whatever_was_bought_since() -> None:
    product = a_product("fifo")
    costing.receive(product, 2, D(10), cause="bill/1", at=NOON)
    sold = costing.issue(product, 2, cause="order_line/1", at=NOON)
    costing.receive(product, 1, D(99), cause="bill/2", at=NOON)
    assert costing.take_back(sold, 1, cause="outcome/1", at=NOON).cost == 10
    assert costing.issue(product, 1, cause="order_line/2", at=NOON).cost == 10  # its old place: sold first


def test_unknown_cost_is_the_standard_cost_and_says_so() -> None:
    moved = costing.receive(a_product(), 2, None, cause="outcome/1", at=NOON)
    assert [moved.cost, moved.is_estimated] == [15, True]


def test_more_than_we_own_or_sold_is_refused_and_nothing_moves() -> None:
    product = a_product()
    costing.receive(product, 3, D(10), cause="bill/1", at=NOON)
    sold = costing.issue(product, 2, cause="order_line/1", at=NOON)
    with pytest.raises(NotThatManyValued) as refused, transaction.atomic():
        costing.issue(product, 2, cause="order_line/2", at=NOON)
    assert str(refused.value) == "LANTERN: 2 asked for, 1 are ours."
    with pytest.raises(MoreThanIssued), transaction.atomic():
        costing.take_back(sold, 3, cause="outcome/1", at=NOON)
    held = ProductValue.objects.get(product=product)
    assert [held.quantity, held.value, ValueMovement.objects.count()] == [1, 10, 2]


def test_one_cause_counts_once_and_history_stays() -> None:
    product = a_product()
    moved = costing.receive(product, 3, D(10), cause="bill/1", at=NOON)
    with pytest.raises(DatabaseError), transaction.atomic():
        costing.receive(product, 3, D(10), cause="bill/1", at=NOON)
    with pytest.raises(DatabaseError), transaction.atomic():
        ValueMovement.objects.filter(pk=moved.pk).update(cost=0)
    assert ProductValue.objects.get(product=product).quantity == 3


def test_thirds_add_up_in_the_books() -> None:
    product = a_product("average")
    costing.receive(product, 3, D(10) / 3, cause="bill/1", at=NOON)
    for number in range(3):
        costing.issue(product, 1, cause=f"order_line/{number}", at=NOON)
    held = ProductValue.objects.get(product=product)
    assert [held.quantity, held.value, booked(Account.INVENTORY), booked(Account.COST_OF_GOODS)] == [0, 0, 0, 10]


# ── Another method ────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_method_books_the_difference_today_and_rewrites_nothing() -> None:
    product = a_product("fifo")
    costing.receive(product, 60, D(10), cause="bill/1", at=NOON)
    costing.receive(product, 40, D(12), cause="bill/2", at=NOON)
    costing.issue(product, 80, cause="order_line/1", at=NOON)
    before = list(JournalEntry.objects.order_by("pk").values_list("cause", "booked_at"))
    assert revaluing.revalue(product, CostingMethod.LIFO, at=NOON + timedelta(days=1)) == D(-40)
    assert booked(Account.REVALUATION) == 40
    assert list(JournalEntry.objects.order_by("pk").values_list("cause", "booked_at"))[: len(before)] == before
    assert costing.issue(product, 20, cause="order_line/2", at=NOON).cost == 200
    assert revaluing.revalue(product, CostingMethod.LIFO, at=NOON) == 0  # a second time changes nothing
    assert [one.valuation.value for one in revaluing.compare(product) if one.valuation] == [0, 0, 0, 0]


def test_the_terms_of_a_category_and_of_every_other() -> None:
    terms.change("Lamps", costing="average", issue_order="oldest_first", by="user:1", at=NOON)
    assert terms.of(Product(category="Lamps")).costing == CostingMethod.AVERAGE
    assert terms.of(Product(category="Mugs")).costing == CostingMethod.FIFO
    with pytest.raises(ValueError, match="cheapest"):
        terms.change("Lamps", costing="cheapest", issue_order="oldest_first", by="user:1", at=NOON)


# ── Any history ───────────────────────────────────────────────────────────────────────────────────────────────────

STEPS = st.lists(
    st.tuples(st.sampled_from(list(ValueOp)[:4]), st.integers(1, 9), st.integers(0, 2000), st.integers(0, 20)),
    min_size=1,
    max_size=9,
)


def play(product: Product, steps: Any) -> None:
    """Do what is possible of `steps`; the arithmetic refuses the rest by itself."""
    for number, (op, quantity, cents, pick) in enumerate(steps):
        cause = f"step/{number}"
        receipts, issues = (
            list(ValueMovement.objects.filter(product=product, op=kind).order_by("pk"))
            for kind in (ValueOp.RECEIVE, ValueOp.ISSUE)
        )
        try:
            with transaction.atomic():
                if op == ValueOp.RECEIVE:
                    costing.receive(product, quantity, D(cents) / 100, cause=cause, at=NOON)
                elif op == ValueOp.ISSUE:
                    lot = receipts[pick % len(receipts)] if receipts else None
                    costing.issue(product, quantity, cause=cause, at=NOON, lot=lot)
                elif op == ValueOp.RETURN and issues:
                    costing.take_back(issues[pick % len(issues)], quantity, cause=cause, at=NOON)
                elif op == ValueOp.VENDOR_RETURN and receipts:
                    costing.send_to_vendor(receipts[pick % len(receipts)], quantity, cause=cause, at=NOON)
        except (NotThatManyValued, MoreThanIssued):
            continue


@pytest.mark.parametrize("method", METHODS)
@settings(thorough, max_examples=max(25, thorough.max_examples // 10))
@given(steps=STEPS)
def test_one_by_one_is_the_same_as_the_whole_history(method: CostingMethod, steps: Any) -> None:
    with transaction.atomic():
        product = a_product(method)
        play(product, steps)
        held = ProductValue.objects.get(product=product)
        events, rows = revaluing.history(product)
        valued = revaluing.value_under(events, method)
        movements = ValueMovement.objects.in_bulk(rows)
        assert held.quantity == valued.quantity
        assert abs(held.value - valued.value) < D("1e-8")
        for row, event in zip(rows, valued.events, strict=True):
            assert abs(movements[row].cost - event.cost) < D("1e-8")
        if method != CostingMethod.AVERAGE:
            left = CostLayer.objects.filter(product=product).aggregate(sum=Sum("quantity"))["sum"] or 0
            assert left == held.quantity
        assert booked(Account.INVENTORY) == held.value.quantize(D("0.01"), rounding="ROUND_HALF_UP")
        transaction.set_rollback(True)
