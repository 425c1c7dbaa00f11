"""The dock today: what waits, what is overdue, on whom; one's own pace; never more statements for more rows."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Bin, Warehouse
from inventory.states import BinKind
from oms.roles import PERMISSIONS, Role
from returns import lifecycle
from returns.lifecycle import Arrived, Finding, Piece
from returns.models import RMA, Parcel
from returns.states import ParcelStatus, RMAStatus
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db

TODAY = "/admin/dock/"


def counted(at: object = NOON, by: str = "user:7", pieces: int = 2) -> RMA:
    rma = a_return(an_order(lines=[Sold(quantity=pieces)]), quantity=pieces)
    lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, pieces)], form_token=uuid4(), by=by, at=at)
    return rma


def at_the_door(at: object = NOON) -> RMA:
    rma = a_return(an_order())
    RMA.objects.filter(pk=rma.pk).update(status=RMAStatus.IN_TRANSIT)
    Parcel.objects.filter(rma=rma).update(status=ParcelStatus.DELIVERED, delivered_at=at)
    return rma


def test_what_waits_stands_there_with_its_age_and_who_acts() -> None:
    late, fresh = counted(NOON - timedelta(days=7)), counted(NOON)
    door, forgotten = at_the_door(NOON), at_the_door(NOON - timedelta(days=4))
    place = Bin.objects.get(warehouse__is_default=True, kind=BinKind.QUARANTINE)
    house = Warehouse.objects.get(is_default=True)
    lifecycle.find_goods([Piece(1, None, "x")], house, place, form_token=uuid4(), by="user:7", at=NOON)
    receipt = fresh.lines.get().receipts.get()
    lifecycle.inspect(fresh.number, [Finding(receipt.pk, 1, "damaged", "")], form_token=uuid4(), by="user:7", at=NOON)
    with time_machine.travel(NOON, tick=False):
        page = staff_client("dock").get(TODAY)
    rows = {row["rma"]: (row["at_dock"], row["left"], row["overdue"]) for row in page.context["rows"]}
    assert list(rows) == [late, forgotten, fresh, door]
    assert rows == {
        late: (True, 2, True),
        fresh: (True, 1, False),
        door: (False, None, False),
        forgotten: (False, None, True),
    }
    tiles = [(tile["value"], tile["delta"]) for tile in page.context["tiles"]]
    assert tiles == [(2, "1 overdue"), (2, "1 overdue"), (0, ""), (1, ""), (0, ""), (1, "")]


def test_everybody_sees_their_own_pace_alone() -> None:
    me = a_member("dock")
    rma = counted(NOON - timedelta(hours=2), by=me.actor, pieces=8)
    counted(NOON - timedelta(days=1), by=me.actor, pieces=5)
    counted(NOON, by="user:999", pieces=3)
    receipt = rma.lines.get().receipts.get()
    lifecycle.inspect(rma.number, [Finding(receipt.pk, 2, "opened", "")], form_token=uuid4(), by=me.actor, at=NOON)
    with time_machine.travel(NOON, tick=False):
        pace = staff_client("dock").get(TODAY).context["pace"]
        assert (pace.counted, pace.inspected, pace.per_hour) == (8, 2, 5)
        assert staff_client("agent").get(TODAY).context["pace"] is None


def test_more_rows_take_no_more_statements() -> None:
    client = staff_client("dock")

    def statements() -> int:
        with CaptureQueriesContext(connection) as made:
            assert client.get(TODAY).status_code == 200
        return len(made)

    counted()
    at_the_door()
    client.get(TODAY)
    one = statements()
    for _again in range(3):
        counted()
        at_the_door()
    assert statements() == one <= 16


@pytest.mark.parametrize("role", [role for role, _label in Role.staff_choices()])
def test_it_opens_for_who_may_see_returns(role: str) -> None:
    assert staff_client(role).get(TODAY).status_code == (200 if role in PERMISSIONS["see returns"] else 403)
