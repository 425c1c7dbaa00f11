"""Prepared queries read what their querysets read, with the values of each call."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.transaction import TransactionManagementError

from oms.models import Order, OrderLine
from oms.prepared import prepared
from tests.builders import NOON, Sold, an_order

pytestmark = pytest.mark.django_db


def about(number: str, since: datetime) -> QuerySet[Order]:
    several = OrderLine.objects.filter(order=OuterRef("pk"), position=2)
    found = Order.objects.select_related("customer").prefetch_related("lines").annotate(is_long=Exists(several))
    return found.filter(number=number, placed_at__gt=since).order_by("pk")


def told(orders: Any) -> list[Any]:
    return [(one.pk, one.customer.email, one.is_long, [line.sku for line in one.lines.all()]) for one in orders]


def test_it_reads_what_the_queryset_reads(django_assert_num_queries: Any) -> None:
    orders = [an_order(lines=[Sold()]), an_order(lines=[Sold(), Sold()])]
    read = prepared(about)
    for order in [*orders, *orders]:
        expected = told(about(order.number, NOON - timedelta(days=365)))
        with django_assert_num_queries(2):
            assert told(read(order.number, NOON - timedelta(days=365))) == expected
        assert len(expected) == 1
    assert read(orders[0].number, NOON + timedelta(days=365)) == []


def test_one_is_the_row_or_says_that_there_is_none() -> None:
    order = an_order()
    read = prepared(lambda pk: Order.objects.filter(pk=pk))
    assert read.one(order.pk) == order
    with pytest.raises(Order.DoesNotExist):
        read.one(order.pk + 1)


def test_rows_are_locked_inside_a_transaction_only() -> None:
    order = an_order()
    read = prepared(lambda number: Order.objects.select_for_update().filter(number=number))
    with transaction.atomic():
        assert read.one(order.number) == order
    connection.in_atomic_block, before = False, connection.in_atomic_block
    try:
        with pytest.raises(TransactionManagementError):
            read.one(order.number)
    finally:
        connection.in_atomic_block = before


def test_a_value_that_is_no_parameter_is_refused() -> None:
    with pytest.raises(TypeError):
        prepared(lambda number, at: Order.objects.filter(number=number, placed_at__gt=at - timedelta(days=1)))(
            "A", NOON
        )
    with pytest.raises(TypeError):
        prepared(lambda paid: Order.objects.filter(number=str(paid)))(True)
    with pytest.raises(TypeError):
        prepared(lambda numbers: Order.objects.filter(number__in=numbers))(["A"])


def test_a_uuid_is_a_parameter() -> None:
    order = an_order()
    read = prepared(lambda ref: Order.objects.filter(ref=ref))
    assert read(order.ref) == [order]
    assert read(UUID(int=1)) == []
