"""A disputed payment: what is not sent waits, goes on when it is won, and is called off when it is lost."""

import itertools
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from oms.models import Delivery, Event
from refunds import lifecycle, protocol
from refunds.gateways import paypal_messages, stripe_messages
from refunds.gateways.base import DisputeNews, GatewayError
from refunds.models import PaymentDispute, Refund
from refunds.refusals import NotOurs
from refunds.states import DisputeStatus, RefundStatus
from returns.models import RMA
from returns.states import Settlement
from tests.refunds.cases import FINANCE, LATER, a_paid_order, a_refund_in, a_requested_refund, everything, money
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db

S, D = RefundStatus, DisputeStatus


def news(refund: Refund, status: DisputeStatus, *, id: str = "dp_1") -> DisputeNews:
    return DisputeNews(id, ("ch_else", refund.payment.provider_id), status, "general")


def hear(refund: Refund, *statuses: DisputeStatus, id: str = "dp_1") -> Refund:
    for status in statuses:
        lifecycle.hear_dispute(news(refund, status, id=id), by="stripe", at=LATER)
    return Refund.objects.get(pk=refund.pk)


def test_what_is_not_sent_waits(sandbox: Sandbox) -> None:
    refund = hear(a_requested_refund(a_paid_order(sandbox)), D.OPEN)
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert (refund.status, refund.attempts.count()) == (S.APPROVED, 0)
    assert money(refund.order) == (0, Decimal("10.00"))


def test_won_it_goes_on(sandbox: Sandbox) -> None:
    refund = hear(a_requested_refund(a_paid_order(sandbox)), D.OPEN, D.WON)
    owed = Delivery.objects.filter(event__name="refund.resumed", event__stream=refund.stream)
    assert list(owed.values_list("task", flat=True)) == ["refunds.submit_refund"]
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == S.SETTLED


def test_won_it_waits_for_another_dispute_of_the_same_payment() -> None:
    refund = a_requested_refund()
    hear(refund, D.OPEN, id="dp_1")
    hear(refund, D.OPEN, id="dp_2")
    hear(refund, D.WON, id="dp_1")
    assert not Event.objects.filter(name="refund.resumed").exists()
    assert lifecycle.submit(refund.number, by="system", at=LATER) is None


def test_lost_it_is_called_off_and_the_return_waits_for_somebody() -> None:
    refund = hear(a_requested_refund(), D.OPEN, D.LOST)
    assert (refund.status, refund.provider_reason) == (S.CANCELED, "dispute_lost")
    assert money(refund.order) == (0, 0)
    assert RMA.objects.get(pk=refund.rma_id).settlement == Settlement.FAILED


@pytest.mark.parametrize("status", [S.SUBMITTED, S.PENDING, S.SETTLED, S.FAILED, S.CANCELED])
def test_what_is_out_already_is_left_alone(status: S) -> None:
    refund = a_refund_in(status)
    before = everything(refund)
    hear(refund, D.OPEN, D.LOST)
    assert everything(refund) == before


@pytest.mark.parametrize("end", [D.WON, D.LOST])
def test_every_order_and_copy_of_the_news_ends_alike(end: D) -> None:
    ends = set()
    for order in itertools.permutations([D.OPEN, D.OPEN, end, end]):
        refund = hear(a_requested_refund(), *order, id=f"dp_{'-'.join(order)}-{len(ends)}-{Refund.objects.count()}")
        ends.add((refund.status, PaymentDispute.objects.get(payment=refund.payment).status))
    assert ends == {(S.APPROVED if end == D.WON else S.CANCELED, end)}


def test_a_refund_asked_for_while_it_is_disputed_waits_too() -> None:
    order = a_paid_order()
    first = a_requested_refund(order)
    hear(first, D.OPEN)
    [goodwill] = lifecycle.request_goodwill(
        order.number, Decimal(1), form_token=first.memo.ref, by="user:101", at=LATER
    )
    lifecycle.approve(goodwill.number, by=FINANCE, at=LATER)
    assert lifecycle.submit(goodwill.number, by="system", at=LATER) is None


def test_a_payment_that_is_not_ours() -> None:
    with pytest.raises(NotOurs):
        lifecycle.hear_dispute(DisputeNews("dp_1", ("ch_nobody",), D.OPEN), by="stripe", at=LATER)


# ── What providers say ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("needs_response", D.OPEN),
        ("warning_under_review", D.OPEN),
        ("won", D.WON),
        ("warning_closed", D.WON),
        ("lost", D.LOST),
        ("prevented", D.LOST),
    ],
)
def test_stripes_words(status: str, means: D) -> None:
    about = {"id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1", "status": status}
    [said] = stripe_messages.read("charge.dispute.closed", {"data": {"object": about}})
    assert said == DisputeNews("dp_1", ("ch_1", "pi_1"), means)


@pytest.mark.parametrize(
    ("status", "outcome", "means"),
    [
        ("OPEN", "", D.OPEN),
        ("WAITING_FOR_SELLER_RESPONSE", "", D.OPEN),
        ("RESOLVED", "RESOLVED_SELLER_FAVOUR", D.WON),
        ("RESOLVED", "CANCELED_BY_BUYER", D.WON),
        ("RESOLVED", "RESOLVED_BUYER_FAVOUR", D.LOST),
        ("RESOLVED", "SOMETHING_NEW", D.LOST),
    ],
)
def test_paypals_words(status: str, outcome: str, means: D) -> None:
    about: dict[str, Any] = {"dispute_id": "PP-D-1", "disputed_transactions": [{"seller_transaction_id": "CAP1"}]}
    about |= {"status": status, "dispute_outcome": {"outcome_code": outcome}}
    [said] = paypal_messages.read("CUSTOMER.DISPUTE.RESOLVED", {"resource": about})
    assert said == DisputeNews("PP-D-1", ("CAP1",), means)


@pytest.mark.parametrize("about", [{}, {"dispute_id": "PP-D-1"}, {"disputed_transactions": [{}]}])
def test_a_dispute_of_nothing_is_said(about: dict[str, Any]) -> None:
    with pytest.raises(GatewayError):
        list(paypal_messages.read("CUSTOMER.DISPUTE.CREATED", {"resource": about}))
