"""The first beat, with two verbs at the same moment: the order's row comes first, and nothing read is old."""

import threading
import time

import pytest
from django.db import connection, transaction

from oms.models import Order
from returns.lifecycle.locking import lock
from returns.models import RMA
from tests.builders import a_return, an_order

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0]


def test_a_second_verb_waits_at_the_order_and_then_reads_what_the_first_has_written() -> None:
    rma, read = a_return(an_order()), []

    def second_verb() -> None:
        with transaction.atomic():
            read.append(lock(rma.number).decision_note)
        connection.close()

    other = threading.Thread(target=second_verb)
    with transaction.atomic():
        Order.objects.for_update().get(pk=rma.order_id)
        other.start()
        until = time.monotonic() + 20
        while not waiting() and time.monotonic() < until:
            pass
        assert waiting() == 1
        # It holds nothing yet: else two verbs could wait for each other crosswise.
        first = RMA.objects.select_for_update(no_key=True, nowait=True).get(pk=rma.pk)
        first.order = rma.order
        first.decision_note = "written by the first"
        first.save(update_fields=["decision_note"])
    other.join()
    assert read == ["written by the first"]
