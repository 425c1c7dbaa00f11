from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from oms import outbox
from oms.models import Order
from oms.roles import Role
from refunds.models import CreditMemo, CreditMemoLine, Refund
from refunds.states import RefundSource, RefundStatus
from returns.models import RMA, ReturnLine, ReturnReason
from returns.states import RMASource, RMAStatus, Settlement
from tests.staff import staff_client

_numbers = count(1)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def manager(db: None) -> Client:
    return staff_client(Role.MANAGER)


def came_back(
    order: Order,
    *,
    asked_at: datetime,
    settled_at: datetime | None = None,
    quantity: int = 1,
    arrived: int | None = None,
    paid: str = "",
    fees: str = "0",
    reason: str = "changed_mind",
    status: str = "",
) -> RMA:
    """A return of the order's first line as it stands after the fact: rows only, no verbs, times as told."""
    line = order.lines.order_by("position").first()
    number = f"R-TEST-{next(_numbers)}"
    rma = RMA(
        number=number,
        order=order,
        status=status or (RMAStatus.CLOSED if settled_at else RMAStatus.RECEIVED),
        settlement=Settlement.SETTLED if settled_at else Settlement.NONE,
        source=RMASource.PORTAL,
        currency=order.currency,
        requested_at=asked_at,
        settled_at=settled_at,
        closed_at=settled_at,
    )
    with transaction.atomic():
        outbox.record(rma, "rma.requested", by="system", at=asked_at, status=RMAStatus.APPROVED)
    ReturnLine.objects.create(
        rma=rma,
        order_line=line,
        quantity=quantity,
        arrived=quantity if arrived is None else arrived,
        reason=ReturnReason.objects.get(code=reason),
    )
    if paid:
        pay_back(rma, paid, fees=fees, at=settled_at or asked_at)
    return rma


def pay_back(rma: RMA, amount: str, *, at: datetime, fees: str = "0") -> None:
    line = rma.lines.get()
    memo = CreditMemo.objects.create(
        number=f"M-{uuid4().hex[:8]}",
        order=rma.order,
        rma=rma,
        source=RefundSource.RETURN,
        currency=rma.currency,
        net=Decimal(amount),
        tax=0,
        total=Decimal(amount),
        fees=Decimal(fees),
        issued_at=at,
    )
    CreditMemoLine.objects.create(
        memo=memo, order_line=line.order_line, quantity=line.quantity, gross=Decimal(amount), claim=line.claim
    )
    Refund.objects.create(
        number=f"F-{uuid4().hex[:8]}",
        memo=memo,
        order=rma.order,
        rma=rma,
        payment=rma.order.payments.get(),
        amount=Decimal(amount),
        currency=rma.currency,
        status=RefundStatus.SETTLED,
        source=RefundSource.RETURN,
        requested_at=at,
        settled_at=at,
    )


def tell(rma: RMA, *events: tuple[str, timedelta]) -> None:
    """Record what happened to a return, each so long after it was asked for."""
    with transaction.atomic():
        for name, after in events:
            outbox.record(rma, name, by="system", at=rma.requested_at + after)
