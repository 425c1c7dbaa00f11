"""Labels bought and never scanned go back to their carriers: each once, in time, and none that was used."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from oms.models import Event, JournalEntry, Posting
from returns import label_costs, leaks, lifecycle
from returns.models import RMA, LabelRefund, Parcel
from tests.builders import a_return, an_order
from tests.jobs import run_jobs
from tests.sandbox import EASYPOST_KEY, Sandbox
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data: Path = tmp_path_factory.mktemp("leaks")
    with Sandbox(data) as started:
        yield started


@pytest.fixture
def carrier(process: Sandbox, settings: Any) -> Sandbox:
    settings.EASYPOST_API_KEY, settings.EASYPOST_API_BASE = EASYPOST_KEY, process.easypost_base
    return process


def a_label(*, days: int = 20, by: str = "UPS", ended: bool = True) -> Parcel:
    """A label bought so many days ago; its return was called off since."""
    now = timezone.now()
    bought = now - timedelta(days=days)
    sent: dict[str, datetime] = {
        "placed_at": bought - timedelta(days=5),
        "shipped_at": bought - timedelta(days=4),
        "delivered_at": bought - timedelta(days=2),
    }
    rma = a_return(an_order(**sent), at=bought)  # type: ignore[arg-type]
    run_jobs("labels", "default")
    Parcel.objects.filter(rma=rma).update(labeled_at=bought, carrier=by)
    if ended:
        lifecycle.expire(rma.number, by="system", at=now)
    return rma.parcels.get()


def look(**more: int) -> tuple[int, int, int]:
    night = leaks.look(at=timezone.now() + timedelta(**more), limit=50)
    return night.given_back, night.scanned, night.answers


def test_what_was_never_used_is_given_back_once_and_its_money_counted(carrier: Sandbox) -> None:
    parcel = a_label()
    assert [look() for _night in range(3)] == [(1, 0, 0), (0, 0, 0), (0, 0, 0)]
    refund = LabelRefund.objects.get()
    assert (refund.status, refund.amount, refund.times) == ("submitted", parcel.price, 1)
    carrier.decide_label(parcel.tracking_number, "refunded")
    assert [look(days=1), look(days=2)] == [(0, 0, 1), (0, 0, 0)]
    [row] = leaks.recovered()
    assert (row["carrier"], row["labels"], row["amount"]) == ("UPS", 1, parcel.price)
    names = Event.objects.filter(stream=parcel.rma.stream, name__startswith="label.").order_by("sequence")
    assert list(names.values_list("name", "facts__status")) == [
        ("label.given_back", "submitted"),
        ("label.answered", "refunded"),
    ]
    page = staff_client("agent").get("/returns/labels/").content.decode()
    assert f"£{parcel.price:.2f}" in page


def in_the_books() -> list[tuple[str, str, Decimal]]:
    found = Posting.objects.filter(account__in=("carriage", "carrier_payable"))
    return list(found.order_by("pk").values_list("entry__cause", "account", "amount"))


def test_what_a_label_costs_is_booked_once_and_so_is_what_comes_back(carrier: Sandbox) -> None:
    parcel, price = a_label(), Parcel.objects.get().price
    assert [label_costs.book(at=timezone.now(), limit=10) for _again in range(2)] == [1, 0]
    look()
    carrier.decide_label(parcel.tracking_number, "refunded")
    look(days=1)
    cause = f"label/{parcel.pk}"
    assert in_the_books() == [
        (cause, "carriage", price),
        (cause, "carrier_payable", -price),
        (f"{cause}/refunded", "carrier_payable", price),
        (f"{cause}/refunded", "carriage", -price),
    ]
    bought = JournalEntry.objects.get(cause=cause)
    assert (bought.occurred_at, bought.order, bought.postings.first().currency) == (
        parcel.labeled_at,
        parcel.rma.order,
        parcel.currency,
    )
    page = staff_client("finance").get("/books/entries/?kind=label").content.decode()
    assert ("Label bought" in page, "Unused label paid back" in page) == (True, True)


def test_what_costs_nothing_or_was_bought_long_ago_is_not_booked(carrier: Sandbox) -> None:
    free, old = a_label(), a_label(days=41)
    Parcel.objects.filter(pk=free.pk).update(price=0)
    assert label_costs.book(at=timezone.now(), limit=10) == 0
    Parcel.objects.filter(pk=old.pk).update(labeled_at=timezone.now())
    assert label_costs.book(at=timezone.now(), limit=10) == 1


def test_a_label_with_a_scan_is_never_given_back(carrier: Sandbox) -> None:
    heard, told = a_label(), a_label()
    heard.tracking_events.create(status="in_transit", occurred_at=timezone.now())
    carrier.scan(told.tracking_number, "in_transit")  # its message never came
    assert look() == (0, 1, 0)
    assert (look(), LabelRefund.objects.count()) == ((0, 0, 0), 0)


@pytest.mark.parametrize(
    ("by", "days", "given"), [("USPS", 29, 1), ("USPS", 31, 0), ("UPS", 89, 1), ("FedEx", 91, 0), ("Other", 31, 0)]
)
def test_each_carrier_has_its_own_time(carrier: Sandbox, by: str, days: int, given: int) -> None:
    parcel = a_label(days=days, by=by)
    assert look() == (given, 0, 0)
    assert [one.pk for one in leaks.too_late(at=timezone.now())] == ([] if given else [parcel.pk])


def test_a_label_that_may_still_be_used_is_left_alone(carrier: Sandbox) -> None:
    a_label(days=20, ended=False)
    arrived = a_label(days=20, ended=False)
    Parcel.objects.filter(pk=arrived.pk).update(status="arrived", arrived_at=timezone.now())
    RMA.objects.filter(pk=arrived.rma_id).update(status="closed")
    assert look() == (0, 0, 0)


def test_a_refusal_is_asked_again_after_a_week_and_not_forever(carrier: Sandbox) -> None:
    parcel = a_label(days=20)
    look()
    carrier.decide_label(parcel.tracking_number, "rejected")
    assert look(days=1) == (0, 0, 1)
    carrier.decide_label(parcel.tracking_number, "not_applicable")
    assert [look(days=2)[0], look(days=8)[0]] == [0, 1]
    assert (LabelRefund.objects.get().status, LabelRefund.objects.get().times) == ("not_applicable", 2)


def test_a_carrier_that_is_down_changes_nothing(carrier: Sandbox) -> None:
    a_label()
    carrier.faults(easypost={"error_429": 1.0})
    try:
        night = leaks.look(at=timezone.now(), limit=50)
    finally:
        carrier.faults(calm=True)
    assert (night.given_back, night.unanswered, LabelRefund.objects.count()) == (0, 1, 0)
    assert look() == (1, 0, 0)


def test_the_command_tries_without_asking_and_tells_what_is_past(carrier: Sandbox) -> None:
    a_label()
    told = StringIO()
    call_command("label_leaks", "--dry-run", "--json", stdout=told)
    assert (len(json.loads(told.getvalue())["to_give_back"]), LabelRefund.objects.count()) == (1, 0)
    a_label(days=40, by="USPS")
    told = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("label_leaks", "--json", stdout=told)
    answer = json.loads(told.getvalue())
    assert (ended.value.code, answer["given_back"], len(answer["too_late"])) == (1, 1, 1)
