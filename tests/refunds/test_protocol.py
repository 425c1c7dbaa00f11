"""A refund reaches the provider exactly once, whatever the line does: the real SDK against the sandbox."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from oms.models import Posting
from oms.states import PaymentMethod
from refunds import lifecycle, protocol
from refunds.evidence import Evidence
from refunds.gateways.base import GatewayError
from refunds.models import Refund
from refunds.refusals import EvidenceMissing
from refunds.states import AttemptResult, ManualMethod, RefundStatus
from refunds.tasks import poll_pending
from returns.models import RMA
from returns.states import RMAStatus, Settlement
from tests.builders import an_order
from tests.refunds.cases import FINANCE, LATER, a_paid_order, a_requested_refund, money
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def provider_refunds(sandbox: Sandbox, refund: Refund) -> list[dict]:
    charge = refund.payment.provider_id.replace("pi_", "ch_")
    return sandbox.book(charge)["charges"][charge]["refunds"]


def test_whole_way(sandbox: Sandbox) -> None:
    order = a_paid_order(sandbox)
    refund = a_requested_refund(order, quantity=2)
    assert refund.amount == Decimal("20.00")
    assert refund.amount == Decimal(refund.rma.quote["total"])
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED
    assert money(order) == (Decimal("20.00"), 0)
    rma = RMA.objects.get(pk=refund.rma_id)
    assert (rma.status, rma.settlement) == (RMAStatus.CLOSED, Settlement.SETTLED)
    [made] = provider_refunds(sandbox, refund)
    assert (made["id"], made["amount"]) == (refund.provider_id, 2000)
    postings = Posting.objects.filter(entry__cause=f"refund/{refund.number}/settled/1").order_by("pk")
    assert list(postings.values_list("account", "amount")) == [
        ("returns", Decimal("16.67")),
        ("sales_tax", Decimal("3.33")),
        ("provider", Decimal("-20.00")),
    ]


def test_dropped_answer_is_asked_again_under_the_same_key(sandbox: Sandbox) -> None:
    refund = a_requested_refund(a_paid_order(sandbox))
    sandbox.faults(stripe={"drop": 1.0})
    with pytest.raises(GatewayError):
        protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert (refund.status, refund.attempts.get().result) == (RefundStatus.SUBMITTED, AttemptResult.UNKNOWN)
    assert len(provider_refunds(sandbox, refund)) == 1
    sandbox.faults(stripe={"drop": 0.0})
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED
    assert len(provider_refunds(sandbox, refund)) == 1
    assert (refund.attempts.get().calls, refund.attempts.get().result) == (2, AttemptResult.ANSWERED)


def test_error_500_that_hides_a_refund_is_found_by_our_number(sandbox: Sandbox) -> None:
    """The provider replays the 500 for that key for ever, so the second run looks the refund up."""
    refund = a_requested_refund(a_paid_order(sandbox))
    sandbox.faults(stripe={"error_500": 1.0})
    with pytest.raises(GatewayError):
        protocol.carry_out(refund.number, by="system", now=timezone.now)
    sandbox.faults(stripe={"error_500": 0.0})
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED
    [made] = provider_refunds(sandbox, refund)
    assert made["id"] == refund.provider_id


def test_too_many_requests_is_no_failure(sandbox: Sandbox) -> None:
    refund = a_requested_refund(a_paid_order(sandbox))
    sandbox.faults(stripe={"error_429": 1.0})
    with pytest.raises(GatewayError):
        protocol.carry_out(refund.number, by="system", now=timezone.now)
    assert refund.attempts.get().result == AttemptResult.SENT
    sandbox.faults(stripe={"error_429": 0.0})
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED


def test_a_no_fails_and_a_person_may_try_again(sandbox: Sandbox) -> None:
    order = a_paid_order(sandbox)
    refund = a_requested_refund(order)
    sandbox.refund_in_dashboard(refund.payment.provider_id, 1500)
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.FAILED
    assert refund.attempts.get().result == AttemptResult.REFUSED
    assert money(order) == (0, 0)
    assert RMA.objects.get(pk=refund.rma_id).settlement == Settlement.FAILED


def test_after_the_key_is_forgotten_it_is_only_looked_up(sandbox: Sandbox) -> None:
    refund = a_requested_refund(a_paid_order(sandbox))
    sandbox.faults(stripe={"down": True})
    with pytest.raises(GatewayError):
        protocol.carry_out(refund.number, by="system", now=timezone.now)
    sandbox.faults(stripe={"down": False})
    refund.attempts.update(result=AttemptResult.UNKNOWN)
    day_after = timezone.now() + timedelta(hours=23)
    protocol.carry_out(refund.number, by="system", now=lambda: day_after)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SUBMITTED
    assert (refund.attempts.get().result, refund.attempts.get().code) == (AttemptResult.UNKNOWN, "no_trace")
    assert provider_refunds(sandbox, refund) == []


def test_money_given_in_silence_is_not_given_again(sandbox: Sandbox) -> None:
    """A person gave an attempt up that the provider had executed: the retry finds its refund and makes no other."""
    order = a_paid_order(sandbox)
    refund = a_requested_refund(order)
    sandbox.faults(stripe={"drop": 1.0})
    with pytest.raises(GatewayError):
        protocol.carry_out(refund.number, by="system", now=timezone.now)
    sandbox.faults(stripe={"drop": 0.0})
    lifecycle.confirm_unpaid(refund.number, by=FINANCE, at=timezone.now() + timedelta(hours=24))
    lifecycle.retry(refund.number, after=1, by=FINANCE, at=LATER)
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED
    assert [made["id"] for made in provider_refunds(sandbox, refund)] == [refund.provider_id]
    assert money(order) == (Decimal("10.00"), 0)


def test_poll_finds_what_no_webhook_told(sandbox: Sandbox) -> None:
    sandbox.faults(stripe={"pending": 1.0, "settle_after": None})
    refund = a_requested_refund(a_paid_order(sandbox))
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.PENDING
    sandbox.move_refund(refund.provider_id, "succeeded")
    Refund.objects.filter(pk=refund.pk).update(submitted_at=timezone.now() - timedelta(minutes=5))
    assert poll_pending() == 1
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED
    assert poll_pending() == 0


def test_poll_goes_on_with_an_attempt_that_lost_its_worker(sandbox: Sandbox) -> None:
    refund = a_requested_refund(a_paid_order(sandbox))
    lifecycle.submit(refund.number, by="system", at=timezone.now() - timedelta(minutes=5))
    assert poll_pending() == 1
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED
    assert len(provider_refunds(sandbox, refund)) == 1


def test_paid_by_hand() -> None:
    order = an_order(method=PaymentMethod.MANUAL)
    refund = a_requested_refund(order)
    assert (refund.status, refund.approval_reasons) == (RefundStatus.AWAITING_APPROVAL, ["by_hand"])
    lifecycle.approve(refund.number, by=FINANCE, at=LATER)
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert (refund.status, refund.provider_reason) == (RefundStatus.PENDING, "paid_by_hand")
    with pytest.raises(EvidenceMissing), transaction.atomic():
        lifecycle.confirm_paid(refund.number, by=FINANCE, at=LATER)
    proof = Evidence(ManualMethod.CASH, "till 3, 17:04")
    lifecycle.confirm_paid(refund.number, by=FINANCE, at=LATER, proof=proof)
    assert refund.evidence.get().reference == "till 3, 17:04"
    assert money(order) == (Decimal("10.00"), 0)
    assert RMA.objects.get(pk=refund.rma_id).status == RMAStatus.CLOSED
