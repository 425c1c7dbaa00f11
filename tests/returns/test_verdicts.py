"""What inspection decides waits a minute: taken back until then, booked after it, and nothing moves before."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from inventory.models import StockLevel, StockMovement, Unit
from oms.models import Delivery, Event
from returns import lifecycle, verdicts
from returns.action_codes import Action, action_code, bin_code
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, ChecklistAnswers, Outcome, Putaway, Receipt, ReturnPhoto, Verdict
from returns.refusals import FollowedAlready, NothingToTakeBack
from returns.states import ReceiptResult, RMAStatus, Settlement
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.jobs import run_jobs
from tests.returns.test_dock import a_photo
from tests.returns.test_tray import another_shelf, levels, sent
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_minute(settings: Any) -> None:
    settings.VERDICTS_WAIT = True


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


def arrived(pieces: int = 1) -> RMA:
    rma = a_return(an_order(lines=[Sold(quantity=pieces, gross=f"{pieces * 10}.00")]), quantity=pieces)
    lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, pieces)], form_token=uuid4(), by="user:7", at=NOON)
    return rma


def page_of(rma: RMA) -> str:
    return f"/admin/inspection/{rma.number}/"


def looked(client: Client, rma: RMA, token: object = None, **more: object) -> Any:
    receipt = Receipt.objects.get(line__rma=rma).pk
    form = {"receipt": receipt, "form_token": str(token or uuid4()), "quantity": "1", "condition": "opened"}
    return client.post(page_of(rma), form | more)


def nothing_moved(rma: RMA) -> bool:
    rma.refresh_from_db()
    moved = StockMovement.objects.filter(cause__startswith="outcome/").exists()
    return not moved and (Outcome.objects.count(), rma.status, rma.settlement) == (0, "received", "none")


def test_a_verdict_moves_nothing_until_its_minute_is_over(dock: Client) -> None:
    rma, token = arrived(), uuid4()
    told = {looked(dock, rma, token).url for _twice in range(2)}
    page = dock.get(told.pop()).context
    assert (told, Verdict.objects.count(), nothing_moved(rma)) == (set(), 1, True)
    assert page["told"]["words"] == "To SHELF-01"
    assert (len(page["pieces"]), [one.form_token for one in page["decided"]]) == (0, [token])
    assert rma.number not in dock.get("/admin/inspection/").content.decode()
    owed = Delivery.objects.get(event__name="rma.verdict_given")
    assert (owed.task, owed.done_at) == ("returns.book_verdict", None)
    run_jobs("default")
    [outcome] = Outcome.objects.all()
    rma.refresh_from_db()
    assert (outcome.form_token, outcome.by, rma.status, rma.settlement) == (
        token, Verdict.objects.get().by, RMAStatus.INSPECTED, Settlement.DUE,
    )  # fmt: skip
    assert dock.get(f"{page_of(rma)}?verdict={Verdict.objects.get().pk}").context["told"]["words"] == "To SHELF-01"
    assert looked(dock, rma, token).url == f"{page_of(rma)}?outcome={outcome.pk}"


def test_taken_back_it_was_never_booked_and_the_goods_wait_again(dock: Client) -> None:
    rma, token = arrived(), uuid4()
    looked(dock, rma, token)
    told = {dock.post(page_of(rma), {"take_back": str(token)}).url for _twice in range(2)}
    page = dock.get(told.pop()).context
    assert (told, page["told"]["words"], len(page["pieces"]), page["decided"]) == (set(), "Taken back", 1, [])
    run_jobs("default")
    assert nothing_moved(rma)
    assert Event.objects.filter(name="rma.verdict_taken_back").count() == 1
    looked(dock, rma, condition="damaged")
    run_jobs("default")
    assert Outcome.objects.get().condition.code == "damaged"


def test_once_booked_it_stays(dock: Client) -> None:
    rma, token = arrived(), uuid4()
    looked(dock, rma, token)
    run_jobs("default")
    answer = dock.post(page_of(rma), {"take_back": str(token)})
    assert (answer.status_code, Outcome.objects.count()) == (422, 1)
    with pytest.raises(FollowedAlready):
        lifecycle.take_verdict_back(rma.number, token, by="user:7", at=NOON)
    with pytest.raises(NothingToTakeBack):
        lifecycle.take_verdict_back(rma.number, uuid4(), by="user:7", at=NOON)


def test_no_unit_is_decided_twice_and_its_count_stays_meanwhile(dock: Client) -> None:
    rma = arrived(2)
    looked(dock, rma, quantity="2")
    assert looked(dock, rma, quantity="1").status_code == 422
    assert Verdict.objects.count() == 1
    with pytest.raises(FollowedAlready):
        lifecycle.take_back(rma.number, Receipt.objects.get().pk, form_token=uuid4(), by="user:7", at=NOON)


def test_photos_and_answers_go_with_it(dock: Client) -> None:
    from returns import checklists

    checklists.change("", ["All parts are there"], by="user:1", at=NOON)
    rma = arrived()
    asked = dock.get(page_of(rma)).context["pieces"][0]["form"].asked.pk
    looked(dock, rma, photos=a_photo(), checklist=asked, q0="no")
    assert ReturnPhoto.objects.get().outcome is None
    run_jobs("default")
    assert ReturnPhoto.objects.get().outcome == Outcome.objects.get()
    assert ChecklistAnswers.objects.get().answers == ["no"]


def test_what_cannot_be_booked_any_more_waits_for_a_look_again(dock: Client) -> None:
    rma = arrived()
    looked(dock, rma)
    finding = Finding(Receipt.objects.get().pk, 1, "damaged", "")
    lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:8", at=NOON)
    run_jobs("default")
    assert (Outcome.objects.get().condition.code, Verdict.objects.get().refused) == ("damaged", "more_than_received")
    assert Event.objects.filter(name="verb.refused", facts__code="more_than_received").count() == 1


# ── Printed action codes in the field of the inspection ───────────────────────────────────────────────────────────


def scanned(client: Client, rma: RMA, action: Action, **more: object) -> Any:
    receipt = Receipt.objects.get(line__rma=rma).pk
    return client.post(
        page_of(rma),
        {"receipt": receipt, "form_token": str(uuid4()), "quantity": "1", "code": action_code(action)} | more,
    )


def test_the_printed_codes_accept_choose_go_on_and_take_back(dock: Client) -> None:
    rma, other = arrived(), arrived()
    assert scanned(dock, rma, Action.DAMAGED).url == f"{page_of(rma)}?condition=damaged"
    scanned(dock, rma, Action.ACCEPT)
    assert Verdict.objects.get().condition.code == the_line(rma).declared_condition.code
    assert scanned(dock, rma, Action.NEXT).url == page_of(other)
    assert dock.get(f"/admin/inspection/?code={action_code(Action.UNDO)}").url.startswith(page_of(rma))
    scanned(dock, rma, Action.UNDO)
    assert [one.is_waiting for one in Verdict.objects.all()] == [False]
    scanned(dock, rma, Action.ACCEPT, condition="damaged")
    assert Verdict.objects.latest("pk").condition.code == "damaged"
    assert scanned(dock, rma, Action.MISSING).status_code == 422
    assert dock.post(page_of(rma), {"code": other.number}).url == page_of(other)
    assert dock.get(f"/admin/inspection/?code={action_code(Action.NEXT)}").url == page_of(other)


def test_undo_without_anything_to_undo_is_said(dock: Client) -> None:
    rma = arrived()
    assert scanned(dock, rma, Action.UNDO).status_code == 422
    assert dock.get(f"/admin/inspection/?code={action_code(Action.UNDO)}").status_code == 422
    assert dock.get(f"/admin/inspection/?code={action_code(Action.ACCEPT)}").status_code == 422


# ── A tray ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_tray_is_graded_thought_over_and_booked_when_it_is_carried_away(dock: Client) -> None:
    rma, shelf = arrived(2), another_shelf()
    units = list(Unit.objects.filter(received_as__startswith="receipt/"))
    token = uuid4()
    graded = {sent(dock, units, token, condition="damaged").url for _twice in range(2)}
    assert (len(graded), Verdict.objects.count(), nothing_moved(rma)) == (1, 1, True)
    sent(dock, units, code=action_code(Action.UNDO))
    assert not Verdict.objects.waiting().exists()
    sent(dock, units, condition="opened")
    sent(dock, units, code=bin_code(shelf))
    assert (levels(), Putaway.objects.count()) == ({"SHELF-77": 2}, len(units))
    assert Verdict.objects.latest("pk").booked_at == Outcome.objects.get().inspected_at
    assert StockLevel.objects.filter(bin__kind="dock", quantity__gt=0).count() == 0


def test_a_verdict_about_another_item_is_decided_like_any_other(dock: Client) -> None:
    rma = a_return(an_order())
    pieces = [Arrived(the_line(rma).pk, 1, ReceiptResult.WRONG_ITEM)]
    lifecycle.receive(rma.number, pieces, form_token=uuid4(), by="user:7", at=NOON)
    looked(dock, rma)
    [waits] = verdicts.waiting_for([Receipt.objects.get().pk])
    assert (waits.acceptance, waits.book_at - waits.given_at) == ("refused", timedelta(seconds=60))
