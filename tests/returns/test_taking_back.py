"""A count that was a mistake: taken back within a minute, later with a reason, never when something followed."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from inventory.models import StockLevel, StockMovement
from oms.models import Event
from oms.refusals import Refused
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Parcel, Receipt, Reversal
from returns.states import ParcelStatus, ReceiptResult, RMAStatus, Settlement
from tests.builders import NOON, Sold, a_return, an_order, the_line

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=1)
IN_TIME, TOO_LATE = LATER + timedelta(seconds=60), LATER + timedelta(seconds=61)
DOCK = "user:7"


@pytest.fixture
def rma() -> RMA:
    return a_return(an_order(lines=[Sold(quantity=3, gross="30.00")]), quantity=3)


def count(rma: RMA, quantity: int = 3, result: ReceiptResult = ReceiptResult.RECEIVED) -> Receipt:
    parcel, piece = rma.parcels.get().pk, Arrived(the_line(rma).pk, quantity, result)
    [made] = lifecycle.receive(rma.number, [piece], form_token=uuid4(), by=DOCK, at=LATER, parcel_id=parcel)
    return made


def take_back(receipt: Receipt, token: UUID | None = None, **more: object) -> list[Receipt]:
    told: dict = {"form_token": token or uuid4(), "by": DOCK, "at": IN_TIME} | more
    return lifecycle.take_back(receipt.line.rma.number, receipt.pk, **told)


def stands(rma: RMA) -> tuple[str, int, int]:
    rma.refresh_from_db()
    line = the_line(rma)
    return rma.status, line.arrived, line.missing


def levels() -> dict[str, int]:
    return {bin: quantity for bin, quantity in StockLevel.objects.values_list("bin__kind", "quantity") if quantity}


def test_everything_is_as_it_was_and_the_reversal_cites_the_movement(rma: RMA) -> None:
    before = (stands(rma), levels(), rma.parcels.get().status)
    receipt = count(rma)
    assert (stands(rma), levels()) == ((RMAStatus.RECEIVED, 3, 0), {"dock": 3})
    take_back(receipt)
    assert (stands(rma), levels(), rma.parcels.get().status) == before
    assert (rma.received_at, rma.settlement) == (None, Settlement.NONE)
    cause = f"receipt/{receipt.pk}"
    moved = StockMovement.objects.filter(cause__startswith=cause).order_by("pk").values_list("cause", "quantity")
    assert sorted(moved) == [(cause, -3), (cause, 3), (f"{cause}/taken_back", -3), (f"{cause}/taken_back", 3)]
    count(rma)
    assert (stands(rma), levels()) == ((RMAStatus.RECEIVED, 3, 0), {"dock": 3})


def test_some_of_it_stays_counted_and_the_parcel_stays_here(rma: RMA) -> None:
    count(rma, 1)
    missing = count(rma, 1, ReceiptResult.SHORT)
    take_back(missing)
    assert (stands(rma), levels()) == ((RMAStatus.RECEIVING, 1, 0), {"dock": 1, "expected": 2})
    assert rma.parcels.get().status == ParcelStatus.ARRIVED


def test_a_parcel_that_is_not_here_after_all_is_where_the_carrier_last_said(rma: RMA) -> None:
    Parcel.objects.update(status=ParcelStatus.DELIVERED, shipped_at=NOON, delivered_at=NOON)
    RMA.objects.update(status=RMAStatus.IN_TRANSIT, shipped_at=NOON)
    take_back(count(rma))
    assert (stands(rma)[0], rma.parcels.get().status) == (RMAStatus.IN_TRANSIT, ParcelStatus.DELIVERED)


def test_asked_again_it_happens_once(rma: RMA) -> None:
    receipt = count(rma)
    told = [[one.pk for one in take_back(receipt)] for _again in range(2)]
    assert told == [[receipt.pk]] * 2
    assert Reversal.objects.count() == Event.objects.filter(name="rma.receipts_taken_back").count() == 1


def test_after_a_minute_a_person_says_why(rma: RMA) -> None:
    receipt = count(rma)
    with pytest.raises(Refused, match="More than a minute"):
        take_back(receipt, at=TOO_LATE)
    assert stands(rma) == (RMAStatus.RECEIVED, 3, 0)
    take_back(receipt, at=TOO_LATE, reason="Counted for the wrong return")
    assert stands(rma) == (RMAStatus.APPROVED, 0, 0)
    assert Reversal.objects.get().reason == "Counted for the wrong return"


def test_what_something_followed_from_stays(rma: RMA) -> None:
    receipt = count(rma)
    found = Finding(receipt.pk, 1, "opened", "")
    lifecycle.inspect(rma.number, [found], form_token=uuid4(), by=DOCK, at=LATER)
    for reason in ("", "no"):
        with pytest.raises(Refused, match="inspected"):
            take_back(receipt, reason=reason)
    other = a_return(an_order())
    RMA.objects.filter(pk=other.pk).update(refund_at="receipt")
    paid = count(other, 1)
    with pytest.raises(Refused, match="its money is due"):
        take_back(paid)


def test_a_receipt_of_another_return_is_not_taken_back(rma: RMA) -> None:
    foreign = count(a_return(an_order()), 1)
    with pytest.raises(Refused, match="Nothing of the last minute"):
        lifecycle.take_back(rma.number, foreign.pk, form_token=uuid4(), by=DOCK, at=IN_TIME)


def test_the_tables_refuse_what_no_verb_would_do(rma: RMA) -> None:
    receipt = count(rma)
    late = Reversal(receipt=receipt, until=LATER, form_token=uuid4(), by=DOCK, reversed_at=IN_TIME)
    with pytest.raises(IntegrityError, match="reversal_in_time"), transaction.atomic():
        late.save()
    take_back(receipt)
    for change in (
        lambda: Receipt.objects.update(is_reversed=False),
        lambda: Reversal.objects.update(reason="never"),
        lambda: Reversal.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    found = Finding(receipt.pk, 1, "opened", "")
    with pytest.raises(Refused, match="0 not yet inspected"):
        lifecycle.inspect(rma.number, [found], form_token=uuid4(), by=DOCK, at=LATER)
