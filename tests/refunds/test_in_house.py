"""Value we give ourselves: one transaction, exactly once, and a refusal leaves nothing behind."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from oms.models import Order
from oms.refusals import Refused
from refunds import lifecycle, protocol
from refunds.gateways import registry
from refunds.models import Refund
from refunds.states import RefundDestination, RefundStatus
from returns.models import RMA
from returns.states import RMAStatus
from tests.builders import an_order
from tests.refunds.cases import FINANCE, LATER, a_requested_refund, money

pytestmark = pytest.mark.django_db


class Gone(Refused):
    code = "gone"


class House:
    """Gives as a real one does: by writing something of its own into the same transaction."""

    name = "house"

    def __init__(self) -> None:
        self.refuses = False

    def give(self, refund: Refund, *, by: str, at: datetime) -> str:
        Order.objects.filter(pk=refund.order_id).update(market="given")
        if self.refuses:
            raise Gone
        return f"given-{refund.number}"


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    made = House()
    monkeypatch.setitem(registry.IN_HOUSE, RefundDestination.STORE_CREDIT, made)
    return made


def a_refund_in_house() -> Refund:
    refund = a_requested_refund(an_order())
    Refund.objects.filter(pk=refund.pk).update(destination=RefundDestination.STORE_CREDIT)
    return Refund.objects.get(pk=refund.pk)


def test_given_and_settled_in_one_step(house: House) -> None:
    refund = a_refund_in_house()
    for _twice in range(2):
        protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert (refund.status, refund.provider_id) == (RefundStatus.SETTLED, f"given-{refund.number}")
    assert money(refund.order) == (Decimal("10.00"), 0)
    assert refund.attempts.count() == 1
    assert RMA.objects.get(pk=refund.rma_id).status == RMAStatus.CLOSED


def test_what_the_house_refuses_fails_and_may_be_tried_again(house: House) -> None:
    refund = a_refund_in_house()
    house.refuses = True
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert (refund.status, refund.provider_reason) == (RefundStatus.FAILED, "gone")
    assert money(refund.order) == (0, 0)
    house.refuses = False
    lifecycle.retry(refund.number, after=0, by=FINANCE, at=LATER)
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED
