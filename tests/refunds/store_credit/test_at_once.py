"""Many at once: identical spendings have one effect, different ones never spend more than there is."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection

from refunds import lifecycle
from refunds.models import StoreCreditEntry
from refunds.store_credit import Category, EntryKind
from refunds.store_credit.refusals import CreditRefused
from tests.builders import NOON
from tests.refunds.store_credit.cases import DESK, by_entries, remaining, some_credit

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
CALLERS = 8


def at_once(call: Callable[[int], Any]) -> list[Any]:
    gate = threading.Barrier(CALLERS)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return call(number)
        except CreditRefused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(run, range(CALLERS)))


def test_eight_identical_spendings_are_one() -> None:
    account = some_credit("10.00")
    told = at_once(
        lambda _n: lifecycle.spend(account.customer, D("3"), "GBP", cause="order/1", by=DESK, at=NOON).reference
    )
    assert set(told) == {f"{account.number}/3"}
    assert (StoreCreditEntry.objects.filter(kind=EntryKind.CAPTURE).count(), remaining(account)) == (1, D("7"))


def test_eight_different_spendings_stop_at_what_is_there() -> None:
    account = some_credit("10.00")
    told = at_once(lambda n: lifecycle.spend(account.customer, D("3"), "GBP", cause=f"o/{n}", by=DESK, at=NOON).kind)
    assert (told.count("capture"), told.count("not_enough_credit")) == (3, 5)
    assert by_entries(account) == remaining(account) == D("1")


def test_eight_first_credits_open_one_account() -> None:
    customer = some_credit("1.00", currency="EUR").customer
    told = at_once(
        lambda n: (
            lifecycle.grant_credit(
                customer, D("1"), "GBP", category=Category.GIFT, cause=f"gift/{n}", by=DESK, at=NOON
            ).account_id
        )
    )
    assert len(set(told)) == 1
    assert remaining(customer.store_credits.get(currency="GBP")) == D("8")
