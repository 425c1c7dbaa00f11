"""Lines not yet shipped are canceled and refunded without a return."""

import pytest
from django.utils import timezone

from oms import orders
from returns.refusals import TooMany
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_it_is_paid_back_and_cannot_be_returned_too(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, shipped_at=None, delivered_at=None)
    line = order.lines.get()
    orders.cancel_lines(order.number, {line.pk: 2}, reason="changed my mind", by=on.AGENT, at=timezone.now())
    on.run_jobs()
    assert on.paid(order) == on.paid_by_provider(vendors, order) == order.total
    with pytest.raises(TooMany):
        on.ask(order)
