"""What may not travel by ordinary post: a person arranges the day, and no label is bought or given."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from oms.models import Event, Order, Product
from refunds.pricing import price_return
from returns import labels, lifecycle
from returns.lifecycle import Wanted
from returns.models import RMA
from returns.refusals import DayOutOfReach, NotCollected, NotOffered, NotToBeSent
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.policies import a_rule
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

DESK, DAY = "user:11", date(2026, 11, 26)
HER = {"carrier": "Safe Freight", "note": "Between nine and noon.", "by": DESK, "at": NOON}


def a_hazardous_order(**more: object) -> Order:
    a_rule("needs_pickup", hazardous=True)
    order = an_order(**more)
    Product.objects.filter(sku="MUG").update(is_hazardous=True)
    return order


def collected() -> RMA:
    return a_return(a_hazardous_order())


def test_a_hazardous_thing_waits_for_a_person_and_for_no_label() -> None:
    rma = collected()
    parcel = rma.parcels.get()
    assert (rma.status, rma.expires_at, parcel.status, parcel.held_for) == ("approved", None, "wanted", "pickup")
    assert labels.buy_label(parcel.pk, at=NOON).shipment_id == ""
    assert lifecycle.want_label_again(parcel.pk, by=DESK, at=NOON).held_for == "pickup"
    with pytest.raises(NotOffered):
        lifecycle.spread(rma.number, [{the_line(rma).pk: 1}], by=DESK, at=NOON)
    with pytest.raises(NotToBeSent):
        lifecycle.send_own_parcel(rma.number, carrier="UPS", tracking_number="1Z999", by=DESK, at=NOON)


def test_a_charged_label_is_not_charged() -> None:
    a_rule("free_label", fee="4.95")
    order = a_hazardous_order()
    wanted = [Wanted(order.lines.get().pk, 1, "changed_mind", "opened")]
    who = {"by": order.customer.actor, "at": NOON}
    rma = lifecycle.request(order.number, wanted, resolution="refund", price=price_return, form_token=uuid4(), **who)
    assert (rma.decision["label"], rma.quote["fees"], Decimal(rma.quote["total"])) == ("pickup", [], Decimal("10.00"))


def test_the_day_is_kept_told_once_and_may_be_changed() -> None:
    rma = collected()
    for day in (DAY, DAY, DAY + timedelta(days=1)):
        parcel = lifecycle.arrange_pickup(rma.number, on=day, **HER)
    rma.refresh_from_db()
    assert (parcel.pickup_on, parcel.carrier, parcel.status) == (date(2026, 11, 27), "Safe Freight", "wanted")
    assert rma.decision_note == "Between nine and noon."
    told = Event.objects.filter(stream=rma.stream, name="parcel.pickup_arranged").order_by("sequence")
    assert [one.facts for one in told] == [
        {"parcel": parcel.pk, "on": "2026-11-26", "carrier": "Safe Freight"},
        {"parcel": parcel.pk, "on": "2026-11-27", "carrier": "Safe Freight"},
    ]


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False), (60, False), (61, True)])
def test_the_day_is_from_today_to_sixty_days_ahead(days: int, refused: bool) -> None:
    rma, day = collected(), NOON.date() + timedelta(days=days)
    if not refused:
        assert lifecycle.arrange_pickup(rma.number, on=day, **HER).pickup_on == day
        return
    with pytest.raises(DayOutOfReach):
        lifecycle.arrange_pickup(rma.number, on=day, **HER)


def test_nothing_is_collected_of_other_returns() -> None:
    posted = a_return(an_order())
    with pytest.raises(NotCollected):
        lifecycle.arrange_pickup(posted.number, on=DAY, **HER)
    gone = collected()
    lifecycle.cancel(gone.number, by=DESK, at=NOON)
    with pytest.raises(NotCollected):
        lifecycle.arrange_pickup(gone.number, on=DAY, **HER)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"pickup_on": "2020-01-01"}, "Choose a day from today on, at most 60 days away."),
        ({"pickup_on": "2999-01-01"}, "Choose a day from today on, at most 60 days away."),
        ({"pickup_on": "soon"}, "Enter a day that exists."),
        ({"pickup_on": "2027-02-30"}, "Enter a day that exists."),
        ({"pickup_on": ""}, "Choose a day."),
        ({"carrier": ""}, "Enter who collects it."),
    ],
)
def test_a_wrong_day_is_refused_at_its_field(given: dict[str, str], sentence: str) -> None:
    rma = collected()
    right = {"pickup_on": DAY.isoformat(), "carrier": "Safe Freight", "note": ""}
    answer = staff_client("agent").post(f"/returns/{rma.number}/pickup/", right | given)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert rma.parcels.get().pickup_on is None


def test_who_may_not_decide_may_not_arrange() -> None:
    rma = collected()
    assert staff_client("dock").get(f"/returns/{rma.number}/pickup/").status_code == 403
    posted = a_return(an_order(lines=[Sold("CUP", "Cup")]))
    assert staff_client("agent").get(f"/returns/{posted.number}/pickup/").status_code == 302
