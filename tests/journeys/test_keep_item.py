"""What is not worth sending is paid back and kept: no label, money at approval, capped per customer (returnless)."""

from decimal import Decimal

import pytest
from django.utils import timezone

from inventory.models import StockLevel
from oms.roles import Role
from refunds import lifecycle as refunds
from refunds.models import Refund
from refunds.refusals import MayNotApprove, OwnRequest
from returns import lifecycle
from returns.lifecycle import Arrived, Wanted
from returns.models import RMA
from returns.refusals import NothingExpected, NotOffered, PaidAlready, ReasonNeeded
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.policies import a_rule
from tests.sandbox import Sandbox
from tests.staff import a_member

pytestmark = pytest.mark.django_db


def asked(order: on.Order, resolution: str = "keep_item", quantity: int = 1) -> RMA:
    return on.ask(order, Wanted(order.lines.get().pk, quantity, "wrong_size", "opened"), resolution=resolution)


def let_out(rma: RMA) -> None:
    """No goods come back and no rule said so: a second person looks at it."""
    refund = Refund.objects.get(rma=rma)
    assert [refund.status, refund.approval_reasons] == ["awaiting_approval", ["kept"]]
    with pytest.raises((MayNotApprove, OwnRequest)):
        refunds.approve(refund.number, by=on.AGENT, at=timezone.now())
    refunds.approve(refund.number, by=a_member(Role.FINANCE).actor, at=timezone.now())
    on.run_jobs()


def test_it_is_kept_and_paid_back_at_once(vendors: Sandbox) -> None:
    a_rule("keep_item", value_up_to="10.00")
    order = on.an_order_paid_at(vendors)
    rma = asked(order)
    assert on.status(rma) == ("closed", "settled")
    assert on.paid(order) == on.paid_by_provider(vendors, order) == Decimal("10.00")
    assert [rma.refund_at, rma.decision["label"], rma.expires_at, rma.parcels.count()] == ["approval", "none", None, 0]
    assert StockLevel.objects.filter(quantity__gt=0).count() == 0
    assert on.mails(rma) == ["kept", "refunded", "survey"]
    assert on.story(rma) == ["rma.requested", "rma.settlement_started", "rma.settled", "rma.closed"]
    assert on.books_balance()


def test_a_unit_that_was_kept_cannot_come_back_too(vendors: Sandbox) -> None:
    a_rule("keep_item", value_up_to="10.00")
    order = on.an_order_paid_at(vendors)
    kept = asked(order)
    rest = asked(order, "refund")
    claims = [one.lines.get().claim.units for one in (kept, rest)]
    assert claims == [((0, 1),), ((1, 2),)]


def test_beyond_the_cap_a_person_decides(vendors: Sandbox) -> None:
    a_rule("keep_item", value_up_to="10.00", times=1)
    order = on.an_order_paid_at(vendors)
    asked(order)
    again = asked(order)
    assert on.status(again) == ("needs_review", "none")
    assert again.decision["choices"][0]["code"] == "choice_kept_before"
    lifecycle.approve(again.number, by=on.AGENT, at=timezone.now())
    on.run_jobs()
    assert on.status(again) == ("approved", "in_progress")
    let_out(again)
    assert on.status(again) == ("closed", "settled")
    assert on.paid(order) == Decimal("20.00")


def test_what_is_worth_more_travels(vendors: Sandbox) -> None:
    a_rule("keep_item", value_up_to="19.99")
    order = on.an_order_paid_at(vendors)
    assert on.status(asked(order, quantity=2)) == ("needs_review", "none")


def test_kept_goods_are_neither_received_nor_called_off(vendors: Sandbox) -> None:
    a_rule("keep_item", value_up_to="10.00")
    rma = asked(on.an_order_paid_at(vendors))
    with pytest.raises(NothingExpected):
        on.arrive(rma, Arrived(rma.lines.get().pk, 1))
    rma.status = "approved"
    RMA.objects.filter(pk=rma.pk).update(status="approved")
    with pytest.raises(PaidAlready):
        lifecycle.cancel(rma.number, by="customer:x", at=timezone.now())


class TestStaffChooseInstead:
    def let_keep(self, rma: RMA, reason: str = "not worth the postage") -> RMA:
        found = lifecycle.choose_resolution(
            rma.number, resolution="keep_item", reason=reason, by=on.AGENT, at=timezone.now()
        )
        on.run_jobs()
        return found

    def test_an_approved_return_may_be_kept_after_all(self, vendors: Sandbox) -> None:
        order = on.an_order_paid_at(vendors, Sold(gross="90.00", tax="15.00"))
        rma = asked(order, "refund")
        self.let_keep(rma)
        let_out(rma)
        assert on.status(rma) == ("closed", "settled")
        assert on.paid(order) == Decimal("45.00")
        assert [one.status for one in rma.parcels.all()] == ["voided"]
        assert StockLevel.objects.filter(quantity__gt=0).count() == 0
        assert on.story(rma)[2:4] == ["rma.resolution_changed", "rma.settlement_started"]
        assert on.mails(rma)[-3:] == ["kept", "refunded", "survey"]

    def test_while_it_is_looked_at_nothing_is_paid_before_the_yes(self, vendors: Sandbox) -> None:
        order = on.an_order_paid_at(vendors, Sold(gross="1200.00", tax="200.00"))
        rma = asked(order, "refund")
        self.let_keep(rma)
        assert [on.status(rma), on.paid(order)] == [("needs_review", "none"), Decimal("0.00")]
        lifecycle.approve(rma.number, by=on.AGENT, at=timezone.now())
        on.run_jobs()
        assert Refund.objects.get(rma=rma).amount == Decimal("600.00")

    def test_not_without_a_reason_nor_once_goods_or_money_are_under_way(self, vendors: Sandbox) -> None:
        rma = asked(on.an_order_paid_at(vendors), "refund")
        with pytest.raises(ReasonNeeded):
            self.let_keep(rma, " ")
        on.travel(vendors, rma, "in_transit")
        with pytest.raises(NotOffered):
            self.let_keep(rma)
        on.inspect(rma, on.arrive(rma))
        with pytest.raises(PaidAlready):
            self.let_keep(rma)
        assert on.status(rma) == ("closed", "settled")
