"""Two pairs of eyes: what leaves without a second person is counted, and PostgreSQL counts the same way (R84, p38)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from oms.models import Customer, Order, User
from oms.roles import Role
from oms.statemachine import TransitionRefused
from refunds import lifecycle
from refunds.lifecycle.approving import as_seen
from refunds.models import Refund, RefundApproval
from refunds.refusals import ApprovalStale, MayNotApprove, OwnRequest, ReasonMissing, WayNotOpen
from refunds.states import RefundDestination, RefundStatus
from returns import lifecycle as returns
from returns.lifecycle import Finding
from returns.models import RMA
from tests.builders import Sold, a_customer, a_return, an_order
from tests.refunds.cases import (
    DOCK,
    FINANCE,
    LATER,
    a_paid_order,
    a_refund_in,
    a_requested_refund,
    approve_above,
    everything,
    inspect_all,
    money,
    receive_all,
)
from tests.staff import a_member

pytestmark = pytest.mark.django_db

S, D = RefundStatus, RefundDestination


def again_of(order: Order, *, at: Any = LATER) -> Refund:
    """One more unit of the order comes back and is inspected."""
    rma = a_return(order, quantity=1)
    inspect_all(rma, receive_all(rma))
    return lifecycle.request_for_return(rma.number, by=DOCK, at=at)[-1]


def an_order_of(customer: Customer) -> Order:
    return an_order(customer=customer, provider_id=f"pi_{uuid4().hex}")


# ── When a second person is needed ────────────────────────────────────────────────────────────────────────────────


def test_small_parts_of_one_order_come_to_the_same_sum() -> None:
    approve_above("15")
    order = a_paid_order()
    first, second = again_of(order), again_of(order, at=LATER + timedelta(days=30))
    assert (first.status, first.approval_reasons) == (S.APPROVED, [])
    assert (second.status, second.approval_reasons) == (S.AWAITING_APPROVAL, ["order"])


def test_small_parts_over_several_orders_of_a_customer_come_to_the_same_sum() -> None:
    approve_above("15")
    customer = a_customer()
    first, second = again_of(an_order_of(customer)), again_of(an_order_of(customer), at=LATER + timedelta(hours=23))
    assert (first.status, second.approval_reasons) == (S.APPROVED, ["day"])
    assert again_of(an_order_of(customer), at=LATER + timedelta(hours=25)).status == S.APPROVED


def test_what_a_second_person_saw_counts_no_more() -> None:
    approve_above("15")
    order = a_paid_order(lines=[Sold(quantity=3, gross="30.00", tax="5.00")])
    again_of(order)
    seen = again_of(order)
    lifecycle.approve(seen.number, by=FINANCE, at=LATER)
    assert again_of(order).approval_reasons == ["order"]
    approve_above("20")
    assert again_of(a_paid_order()).approval_reasons == []


def test_more_than_was_quoted_needs_a_second_person() -> None:
    refund = a_requested_refund()
    assert refund.approval_reasons == []
    order = a_paid_order()
    rma = a_return(order, condition="used")
    RMA.objects.filter(pk=rma.pk).update(quote=rma.quote | {"total": "9.99"})
    inspect_all(rma, receive_all(rma))
    [more] = lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)
    assert (more.status, more.approval_reasons) == (S.AWAITING_APPROVAL, ["over_quote"])


def test_goodwill_always_needs_a_second_person() -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    assert refund.approval_reasons == ["goodwill"]


def test_a_lower_limit_meets_what_failed_meanwhile() -> None:
    refund = a_refund_in(S.FAILED)
    approve_above("5")
    lifecycle.retry(refund.number, after=1, by=FINANCE, at=LATER)
    refund.refresh_from_db()
    assert (refund.status, refund.approval_reasons) == (S.AWAITING_APPROVAL, ["order"])


# ── Who ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [Role.AGENT, Role.DOCK, Role.MANAGER, Role.AUDITOR])
def test_only_finance_approves(role: str) -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    before = everything(refund)
    with pytest.raises(MayNotApprove), transaction.atomic():
        lifecycle.approve(refund.number, by=a_member(role).actor, at=LATER)
    assert everything(refund) == before


@pytest.mark.parametrize("by", ["system", "user:0", "user:x", "user:", "customer:abc", "stripe"])
def test_a_person_approves(by: str) -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    with pytest.raises(MayNotApprove), transaction.atomic():
        lifecycle.approve(refund.number, by=by, at=LATER)


def test_who_inspected_does_not_approve() -> None:
    approve_above("0")
    inspector = a_member(Role.ADMINISTRATOR)
    rma = a_return(a_paid_order())
    receipts = receive_all(rma)
    findings = [Finding(one.pk, one.quantity, "opened", "") for one in receipts]
    returns.inspect(rma.number, findings, form_token=uuid4(), by=inspector.actor, at=LATER)
    [refund] = lifecycle.request_for_return(rma.number, by="system", at=LATER)
    with pytest.raises(OwnRequest), transaction.atomic():
        lifecycle.approve(refund.number, by=inspector.actor, at=LATER)
    assert lifecycle.approve(refund.number, by=FINANCE, at=LATER).status == S.APPROVED


def test_who_asked_as_an_agent_does_not_approve_as_finance() -> None:
    """A change of role in between makes nobody a second person."""
    agent = a_member(Role.AGENT)
    order = a_paid_order()
    [refund] = lifecycle.request_goodwill(order.number, Decimal(1), form_token=uuid4(), by=agent.actor, at=LATER)
    User.objects.filter(pk=agent.pk).update(role=Role.FINANCE)
    with pytest.raises(OwnRequest), transaction.atomic():
        lifecycle.approve(refund.number, by=agent.actor, at=LATER)


def test_what_was_seen_is_what_is_approved() -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    seen = as_seen(refund)
    lifecycle.redirect(refund.number, D.MANUAL, reason="asked for cash", by=DOCK, at=LATER)
    with pytest.raises(ApprovalStale), transaction.atomic():
        lifecycle.approve(refund.number, by=FINANCE, at=LATER, seen=seen)
    refund.refresh_from_db()
    assert lifecycle.approve(refund.number, by=FINANCE, at=LATER, seen=as_seen(refund)).status == S.APPROVED


# ── Another way ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_way_voids_the_approval_and_needs_a_new_one() -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    lifecycle.approve(refund.number, by=FINANCE, at=LATER)
    lifecycle.redirect(refund.number, D.MANUAL, reason="card gone", by=DOCK, at=LATER)
    refund.refresh_from_db()
    assert (refund.status, refund.destination) == (S.AWAITING_APPROVAL, D.MANUAL)
    assert refund.approval_reasons == ["destination", "goodwill"]
    assert refund.approvals.get().voided_at == LATER
    with pytest.raises(TransitionRefused), transaction.atomic():
        lifecycle.submit(refund.number, by="system", at=LATER)
    lifecycle.approve(refund.number, by=FINANCE, at=LATER)
    assert refund.approvals.get(voided_at=None).destination == D.MANUAL


def test_a_failed_refund_takes_its_money_along() -> None:
    refund = a_refund_in(S.FAILED)
    assert money(refund.order) == (0, 0)
    lifecycle.redirect(refund.number, D.MANUAL, reason="card gone", by=FINANCE, at=LATER)
    assert money(refund.order) == (0, refund.amount)
    other = a_member(Role.FINANCE)
    assert lifecycle.approve(refund.number, by=other.actor, at=LATER).status == S.APPROVED


def test_who_chose_the_way_does_not_approve_it() -> None:
    refund = a_refund_in(S.FAILED)
    lifecycle.redirect(refund.number, D.MANUAL, reason="card gone", by=FINANCE, at=LATER)
    with pytest.raises(OwnRequest), transaction.atomic():
        lifecycle.approve(refund.number, by=FINANCE, at=LATER)


@pytest.mark.parametrize("way", [D.EXCHANGE, D.ORIGINAL])
def test_ways_that_are_not_open(way: D) -> None:
    refund = a_refund_in(S.FAILED)
    with pytest.raises(WayNotOpen), transaction.atomic():
        lifecycle.redirect(refund.number, way, reason="card gone", by=FINANCE, at=LATER)


def test_another_way_says_why() -> None:
    refund = a_refund_in(S.FAILED)
    with pytest.raises(ReasonMissing), transaction.atomic():
        lifecycle.redirect(refund.number, D.MANUAL, reason=" ", by=FINANCE, at=LATER)


@pytest.mark.parametrize("status", [S.SUBMITTED, S.PENDING, S.SETTLED, S.CANCELED])
def test_money_on_its_way_is_not_redirected(status: S) -> None:
    refund = a_refund_in(status)
    with pytest.raises(TransitionRefused), transaction.atomic():
        lifecycle.redirect(refund.number, D.MANUAL, reason="card gone", by=FINANCE, at=LATER)


# ── PostgreSQL alone ──────────────────────────────────────────────────────────────────────────────────────────────

WAITING: dict[str, Callable[[Refund], Any]] = {
    "approved": lambda refund: Refund.objects.filter(pk=refund.pk).update(status=S.APPROVED),
    "submitted": lambda refund: Refund.objects.filter(pk=refund.pk).update(status=S.SUBMITTED),
    "settled": lambda refund: Refund.objects.filter(pk=refund.pk).update(status=S.SETTLED),
    "reasons taken away": lambda refund: Refund.objects.filter(pk=refund.pk).update(approval_reasons=[]),
    "another source": lambda refund: Refund.objects.filter(pk=refund.pk).update(source="external"),
    "own approval": lambda refund: _approve(refund, DOCK),
    "an agent's approval": lambda refund: _approve(refund, a_member(Role.AGENT).actor),
    "approval of less": lambda refund: _approve_and_send(refund, amount=Decimal("0.01")),
    "approval of another way": lambda refund: _approve_and_send(refund, destination=D.MANUAL),
    "void approval": lambda refund: _approve_and_send(refund, voided_at=LATER),
}


def _approve(refund: Refund, by: str, **terms: Any) -> None:
    known = {"amount": refund.amount, "destination": refund.destination, "approved_at": LATER}
    RefundApproval.objects.create(refund=refund, approver_id=int(by.partition(":")[2]), **known | terms)


def _approve_and_send(refund: Refund, **terms: Any) -> None:
    _approve(refund, FINANCE, **terms)
    Refund.objects.filter(pk=refund.pk).update(status=S.APPROVED)


@pytest.mark.parametrize("way", WAITING)
def test_no_way_around_the_wall(way: str) -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    User.objects.get_or_create(pk=101, defaults={"email": "dock-101@staff.example", "role": Role.ADMINISTRATOR})
    before = everything(refund)
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        WAITING[way](refund)
    assert everything(refund) == before
    assert not RefundApproval.objects.exists()


def test_amount_and_way_of_what_is_approved_stay() -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    lifecycle.approve(refund.number, by=FINANCE, at=LATER)
    for change in ({"amount": Decimal("4.00")}, {"destination": D.STORE_CREDIT}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Refund.objects.filter(pk=refund.pk).update(**change)


def test_the_wall_counts_parts_too() -> None:
    approve_above("15")
    order = a_paid_order()
    again_of(order)
    second = again_of(order)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.filter(pk=second.pk).update(status=S.APPROVED, approval_reasons=[])
    copy = Refund.objects.get(pk=second.pk)
    copy.pk, copy.number, copy.destination = None, "F-COPY", D.STORE_CREDIT
    copy.status, copy.approval_reasons = S.APPROVED, []
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


def test_an_approval_is_only_ever_voided() -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    lifecycle.approve(refund.number, by=FINANCE, at=LATER)
    for change in ({"amount": Decimal("9.00")}, {"approver_id": 101}, {"approved_at": LATER + timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RefundApproval.objects.filter(refund=refund).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        RefundApproval.objects.filter(refund=refund).delete()
