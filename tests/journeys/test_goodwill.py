"""Money without goods: with a reason, within the shop's cap, let out by a second person (p22)."""

from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.utils import timezone

from oms import shops
from oms.roles import Role
from refunds import lifecycle as refunds
from refunds.models import Refund
from refunds.refusals import GoodwillCapped
from refunds.states import GoodwillReason
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.sandbox import Sandbox
from tests.staff import a_member

pytestmark = pytest.mark.django_db


def give(order: on.Order, amount: str, reason: GoodwillReason = GoodwillReason.LATE) -> list[Refund]:
    return refunds.request_goodwill(
        order.number, D(amount), form_token=uuid4(), by=on.AGENT, at=timezone.now(), reason=reason
    )


def test_asked_for_with_a_reason_approved_by_another_paid_and_no_goods_come_back(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    [refund] = give(order, "3.00")
    on.run_jobs()
    assert [refund.status, refund.memo.quote["reason"], on.paid(order)] == ["awaiting_approval", "late", D("0.00")]
    refunds.approve(refund.number, by=a_member(Role.FINANCE).actor, at=timezone.now())
    on.run_jobs()
    assert on.paid(order) == on.paid_by_provider(vendors, order) == D("3.000")
    assert on.books_balance()
    rest = on.ask(order)
    assert rest.quote["total"] == "10.00"


def test_all_goodwill_of_an_order_together_stays_within_the_cap(vendors: Sandbox) -> None:
    shops.change({"goodwill_most": D("25.00")}, by="user:1", at=timezone.now())
    order = on.an_order_paid_at(vendors, Sold(gross="20.00"))
    [first] = give(order, "3.00")
    with pytest.raises(GoodwillCapped) as refused:
        give(order, "2.01")
    assert str(refused.value) == (
        "Goodwill on this order may come to 5.00 in all; 3.00 was given, so 2.01 is too much."
    )
    give(order, "2.00")
    refunds.refuse(first.number, reason="no case", by=a_member(Role.FINANCE).actor, at=timezone.now())
    give(order, "3.00")
    assert Refund.objects.exclude(status="canceled").count() == 2


def test_no_goodwill_at_all(vendors: Sandbox) -> None:
    shops.change({"goodwill_most": D("0.00")}, by="user:1", at=timezone.now())
    with pytest.raises(GoodwillCapped):
        give(on.an_order_paid_at(vendors), "0.01")
