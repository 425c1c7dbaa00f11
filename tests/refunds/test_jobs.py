"""From event to money by jobs alone, as workers run them."""

from decimal import Decimal

import pytest

from oms.models import Delivery, Event
from oms.orders import cancel_lines
from refunds.models import Refund
from refunds.states import RefundStatus
from returns.models import RMA
from returns.states import RMAStatus, Settlement
from tests.builders import an_order
from tests.jobs import run_jobs
from tests.refunds.cases import LATER, a_paid_order, an_inspected_return, known_to_provider, money
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_inspection_pays_and_closes(sandbox: Sandbox) -> None:
    order = a_paid_order(sandbox)
    rma = an_inspected_return(order, quantity=2)
    run_jobs("refunds")
    rma.refresh_from_db()
    assert (rma.status, rma.settlement) == (RMAStatus.CLOSED, Settlement.SETTLED)
    assert money(order) == (Decimal("20.00"), 0)
    refund = Refund.objects.get(rma=rma)
    told = Event.objects.filter(stream__in=(rma.stream, refund.stream), name__regex="^(refund|rma.settle|rma.closed)")
    assert list(told.order_by("pk").values_list("name", flat=True)) == [
        "refund.requested",
        "rma.settlement_started",
        "refund.submitted",
        "refund.settled",
        "rma.settled",
        "rma.closed",
    ]
    assert {event.correlation for event in told} == {rma.correlation}


def test_cancellation_pays_without_a_return(sandbox: Sandbox) -> None:
    order = an_order(shipped_at=None, provider_id="pi_canceled")
    sandbox.payments([known_to_provider(order.payments.get())])
    cancel_lines(order.number, {order.lines.get().pk: 2}, "customer", by="user:1", at=LATER)
    run_jobs("refunds")
    assert money(order) == (Decimal("20.00"), 0)


def test_a_provider_that_is_down_is_called_again(sandbox: Sandbox) -> None:
    order = a_paid_order(sandbox)
    an_inspected_return(order)
    sandbox.faults(stripe={"down": True})
    run_jobs("refunds", fails=True)
    refund = Refund.objects.get(order=order)
    assert refund.status == RefundStatus.SUBMITTED
    owed = Delivery.objects.get(event__name="refund.requested")
    assert (owed.done_at, owed.error) == (None, "GatewayError")
    sandbox.faults(stripe={"down": False})
    Delivery.objects.filter(pk=owed.pk).update(attempts=0)
    run_jobs("refunds")
    refund.refresh_from_db()
    assert (refund.status, refund.attempts.count()) == (RefundStatus.SETTLED, 1)


def test_no_room_on_the_payment_is_for_a_person(sandbox: Sandbox) -> None:
    order = a_paid_order(sandbox)
    order.payments.update(captured=Decimal("5.00"))
    rma = an_inspected_return(order)
    run_jobs("refunds")
    assert RMA.objects.get(pk=rma.pk).settlement == Settlement.DUE
    refused = Event.objects.filter(name="verb.refused")
    assert {event.facts["code"] for event in refused} == {"payments_exhausted"}
    assert money(order) == (0, 0)
