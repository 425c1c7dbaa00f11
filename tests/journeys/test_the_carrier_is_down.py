"""A carrier that is down delays the label, never the return."""

import pytest

from oms.models import Delivery
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_the_label_comes_when_the_carrier_is_back(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    vendors.faults(easypost={"down": "503"})
    rma = on.lifecycle.request(
        order.number,
        [on.Wanted(order.lines.get().pk, 1, "changed_mind", "opened")],
        resolution="refund",
        price=on.price_return,
        form_token=on.uuid4(),
        by=order.customer.actor,
        at=on.timezone.now(),
    )
    on.run_jobs(fails=True)
    assert (rma.status, rma.parcels.get().status) == ("approved", "wanted")
    [owed] = Delivery.objects.filter(done_at=None)
    assert (owed.task, owed.attempts, owed.error) == ("returns.buy_label", 1, "CarrierError")
    vendors.faults(calm=True)
    Delivery.objects.filter(pk=owed.pk).update(attempts=0)
    on.run_jobs()
    assert rma.parcels.get().status == "labeled"
    assert vendors.book()["labels_by_reference"][f"parcel-{rma.parcels.get().pk}"]
