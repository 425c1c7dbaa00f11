"""On a bad day at the provider: nothing lost, nothing doubled, its book and ours equal to the cent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from oms.models import Posting
from refunds import lifecycle, protocol
from refunds.gateways.base import GatewayError
from refunds.models import Refund
from refunds.states import RefundStatus
from refunds.tasks import poll_pending
from tests.refunds.cases import FINANCE, a_paid_order, an_inspected_return
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db

BAD = {"drop": 0.2, "error_500": 0.15, "error_429": 0.15, "error_409": 0.1, "pending": 0.3, "fail": 0.3}
CASES = 25


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_doubled(sandbox: Sandbox) -> None:
    orders = [a_paid_order(sandbox) for _case in range(CASES)]
    for order in orders:
        rma = an_inspected_return(order, quantity=2)
        lifecycle.request_for_return(rma.number, by="system", at=timezone.now())
    sandbox.faults(seed=7, stripe=BAD | {"settle_after": [0.0, 0.01]})
    for _round in range(40):
        open_ones = Refund.objects.exclude(status=RefundStatus.SETTLED).order_by("pk")
        if not open_ones:
            break
        for refund in open_ones:
            push(refund)
    assert set(Refund.objects.values_list("status", flat=True)) == {RefundStatus.SETTLED}
    book = sandbox.book()["charges"]
    for order in orders:
        payment = order.payments.get()
        charge = book[payment.provider_id.replace("pi_", "ch_")]
        succeeded = [one for one in charge["refunds"] if one["status"] == "succeeded"]
        assert [one["amount"] for one in succeeded] == [2000]
        assert (payment.refunded, payment.in_flight) == (Decimal("20.00"), 0)
        paid = Posting.objects.filter(entry__order=order, account="provider", entry__cause__startswith="refund/")
        assert paid.aggregate(sum=Sum("amount"))["sum"] == Decimal("-20.00")


def push(refund: Refund) -> None:
    """What job, person and poll would do next."""
    if refund.status == RefundStatus.FAILED:
        lifecycle.retry(refund.number, after=refund.attempts.count(), by=FINANCE, at=timezone.now())
        refund.refresh_from_db()
    try:
        if refund.status == RefundStatus.PENDING:
            Refund.objects.filter(pk=refund.pk).update(
                submitted_at=timezone.now() - timedelta(minutes=5), looked_up_at=None
            )
            poll_pending()
        else:
            protocol.carry_out(refund.number, by="system", now=timezone.now)
    except GatewayError:
        pass  # called again in the next round, with the same key
