"""Within the window, with a valid reason, nobody has to decide: asked, sent, looked at, paid (R50, R92)."""

import pytest

from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_one_mug_comes_back_and_is_paid_as_quoted(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    assert rma.parcels.get().status == "labeled"
    on.travel(vendors, rma)
    on.inspect(rma, on.arrive(rma))
    assert on.status(rma) == ("closed", "settled")
    assert str(on.paid(order)) == "10.000"
    assert on.paid_by_provider(vendors, order) == on.paid(order)
    assert rma.quote["total"] == "10.00"
    assert on.in_bin("shelf") == 1
    assert on.mails(rma) == ["received", "approved", "on_its_way", "arrived", "inspected", "refunded", "survey"]
    assert on.story(rma) == [
        "rma.requested",
        "parcel.labeled",
        "rma.shipped",
        "rma.delivered",
        "rma.received",
        "rma.inspected",
        "rma.settlement_started",
        "rma.settled",
        "rma.closed",
    ]
    assert on.books_balance()
