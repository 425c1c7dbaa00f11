"""Every status has its sentence, its next step and whose turn it is (R2, R105)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Warehouse
from oms.models import Shop
from returns.calendars import day_words
from returns.models import RMA, Parcel
from returns.situation import PARCELS_TOLD, TOLD_OF, Turn, situation, with_facts
from returns.states import ParcelStatus, RMAStatus, Settlement
from returns.steps import steps
from tests.builders import NOON, a_return, an_order

SHOP = Shop(processing_days=3)


def told(status: str, **facts: object) -> RMA:
    """An unsaved look at a return in this status; only what is told of it is set."""
    rma = a_return(an_order())
    rma.warehouse = Warehouse.objects.get()
    rma.status = status
    for name, value in facts.items():
        setattr(rma, name, value)
    return rma


@pytest.mark.django_db
@pytest.mark.parametrize("settlement", Settlement.values)
@pytest.mark.parametrize("status", RMAStatus.values)
def test_every_state_is_told_in_sentences(status: str, settlement: str) -> None:
    rma = told(status, settlement=settlement, received_at=NOON, inspected_at=NOON, settled_at=NOON, closed_at=NOON)
    found = situation(rma, NOON, shop=SHOP)
    for text in (found.sentence, found.next_step):
        assert text[0].isupper()
        assert text.endswith(".")
        assert "%" not in text
        assert "None" not in text
        assert "RMA" not in text
    assert found.meaning in ("waiting", "moving", "good", "careful", "bad", "")
    assert found.label
    assert Turn(found.who_acts).staff_label


@pytest.mark.django_db
def test_what_arrived_yesterday_is_looked_at_by_the_third_business_day() -> None:
    rma = told(RMAStatus.RECEIVED, received_at=NOON - timedelta(days=1))  # a Sunday
    found = situation(rma, NOON, shop=SHOP)
    assert found.sentence == "It arrived yesterday."
    assert found.next_step == "We look at it at the latest on Wednesday."
    assert found.who_acts == Turn.SHOP


@pytest.mark.django_db
def test_a_promise_that_was_missed_is_not_repeated() -> None:
    rma = told(RMAStatus.RECEIVED, received_at=NOON - timedelta(days=30))
    assert situation(rma, NOON, shop=SHOP).next_step == "We look at it at the latest tomorrow."


@pytest.mark.django_db
def test_a_label_still_being_made_is_said_and_then_ready() -> None:
    rma = a_return(an_order())
    assert situation(rma, NOON, shop=SHOP).sentence == "Approved. Your label is being made."
    Parcel.objects.filter(rma=rma).update(status=ParcelStatus.LABELED)
    found = situation(RMA.objects.get(), NOON, shop=SHOP)
    assert found.sentence == "Approved. Your label is ready."
    assert found.who_acts == Turn.CUSTOMER


@pytest.mark.django_db
def test_a_list_of_many_costs_as_many_statements_as_a_list_of_one() -> None:
    counts = []
    for more in (1, 4):
        for _time in range(more):
            a_return(an_order())
        with CaptureQueriesContext(connection) as captured:
            for rma in with_facts(RMA.objects.all()):
                situation(rma, NOON, shop=SHOP)
        counts.append(len(captured))
    assert counts == [2, 2]


@pytest.mark.django_db
@pytest.mark.parametrize("parcel", [ParcelStatus.WANTED, ParcelStatus.LABELED, ParcelStatus.IN_TRANSIT])
@pytest.mark.parametrize("status", RMAStatus.values)
def test_what_lists_read_is_all_that_is_told_from(status: str, parcel: str) -> None:
    rma = a_return(an_order())
    Parcel.objects.filter(rma=rma).update(status=parcel)
    RMA.objects.filter(pk=rma.pk).update(status=status, settlement=Settlement.SETTLED)
    whole = situation(with_facts(RMA.objects.all()).get(), NOON, shop=SHOP)
    with CaptureQueriesContext(connection) as captured:
        [brief] = with_facts(RMA.objects.all(), parcels=PARCELS_TOLD).only(*TOLD_OF)
        assert situation(brief, NOON, shop=SHOP) == whole
    assert len(captured) == 2


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "today"),
        (1, "tomorrow"),
        (-1, "yesterday"),
        (2, "on Wednesday"),
        (6, "on Sunday"),
        (7, "on Monday 30 November"),
        (-3, "on Friday 20 November"),
        (400, "on 28 December 2027"),
    ],
)
def test_dates_are_said_as_people_say_them(days: int, words: str) -> None:
    today = NOON.date()
    assert day_words(today + timedelta(days=days), today) == words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "reached", "states"),
    [
        (RMAStatus.NEEDS_REVIEW, {}, ["done", "current", "todo", "todo", "todo"]),
        (RMAStatus.APPROVED, {"approved_at"}, ["done", "done", "current", "todo", "todo"]),
        (RMAStatus.IN_TRANSIT, {"approved_at", "shipped_at"}, ["done", "done", "done", "current", "todo"]),
        (RMAStatus.RECEIVED, {"approved_at", "received_at"}, ["done", "done", "done", "done", "current"]),
        (RMAStatus.CLOSED, {"approved_at", "received_at", "settled_at"}, ["done"] * 5),
        (RMAStatus.CLOSED, {"approved_at", "received_at"}, ["done", "done", "done", "done", "skipped"]),
        (RMAStatus.REJECTED, {}, ["done", "failed", "skipped", "skipped", "skipped"]),
        (RMAStatus.CANCELED, {"approved_at"}, ["done", "done", "skipped", "skipped", "skipped"]),
        (RMAStatus.EXPIRED, {"approved_at"}, ["done", "done", "skipped", "skipped", "skipped"]),
    ],
)
def test_five_steps(status: str, reached: set[str], states: list[str]) -> None:
    rma = told(status)
    for name in ("approved_at", "shipped_at", "received_at", "settled_at"):
        setattr(rma, name, NOON if name in reached else None)
    found = steps(rma, NOON)
    assert [step["state"] for step in found] == states
    assert found[0]["at"] == "23 November"
