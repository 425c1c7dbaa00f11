"""What a mail costs in statements: the currency of T1."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import letterhead
from oms import heartbeat
from oms.models import Delivery
from oms.tasks import deliver
from tests.builders import a_return, an_order
from tests.notifications.cases import a_refund, labeled, mails, settled, shipped

pytestmark = pytest.mark.django_db


def test_a_mail_costs_few_statements() -> None:
    mails()  # warm: templates compiled
    settled(a_refund(shipped(labeled(a_return(an_order())))))
    letterhead.current()
    heartbeat.note("mail", at=timezone.now())
    cost = {}
    for delivery in Delivery.objects.filter(queue="mail", done_at=None).select_related("event").order_by("pk"):
        Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as captured:
            deliver(event_id=delivery.event_id, queue="mail")
        cost[delivery.event.name] = len(captured)
    # Of each delivery: claim, event, BEGIN, done, COMMIT (here SAVEPOINT and RELEASE). Of the mail: read it, keep it.
    assert cost == {
        "rma.requested": 7,
        "parcel.labeled": 7,
        "rma.shipped": 7,
        "rma.received": 7,
        "rma.inspected": 8,  # and what was found
        "refund.settled": 8,  # and the second mail, to accounting
        "rma.closed": 7,
    }
