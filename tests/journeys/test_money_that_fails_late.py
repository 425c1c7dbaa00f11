"""The provider says "paid" and days later "it did not work": the books reverse, the case is open again (p7, p8)."""

import pytest
from django.utils import timezone

from refunds import lifecycle as money
from refunds.models import Refund
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_a_late_failure_reopens_and_a_retry_closes(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma))
    refund = Refund.objects.get(rma=rma)
    vendors.move_refund(refund.provider_id, "failed")
    money.fail(
        refund.number,
        provider_id=refund.provider_id,
        reason="expired_or_canceled_card",
        by="stripe",
        at=timezone.now(),
    )
    on.run_jobs()
    assert on.status(rma) == ("inspected", "failed")
    assert (on.paid(order), order.payments.get().refunded) == (0, 0)
    assert on.books_balance()
    money.retry(refund.number, after=1, by="user:9", at=timezone.now())
    on.run_jobs()
    assert on.status(rma) == ("closed", "settled")
    assert on.paid(order) == on.paid_by_provider(vendors, order)
    assert on.books_balance()
