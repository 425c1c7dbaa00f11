"""Numbers of credit memos: one after the other per series, none twice, none left out."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from oms.models import Order
from refunds import lifecycle
from refunds.models import CreditMemo, MemoNumber, MemoSeries
from tests.builders import an_order
from tests.refunds.cases import LATER, a_paid_order


def goodwill(order: Order, *, at: datetime = LATER, amount: str = "1.00") -> CreditMemo:
    [refund] = lifecycle.request_goodwill(order.number, Decimal(amount), form_token=uuid4(), by="user:1", at=at)
    return refund.memo


def as_if_committed() -> None:
    """What PostgreSQL does at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def numbers() -> list[tuple[str, int]]:
    return list(MemoNumber.objects.order_by("series", "serial").values_list("series", "serial"))


@pytest.mark.django_db
def test_each_market_and_year_counts_from_one() -> None:
    ours, theirs = an_order(), an_order()
    Order.objects.filter(pk=theirs.pk).update(market="DE")
    year_end = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    memos = [
        goodwill(ours), goodwill(ours), goodwill(theirs), goodwill(ours, at=year_end),
        goodwill(ours, at=datetime(2027, 1, 1, tzinfo=UTC)),
    ]  # fmt: skip
    as_if_committed()
    documents = [CreditMemo.objects.get(pk=memo.pk).document for memo in memos]
    assert documents == ["CM-2026-00001", "CM-2026-00002", "CM-DE2026-00001", "CM-2026-00003", "CM-2027-00001"]


@pytest.mark.django_db
def test_a_memo_has_no_number_before_its_transaction_ends() -> None:
    memo = goodwill(an_order())
    assert (memo.document, numbers()) == ("", [])


@pytest.mark.django_db
def test_a_verb_rolled_back_leaves_no_gap() -> None:
    order = an_order()
    goodwill(order)
    as_if_committed()
    point = transaction.savepoint_create()
    goodwill(order)
    as_if_committed()
    assert numbers() == [("2026", 1), ("2026", 2)]
    transaction.savepoint_rollback(point)
    goodwill(order)
    as_if_committed()
    assert numbers() == [("2026", 1), ("2026", 2)]


@pytest.mark.django_db
def test_postgresql_refuses_to_change_a_number_or_to_skip_one() -> None:
    goodwill(an_order())
    as_if_committed()
    for change in (
        lambda: MemoNumber.objects.update(serial=7),
        lambda: MemoNumber.objects.all().delete(),
        lambda: MemoSeries.objects.update(last=5),
        lambda: MemoSeries.objects.update(last=0),
        lambda: MemoSeries.objects.all().delete(),
        lambda: MemoNumber.objects.create(memo=goodwill(an_order()), series="2026", serial=1),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert numbers() == [("2026", 1)]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_many_at_once_are_numbered_one_after_the_other() -> None:
    """Eight people at once, every third rolled back: 1 to 5 in the end, each once."""
    orders = [a_paid_order() for _ in range(8)]

    def work(position: int) -> None:
        try:
            with transaction.atomic():
                goodwill(orders[position])
                if position % 3 == 0:
                    raise InterruptedError
        except InterruptedError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(position,)) for position in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert numbers() == [("2026", serial) for serial in range(1, 6)]
    assert MemoSeries.objects.get().last == 5
