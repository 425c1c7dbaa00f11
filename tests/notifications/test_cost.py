"""What a mail costs in statements: the currency of T1."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.tasks import write_messages
from oms import shops
from oms.models import Delivery
from tests.builders import a_return, an_order
from tests.notifications.cases import a_refund, labeled, settled, shipped

pytestmark = pytest.mark.django_db


def test_a_mail_costs_one_statement_to_read_and_one_to_keep(settings: Any) -> None:
    settings.REMEMBER_SECONDS = 3600
    settled(a_refund(shipped(labeled(a_return(an_order())))))
    shops.current()  # read every few seconds, not for each mail
    cost = {}
    for delivery in Delivery.objects.filter(queue="mail").select_related("event").order_by("pk"):
        with CaptureQueriesContext(connection) as captured:
            write_messages(delivery.event)
        cost[delivery.event.name] = len(captured)
    assert cost == {
        "rma.requested": 2,
        "parcel.labeled": 2,
        "rma.shipped": 2,
        "rma.received": 2,
        "rma.inspected": 3,  # and what was found
        "refund.settled": 3,  # and the second mail, to accounting
        "rma.closed": 2,
    }
