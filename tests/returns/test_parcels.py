"""A return in several parcels: divided on the page, one label each, counted parcel by parcel at the dock."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from notifications.models import Message
from oms.models import Event
from refunds.lifecycle.owing import _in_advance
from refunds.pricing import price_return
from returns import lifecycle, parcels
from returns.lifecycle import Arrived, Wanted
from returns.lifecycle.parcels import Bought
from returns.models import RMA, Parcel, ParcelCase, ParcelLine
from returns.refusals import LabelUsed, NotOffered, NotSpread
from returns.states import RefundAt
from tests.builders import NOON, Sold, an_order
from tests.jobs import run_jobs
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def two_lines(cups: int = 2, lamps: int = 1) -> RMA:
    """Two cups and a lamp come back."""
    order = an_order(lines=[Sold("CUP", "Cup", cups), Sold("LAMP", "Lamp", lamps)])
    wanted = [Wanted(line.pk, line.quantity, "changed_mind", "opened") for line in order.lines.order_by("position")]
    return lifecycle.request(
        order.number, wanted, resolution="refund", price=price_return, form_token=uuid4(), by="user:1", at=NOON
    )


def label(parcel: Parcel) -> None:
    lifecycle.note_shipment(parcel.pk, shipment_id=f"shp_{parcel.pk}", rate_id="rate", choice="")
    bought = Bought("UPS", "Ground", "", f"1Z{parcel.pk}", "", Decimal("8.15"), "GBP", b"%PDF", "application/pdf")
    lifecycle.label(parcel.pk, bought, by="carrier", at=NOON)


def contents(rma: RMA) -> list[dict[str, int]]:
    """By SKU what lies in each parcel that counts."""
    skus = dict(rma.lines.values_list("pk", "order_line__sku"))
    plans = parcels.plans(rma)
    kept = rma.parcels.exclude(status="voided").order_by("pk")
    return [{skus[line]: quantity for line, quantity in plans.get(one.pk, {}).items()} for one in kept]


def spread(rma: RMA, *boxes: tuple[int, int]) -> RMA:
    cups, lamps = rma.lines.order_by("pk")
    plan = [{line.pk: units for line, units in ((cups, box[0]), (lamps, box[1])) if units} for box in boxes]
    return lifecycle.spread(rma.number, plan, by="user:1", at=NOON)


def scan(parcel: Parcel, word: str = "in_transit", hours: int = 1) -> None:
    at = NOON + timedelta(hours=hours)
    lifecycle.move_parcel(parcel.pk, status=word, occurred_at=at, by="carrier", at=at)


def names(rma: RMA) -> list[str]:
    return list(Event.objects.filter(stream=rma.stream).order_by("sequence").values_list("name", flat=True))


# ── Dividing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_parcel_wants_a_label_of_its_own_and_no_fee_is_taken_again() -> None:
    rma = two_lines()
    quote = rma.quote
    spread(rma, (1, 0), (1, 1))
    assert contents(rma) == [{"CUP": 1}, {"CUP": 1, "LAMP": 1}]
    event = Event.objects.filter(stream=rma.stream).latest("sequence")
    first, second = rma.parcels.order_by("pk")
    assert (event.name, event.facts["wanted"], event.facts["voided"]) == ("rma.spread", [second.pk], [])
    assert [one["parcel"] for one in event.facts["parcels"]] == [first.pk, second.pk]
    assert RMA.objects.get(pk=rma.pk).quote == quote


def test_the_same_plan_again_changes_nothing() -> None:
    rma = two_lines()
    for _time in range(2):
        spread(rma, (2, 0), (0, 1))
    assert names(rma) == ["rma.requested", "rma.spread"]
    spread(rma, (2, 1))
    assert (contents(rma), ParcelLine.objects.filter(parcel__rma=rma).exclude(parcel__status="voided").count()) == (
        [{}],
        0,
    )
    assert list(rma.parcels.order_by("pk").values_list("status", flat=True)) == ["wanted", "voided"]


def test_a_bought_label_stays_for_less_and_is_void_for_more() -> None:
    rma = two_lines()
    label(rma.parcels.get())
    spread(rma, (2, 0), (0, 1))
    first, second = rma.parcels.order_by("pk")
    assert (first.status, second.status) == ("labeled", "wanted")
    label(second)
    spread(rma, (1, 0), (1, 1))
    assert list(rma.parcels.order_by("pk").values_list("status", flat=True)) == ["labeled", "voided", "wanted"]
    assert contents(rma) == [{"CUP": 1}, {"CUP": 1, "LAMP": 1}]


@pytest.mark.parametrize(
    "boxes", [[], [{}], [(1, 1)], [(2, 1), (1, 0)], [(2, 1), (0, 0)], [(3, 1)], [(2, -1), (0, 2)], [(1, 0)] * 10]
)
def test_every_piece_lies_in_exactly_one_parcel(boxes: list[tuple[int, int]]) -> None:
    rma = two_lines()
    cups, lamps = rma.lines.order_by("pk")
    with pytest.raises(NotSpread):
        lifecycle.spread(
            rma.number, [dict(zip((cups.pk, lamps.pk), box, strict=False)) for box in boxes], by="user:1", at=NOON
        )
    foreign = two_lines().lines.order_by("pk").first()
    with pytest.raises(NotSpread):
        lifecycle.spread(rma.number, [{cups.pk: 2, lamps.pk: 1}, {foreign.pk: 1}], by="user:1", at=NOON)
    assert (names(rma), rma.parcels.count()) == (["rma.requested"], 1)


def test_once_a_label_is_used_nothing_is_divided_any_more() -> None:
    rma = two_lines()
    label(rma.parcels.get())
    scan(rma.parcels.get())
    with pytest.raises(LabelUsed):
        spread(rma, (2, 0), (0, 1))
    own = two_lines()
    RMA.objects.filter(pk=own.pk).update(decision=own.decision | {"label": "own"})
    with pytest.raises(NotOffered):
        spread(own, (2, 0), (0, 1))


# ── On its way ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("moves_at", "word"), [(RefundAt.SCAN, "in_transit"), (RefundAt.DELIVERY, "delivered")])
def test_money_that_moves_early_moves_for_what_is_in_the_parcel_that_moved(moves_at: str, word: str) -> None:
    rma = spread(two_lines(), (2, 0), (0, 1))
    RMA.objects.filter(pk=rma.pk).update(refund_at=moves_at)
    paid = []
    for parcel in rma.parcels.order_by("pk"):
        label(parcel)
    for hours, parcel in enumerate(rma.parcels.order_by("pk"), start=1):
        scan(parcel, word, hours)
        now = RMA.objects.select_related("order").get(pk=rma.pk)
        paid.append([_in_advance(now, line, ()) for line in now.lines.order_by("pk")])
    assert paid == [[2, 0], [2, 1]]
    due = [event.facts.get("due") for event in Event.objects.filter(stream=rma.stream, name__startswith="rma.")]
    assert due[-2:] == [True, True]


def test_the_page_says_which_parcel_is_still_to_be_posted(client: Client) -> None:
    rma = spread(two_lines(), (2, 0), (0, 1))
    for parcel in rma.parcels.order_by("pk"):
        label(parcel)
    page = client.get(rma.get_portal_path()).content.decode()
    assert "Approved. Your 2 labels are ready." in page
    first, second = rma.parcels.order_by("pk")
    assert [f"{rma.get_portal_path()}label/{one.pk}/" in page for one in (first, second)] == [True, True]
    assert client.get(f"{rma.get_portal_path()}label/{second.pk}/").content == b"%PDF"
    scan(first)
    page = client.get(rma.get_portal_path()).content.decode()
    assert "1 of 2 parcels is on its way to us." in page
    assert [f"{rma.get_portal_path()}label/{one.pk}/" in page for one in (first, second)] == [False, True]
    scan(second, hours=2)
    assert "Your parcel is on its way to us." in client.get(rma.get_portal_path()).content.decode()
    assert names(rma)[-2:] == ["rma.shipped", "rma.shipped"]


def test_of_two_parcels_one_is_lost_and_pays_for_what_was_in_it() -> None:
    rma = spread(two_lines(), (2, 0), (0, 1))
    first, second = rma.parcels.order_by("pk")
    for parcel in (first, second):
        label(parcel)
        scan(parcel)
    later = NOON + timedelta(hours=3)
    lifecycle.trouble(second.pk, status="failure", kind="lost", occurred_at=later, by="carrier", at=later)
    case = ParcelCase.objects.get(parcel=second)
    lifecycle.decide_case(case.number, decision="refund", price=price_return, by="user:3", at=later)
    assert list(rma.lines.order_by("pk").values_list("arrived", "missing")) == [(0, 0), (0, 1)]
    assert RMA.objects.get(pk=rma.pk).settlement == "due"
    cup = rma.lines.order_by("pk")[0]
    lifecycle.receive(rma.number, [Arrived(cup.pk, 2)], parcel_id=first.pk, form_token=uuid4(), by="user:7", at=later)
    assert RMA.objects.get(pk=rma.pk).status == "received"


def test_a_scan_that_comes_after_the_dock_has_counted_is_no_news() -> None:
    rma = two_lines()
    label(rma.parcels.get())
    lifecycle.receive(
        rma.number, [Arrived(rma.lines.first().pk, 1)], form_token=uuid4(), by="user:7", at=NOON + timedelta(hours=1)
    )
    scan(rma.parcels.get(), hours=2)
    assert names(rma)[-1] == "parcel.moved"


# ── The page ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_mail_says_which_parcel_its_label_is_for() -> None:
    rma = spread(two_lines(), (2, 0), (0, 1))
    for parcel in rma.parcels.order_by("pk"):
        label(parcel)
    run_jobs("mail")
    mails = Message.objects.filter(rma=rma, template="approved").order_by("pk")
    assert ["Parcel 1 of 2: 2 × Cup" in mails[0].text, "Parcel 2 of 2: 1 × Lamp" in mails[1].text] == [True, True]
    assert f"label/{rma.parcels.latest('pk').pk}/" in mails[1].text


def test_the_page_asks_after_a_label_that_is_still_to_come(client: Client) -> None:
    rma = spread(two_lines(), (2, 0), (0, 1))
    first, second = rma.parcels.order_by("pk")
    label(second)
    page = client.get(rma.get_portal_path()).content.decode()
    waiting = f"{rma.get_portal_path()}label/{first.pk}/"
    assert f'data-label="{waiting}"' in page
    assert client.head(waiting).status_code == 204


def test_two_steps_that_need_no_script(client: Client) -> None:
    rma = two_lines()
    here = f"{rma.get_portal_path()}parcels/"
    assert here in client.get(rma.get_portal_path()).content.decode()
    assert "How many parcels?" in client.get(here).content.decode()
    cups, lamps = rma.lines.order_by("pk")
    page = client.get(f"{here}?count=2").content.decode()
    assert f'name="l{cups.pk}p0" value="2"' in page
    assert f'name="l{lamps.pk}p1" value="1"' in page
    sent = {"count": "2", f"l{cups.pk}p0": "1", f"l{cups.pk}p1": "1", f"l{lamps.pk}p0": "", f"l{lamps.pk}p1": "1"}
    assert client.post(here, sent)["Location"] == f"{rma.get_portal_path()}#papers"
    assert contents(rma) == [{"CUP": 1}, {"CUP": 1, "LAMP": 1}]
    assert (
        "2 × Cup"
        not in client.get(rma.get_portal_path()).content.decode().split('id="papers"')[1].split("</section>")[0]
    )


@pytest.mark.parametrize("count", ["0", "-1", "4", "99999999999999999999", "two", "", "1.5", "é"])
def test_a_wrong_number_of_parcels_is_said_at_its_field(client: Client, count: str) -> None:
    rma = two_lines()
    here = f"{rma.get_portal_path()}parcels/"
    for answer in (client.get(here, {"count": count}), client.post(here, {"count": count})):
        assert answer.status_code == 422
        assert "Enter how many parcels, from 1 to 3." in answer.content.decode()
    assert names(rma) == ["rma.requested"]


@pytest.mark.parametrize(
    ("cups", "sentence"),
    [
        (("1", "0"), "Cup: 1 of 2 are in a parcel. Each piece goes into exactly one."),
        (("2", "1"), "Cup: 3 of 2 are in a parcel. Each piece goes into exactly one."),
        (("3", ""), "There are only 2 of it."),
        (("-1", "2"), "Enter 0 or more."),
        (("one", "1"), "Enter a whole number."),
        (("2", ""), "Parcel 2 is empty. Put something into it, or take fewer parcels."),
    ],
)
def test_a_piece_left_out_or_twice_is_said_at_its_line(client: Client, cups: tuple[str, str], sentence: str) -> None:
    rma = two_lines()
    cup, lamp = rma.lines.order_by("pk")
    sent = {"count": "2", f"l{cup.pk}p0": cups[0], f"l{cup.pk}p1": cups[1], f"l{lamp.pk}p0": "1", f"l{lamp.pk}p1": ""}
    answer = client.post(f"{rma.get_portal_path()}parcels/", sent)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert names(rma) == ["rma.requested"]


def test_too_late_the_page_says_so(client: Client) -> None:
    rma = two_lines()
    label(rma.parcels.get())
    scan(rma.parcels.get())
    here = f"{rma.get_portal_path()}parcels/"
    assert client.get(here)["Location"] == f"{rma.get_portal_path()}#papers"
    cup, lamp = rma.lines.order_by("pk")
    answer = client.post(here, {"count": "2", f"l{cup.pk}p0": "2", f"l{lamp.pk}p1": "1"})
    assert answer.status_code == 409
    assert "no longer waiting to be used" in answer.content.decode()
    assert client.get(f"/r/{rma.number}/wrong/parcels/").status_code == 404


def test_the_desk_divides_too() -> None:
    rma, agent = two_lines(), staff_client("agent")
    here = f"/returns/{rma.number}/parcels/"
    assert here in agent.get(rma.get_absolute_url()).content.decode()
    assert agent.get(here).status_code == 200
    cup, lamp = rma.lines.order_by("pk")
    answer = agent.post(here, {"count": "2", f"l{cup.pk}p0": "2", f"l{lamp.pk}p1": "1"})
    assert answer["Location"] == rma.get_absolute_url()
    assert contents(rma) == [{"CUP": 2}, {"LAMP": 1}]
    page = agent.get(rma.get_absolute_url()).content.decode()
    assert "<li>2 × Cup</li>" in page
    assert "Divided among parcels" in page
    assert agent.post(here, {"count": "0"}).status_code == 422
    assert staff_client("dock").get(here).status_code == 403


# ── The dock ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_dock_knows_what_comes_in_which_parcel() -> None:
    rma, dock = spread(two_lines(), (1, 0), (1, 1)), staff_client("dock")
    first, second = rma.parcels.order_by("pk")
    for parcel in (first, second):
        label(parcel)
    page = dock.post("/admin/scan/", {"code": f"1Z{first.pk}", "form_token": str(uuid4())}, follow=True)
    shown = page.content.decode()
    assert "1 to come in this parcel" in shown
    assert "none to come in this parcel" in shown
    here = f"/admin/scan/{rma.number}/receipts/?parcel={first.pk}"
    dock.post(here, {"all": "1", "form_token": str(uuid4())})
    assert list(rma.lines.order_by("pk").values_list("arrived", flat=True)) == [1, 0]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("arrived", "labeled")
    assert RMA.objects.get(pk=rma.pk).status == "receiving"
    dock.post(f"/admin/scan/{rma.number}/receipts/?parcel={second.pk}", {"all": "1", "form_token": str(uuid4())})
    assert list(rma.lines.order_by("pk").values_list("arrived", flat=True)) == [2, 1]
    assert RMA.objects.get(pk=rma.pk).status == "received"
