"""The dock's pages: every kind of scan in any order, counting, inspecting, deciding; sent twice is done once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from inventory.models import StockLevel, Unit
from oms.models import Event, Product
from oms.roles import PERMISSIONS, Role
from refunds.pricing import price_return
from returns import lifecycle
from returns.lifecycle import Arrived, Finding, Wanted
from returns.models import RMA, Hold, Outcome, Parcel, Receipt, ReturnPhoto, Verdict
from returns.states import HoldStatus, ParcelStatus, ReceiptResult, RMAStatus
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

SCAN = "/admin/scan/"
ROLES = [role for role, _label in Role.staff_choices()]


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


@pytest.fixture
def rma() -> RMA:
    """Three mugs announced, their label bought."""
    made = a_return(an_order(lines=[Sold(quantity=3, gross="30.00")]), quantity=3)
    Parcel.objects.filter(rma=made).update(tracking_number="1Z999AA10123456784", status=ParcelStatus.LABELED)
    return made


def scanned(client: Client, code: str, rma: RMA | None = None, token: object = None) -> Any:
    address = f"{SCAN}?rma={rma.number}" if rma else SCAN
    return client.post(address, {"code": code, "form_token": str(token or uuid4())})


def counted(client: Client, rma: RMA, token: object = None, **sent: object) -> Any:
    return client.post(f"{SCAN}{rma.number}/receipts/", {"form_token": str(token or uuid4())} | sent)


def level(kind: str) -> int:
    return sum(StockLevel.objects.filter(bin__kind=kind).values_list("quantity", flat=True))


def words(answer: Any) -> str:
    return answer.context["answer"].words


def later(seconds: float) -> time_machine.travel:
    """Some moments on, so that no scan of before counts as an echo."""
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds))


# ── The whole way ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_return_is_scanned_counted_and_inspected(dock: Client) -> None:
    rma = a_return(an_order())
    assert dock.get(SCAN).status_code == 200
    opened = scanned(dock, rma.number)
    assert opened.url.startswith(f"{SCAN}?rma={rma.number}")
    assert words(dock.get(opened.url)) == "1 piece to count"
    after = scanned(dock, "MUG", rma)
    assert words(dock.get(after.url)) == "1 of 1 here"
    rma.refresh_from_db()
    assert (rma.status, level("dock")) == (RMAStatus.RECEIVED, 1)
    assert rma.number in dock.get("/admin/inspection/").content.decode()
    address = f"/admin/inspection/{rma.number}/"
    receipt = Receipt.objects.get()
    found = {"receipt": receipt.pk, "form_token": str(uuid4()), "quantity": "1", "condition": "opened"}
    done = dock.post(address, found)
    told = dock.get(done.url).context["told"]
    assert told["words"] == "To SHELF-01"
    assert told["next"] == "Sellable. £10.00 goes back to the customer by itself."
    again = dock.post(address, found)
    assert (again.status_code, again.url, Outcome.objects.count()) == (302, done.url, 1)
    rma.refresh_from_db()
    assert (rma.status, level("shelf"), level("dock")) == (RMAStatus.INSPECTED, 1, 0)


# ── What a code may be ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "printed",
    [
        "{number}",
        "  {number}\t",
        "{lower}",
        "{bare}",
        "]C1{number}",
        "]Q3{number}\r\n",
        "RMA {number}",
        "rma:{number}",
        "https://shop.example/r/{number}/k3j4h5/",
        "1Z999AA10123456784",
        "1z999aa10123456784\t",
        "]C01Z999AA10123456784",
    ],
)
def test_a_parcel_is_known_by_its_number_however_the_scanner_wraps_it(dock: Client, rma: RMA, printed: str) -> None:
    number = rma.number
    code = printed.format(number=number, lower=number.lower(), bare=number.replace("-", ""))
    answer = scanned(dock, code)
    parcel = rma.parcels.get().pk
    assert (answer.status_code, answer.url) == (302, f"{SCAN}?rma={number}&parcel={parcel}")
    assert Receipt.objects.count() == 0


@pytest.mark.parametrize(
    "code", ["MUG", "mug", " MUG \t", "]E0MUG", "5012345678900", "0105012345678900", "SN-1", "U-1"]
)
def test_a_piece_is_known_by_product_barcode_serial_or_unit(dock: Client, rma: RMA, code: str) -> None:
    Product.objects.filter(sku="MUG").update(barcode="5012345678900")
    Unit.objects.create(
        number="U-1", serial="SN-1", product=Product.objects.get(), sold_on=the_line(rma).order_line, created_at=NOON
    )
    assert scanned(dock, code, rma).status_code == 302
    assert Receipt.objects.get().quantity == 1


@pytest.mark.parametrize(
    ("printed", "number"),
    [("420123459400111899223100001234", "9400111899223100001234"), ("9" * 22 + "123456789012", "123456789012")],
)
def test_what_carriers_print_around_a_tracking_number_is_no_hindrance(
    dock: Client, rma: RMA, printed: str, number: str
) -> None:
    Parcel.objects.update(tracking_number=number)
    assert scanned(dock, printed).url.startswith(f"{SCAN}?rma={rma.number}")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("", "Nothing was scanned."),
        (" \t\r\n\x00", "Nothing was scanned."),
        ("]C1", "Nothing was scanned."),
        ("NOPE", "We do not know this code. Nothing was counted."),
        ("R-0000-00001", "We do not know this code. Nothing was counted."),
        ("'; DROP TABLE oms_order; --", "We do not know this code. Nothing was counted."),
        ("<script>alert(1)</script>", "We do not know this code. Nothing was counted."),
        ("ﷺ" * 40, "We do not know this code. Nothing was counted."),
        ("9" * 121, "This is longer than any code. Scan one label alone."),
        ("x" * 100_000, "This is longer than any code. Scan one label alone."),
        ("MUGMUG", "Two codes at once. Nothing was counted."),
        ("MUG 1Z999AA10123456784", "Two codes at once. Nothing was counted."),
        ("1Z999AA10123456784mug", "Two codes at once. Nothing was counted."),
        ("{number}MUG", "Two codes at once. Nothing was counted."),
        ("MUG\t{number}", "Two codes at once. Nothing was counted."),
        ("{number}{number}", "Two codes at once. Nothing was counted."),
    ],
)
def test_a_code_that_cannot_be_used_changes_nothing_and_says_why(dock: Client, rma: RMA, code: str, says: str) -> None:
    events = Event.objects.count()
    for opened in (None, rma):
        answer = scanned(dock, code.format(number=rma.number) if "{n" in code else code, opened)
        assert (answer.status_code, words(answer)) == (422, says)
        assert b"<script>alert" not in answer.content
    assert (Receipt.objects.count(), Event.objects.count()) == (0, events)


@pytest.mark.parametrize("token", ["", "x", "1" * 500, "\x00"])
def test_a_page_without_its_token_counts_nothing(dock: Client, rma: RMA, token: str) -> None:
    assert dock.post(f"{SCAN}?rma={rma.number}", {"code": "MUG", "form_token": token}).status_code == 422
    assert counted(dock, rma, line=the_line(rma).pk, quantity=1, result="received", form_token=token).status_code == 422
    assert dock.post(f"{SCAN}{rma.number}/receipts/", {"all": "1", "form_token": token}).status_code == 422
    assert Receipt.objects.count() == 0


# ── Any order ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_product_scanned_first_asks_whose_it_is_and_counts_for_the_chosen_one(dock: Client, rma: RMA) -> None:
    other = a_return(an_order())
    a_return(an_order(lines=[Sold(sku="TEA")]))
    answer = scanned(dock, "MUG")
    assert (answer.status_code, words(answer)) == (200, "Whose is it?")
    assert [line.rma.number for line in answer.context["offers"]] == [rma.number, other.number]
    assert Receipt.objects.count() == 0
    assert scanned(dock, "MUG", other).status_code == 302
    assert Receipt.objects.get().line.rma == other


def test_a_serial_scanned_first_names_the_return_of_its_sale_alone(dock: Client, rma: RMA) -> None:
    a_return(an_order())
    unit = Unit.objects.create(
        number="U-1", serial="SN-1", product=Product.objects.get(), sold_on=the_line(rma).order_line, created_at=NOON
    )
    answer = scanned(dock, "sn-1")
    assert [line.rma.number for line in answer.context["offers"]] == [rma.number]
    scanned(dock, "SN-1", rma)
    assert Receipt.objects.get().unit == unit
    with later(1):
        twice = scanned(dock, "SN-1", rma)
    assert (twice.status_code, words(twice), Receipt.objects.count()) == (409, "Already counted", 1)


def test_a_serial_sold_to_somebody_else_does_not_count_for_this_return(dock: Client, rma: RMA) -> None:
    stranger = an_order().lines.get()
    Unit.objects.create(number="U-9", serial="SN-9", product=stranger.product, sold_on=stranger, created_at=NOON)
    answer = scanned(dock, "SN-9", rma)
    assert (answer.status_code, words(answer), Receipt.objects.count()) == (422, "Not the one sold", 0)


def test_a_product_nobody_announced_and_one_of_another_return_count_nothing(dock: Client, rma: RMA) -> None:
    Product.objects.create(sku="LAMP", title="Lamp")
    assert words(scanned(dock, "LAMP")) == "Nobody announced this"
    assert words(scanned(dock, "LAMP", rma)) == "Not in this return"
    assert Receipt.objects.count() == 0


def test_the_next_parcel_is_opened_from_the_last_one_and_two_tabs_do_not_mix(dock: Client, rma: RMA) -> None:
    other = a_return(an_order(lines=[Sold(sku="TEA")]))
    assert scanned(dock, other.number, rma).url.startswith(f"{SCAN}?rma={other.number}")
    scanned(dock, "MUG", rma)
    scanned(dock, "TEA", other)
    assert [(one.line.rma, one.quantity) for one in Receipt.objects.order_by("pk")] == [(rma, 1), (other, 1)]


def test_a_carriers_label_says_which_parcel_the_pieces_came_in(dock: Client, rma: RMA) -> None:
    second = Parcel.objects.create(rma=rma, status=ParcelStatus.LABELED, tracking_number="SECOND1", wanted_at=NOON)
    opened = scanned(dock, "SECOND1")
    dock.post(opened.url, {"code": "MUG", "form_token": str(uuid4())})
    assert Receipt.objects.get().parcel == second
    assert dict(rma.parcels.values_list("tracking_number", "status"))["SECOND1"] == ParcelStatus.ARRIVED


def test_a_foreign_parcel_in_the_address_is_not_taken(dock: Client, rma: RMA) -> None:
    foreign = a_return(an_order()).parcels.get()
    dock.post(f"{SCAN}?rma={rma.number}&parcel={foreign.pk}", {"code": "MUG", "form_token": str(uuid4())})
    assert Receipt.objects.get().parcel == rma.parcels.get()


@pytest.mark.parametrize("number", ["R-0000-00000", "x" * 5000, "\x00", "'; --", "<b>"])
def test_an_address_that_names_no_return_says_so(dock: Client, number: str) -> None:
    answer = dock.get(SCAN, {"rma": number, "receipt": "9" * 40, "parcel": "-1"})
    assert (answer.status_code, words(answer)) == (200, "No such return")
    assert counted(dock, RMA(number="R-0000-00000"), all="1").status_code == 404


# ── Once, and only what is announced ──────────────────────────────────────────────────────────────────────────────


def test_the_same_page_sent_twice_counts_once(dock: Client, rma: RMA) -> None:
    token = uuid4()
    first, second = scanned(dock, "MUG", rma, token), scanned(dock, "mug ", rma, token)
    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert Receipt.objects.count() == 1
    by_hand = [counted(dock, rma, token, line=the_line(rma).pk, quantity=1, result="short").url for _ in range(2)]
    assert (len(set(by_hand)), Receipt.objects.count()) == (1, 2)


def test_another_code_on_the_same_page_is_not_lost(dock: Client) -> None:
    order = an_order(lines=[Sold(), Sold(sku="TEA")])
    rma = lifecycle.request(
        order.number,
        [Wanted(line.pk, 1, "changed_mind", "opened") for line in order.lines.order_by("position")],
        resolution="refund",
        price=price_return,
        form_token=uuid4(),
        by=order.customer.actor,
        at=NOON,
    )
    token = uuid4()
    for code in ("MUG", "TEA", "MUG"):
        assert scanned(dock, code, rma, token).status_code == 302
    assert list(Receipt.objects.order_by("pk").values_list("line__order_line__sku", "quantity")) == [
        ("MUG", 1),
        ("TEA", 1),
    ]


def test_a_label_read_twice_within_a_blink_counts_once_and_a_second_piece_counts(dock: Client, rma: RMA) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        scanned(dock, "MUG", rma)
        echo = scanned(dock, "MUG", rma)
    assert (echo.status_code, words(echo), Receipt.objects.count()) == (409, "Read twice, counted once", 1)
    with time_machine.travel(now + timedelta(milliseconds=301), tick=False):
        assert scanned(dock, "MUG", rma).status_code == 302
    assert the_line(rma).arrived == 2


def test_more_than_announced_is_not_counted(dock: Client, rma: RMA) -> None:
    for second in range(3):
        with later(second):
            assert scanned(dock, "MUG", rma).status_code == 302
    with later(4):
        fourth = scanned(dock, "MUG", rma)
    assert (fourth.status_code, words(fourth), the_line(rma).arrived) == (409, "One more than announced", 3)


def test_pieces_are_counted_by_hand_in_parts_and_the_rest_is_missing(dock: Client, rma: RMA) -> None:
    line = the_line(rma).pk
    answer = counted(dock, rma, line=line, quantity=2, result="received")
    assert words(dock.get(answer.url)) == "2 of 3 here"
    rma.refresh_from_db()
    assert rma.status == RMAStatus.RECEIVING
    missing = counted(dock, rma, line=line, quantity=1, result="short")
    assert words(dock.get(missing.url)) == "1 × missing"
    rma.refresh_from_db()
    assert (rma.status, level("dock"), level("expected")) == (RMAStatus.RECEIVED, 2, 0)


def test_all_that_is_left_is_counted_with_one_key(dock: Client, rma: RMA) -> None:
    scanned(dock, "MUG", rma)
    answer = counted(dock, rma, all="1")
    assert (words(dock.get(answer.url)), the_line(rma).arrived) == ("3 of 3 here", 3)


def test_another_item_is_counted_as_that_and_never_into_the_stock_of_this_product(dock: Client, rma: RMA) -> None:
    counted(dock, rma, line=the_line(rma).pk, quantity=3, result="wrong_item")
    assert (Receipt.objects.get().result, level("dock"), level("expected")) == (ReceiptResult.WRONG_ITEM, 0, 0)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"quantity": "0"}, "Enter at least 1."),
        ({"quantity": "-3"}, "Enter at least 1."),
        ({"quantity": "1.5"}, "Enter a whole number."),
        ({"quantity": "many"}, "Enter a whole number."),
        ({"quantity": ""}, "Enter how many pieces."),
        ({"quantity": "9" * 30}, "There are not that many."),
        ({"quantity": "4"}, "MUG: 3 still expected, 4 entered."),
        ({"result": "eaten"}, "Say whether it arrived."),
        ({"result": ""}, "Say whether it arrived."),
        ({"line": "999999"}, "Enter how many pieces arrived."),
    ],
)
def test_counts_that_make_no_sense_are_refused_and_change_nothing(
    dock: Client, rma: RMA, sent: dict[str, str], says: str
) -> None:
    foreign = a_return(an_order())
    answer = counted(dock, rma, **({"line": the_line(rma).pk, "quantity": "1", "result": "received"} | sent))
    assert (answer.status_code, words(answer), Receipt.objects.count()) == (422, says, 0)
    answer = counted(dock, rma, line=the_line(foreign).pk, quantity="1", result="received")
    assert (answer.status_code, Receipt.objects.count()) == (422, 0)


@pytest.mark.parametrize("status", [one for one in RMAStatus if one not in RMAStatus.awaiting_goods()])
def test_a_return_that_cannot_be_received_says_why_and_who_acts(dock: Client, rma: RMA, status: RMAStatus) -> None:
    RMA.objects.update(status=status)
    page = dock.get(scanned(dock, rma.number).url)
    assert (page.status_code, bool(words(page)), bool(page.context["answer"].next)) == (200, True, True)
    for answer in (scanned(dock, "MUG", rma), counted(dock, rma, all="1")):
        assert (answer.status_code, bool(words(answer))) == (409, True)
    assert Receipt.objects.count() == 0


def test_the_last_ten_scans_are_shown_with_what_came_of_them(dock: Client, rma: RMA) -> None:
    scanned(dock, rma.number)
    scanned(dock, "<i>NOPE</i>")
    for _again in range(11):
        page = scanned(dock, "NOPE")
    log = dock.get(SCAN).context["log"]
    assert (len(log), log[0]["code"], log[0]["meaning"]) == (10, "NOPE", "bad")
    assert b"<i>NOPE" not in page.content


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("post", ["scan", "hand", "inspect", "verdict"])
def test_eight_identical_posts_at_once_have_one_effect(post: str, settings: Any) -> None:
    settings.VERDICTS_WAIT = post == "verdict"
    rma = a_return(an_order())
    token = str(uuid4())
    clients = [staff_client("dock") for _ in range(8)]
    if post in ("inspect", "verdict"):
        [receipt] = lifecycle.receive(
            rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by="user:7", at=NOON
        )
        found = {"receipt": receipt.pk, "form_token": token, "quantity": "1", "condition": "opened"}
        send: Callable[[Client], Any] = lambda client: client.post(f"/admin/inspection/{rma.number}/", found)  # noqa: E731
    elif post == "hand":
        line = the_line(rma).pk
        send = lambda client: counted(client, rma, token, line=line, quantity=1, result="received")  # noqa: E731
    else:
        send = lambda client: scanned(client, "MUG", rma, token)  # noqa: E731

    def one(client: Client) -> tuple[int, str]:
        try:
            answer = send(client)
            return answer.status_code, answer.url
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(one, clients))
    assert len(answers) == 1
    assert (Receipt.objects.count(), Outcome.objects.count()) == (1, 1 if post == "inspect" else 0)
    name = {"inspect": "rma.inspected", "verdict": "rma.verdict_given"}.get(post, "rma.received")
    assert Verdict.objects.count() == (post == "verdict")
    assert Event.objects.filter(name=name).count() == 1


# ── Inspecting ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def receipt(rma: RMA) -> Receipt:
    [made] = lifecycle.receive(
        rma.number, [Arrived(the_line(rma).pk, 3)], form_token=uuid4(), by="user:7", at=NOON + timedelta(days=1)
    )
    return made


def inspected(client: Client, receipt: Receipt, /, **sent: object) -> Any:
    found = {"receipt": receipt.pk, "form_token": str(uuid4()), "quantity": "1", "condition": "opened"} | sent
    return client.post(f"/admin/inspection/{receipt.line.rma.number}/", found)


def a_photo(kind: str = "JPEG") -> SimpleUploadedFile:
    buffer = BytesIO()
    Image.new("RGB", (40, 30), "green").save(buffer, kind)
    return SimpleUploadedFile("scratch.jpg", buffer.getvalue(), "image/jpeg")


def test_pieces_of_one_receipt_may_differ(dock: Client, receipt: Receipt) -> None:
    inspected(dock, receipt, quantity="2", condition="sealed")
    answer = inspected(dock, receipt, condition="damaged")
    told = dock.get(answer.url).context["told"]
    assert (told["words"], told["meaning"]) == ("Put it into the hold bin", "careful")
    found = Outcome.objects.order_by("pk").values_list("quantity", "condition__code", "disposition", "acceptance")
    assert list(found) == [(2, "sealed", "restock", "accepted"), (1, "damaged", "scrap", "refused")]
    assert (level("shelf"), level("hold"), level("dock")) == (2, 1, 0)
    assert dock.get("/admin/inspection/").context["rows"] == []


def test_what_another_tab_has_looked_at_is_said_to_be(dock: Client, receipt: Receipt) -> None:
    inspected(dock, receipt, quantity="3")
    answer = inspected(dock, receipt)
    assert answer.status_code == 422
    assert "All of it has been looked at already, in another tab or by somebody else." in answer.content.decode()
    assert Outcome.objects.count() == 1


def test_each_condition_says_where_it_leads_and_what_it_pays(dock: Client, receipt: Receipt) -> None:
    page = dock.get(f"/admin/inspection/{receipt.line.rma.number}/")
    [piece] = page.context["pieces"]
    said = {one["code"]: (one["leads"], one["why"], one["key"]) for one in piece["choices"]}
    assert said["opened"] == ("Restock · pays 100 %", "Acceptable: grade B · light marks", 2)
    assert said["damaged"] == ("Hold for the customer", "Not acceptable; scrap if the customer agrees", 4)


def test_a_suggestion_is_overridden_with_a_reason_and_not_without(dock: Client, receipt: Receipt) -> None:
    refused = inspected(dock, receipt, disposition="donate")
    [form] = refused.context["forms"]
    assert (refused.status_code, list(form.errors), Outcome.objects.count()) == (422, ["override_reason"], 0)
    assert inspected(dock, receipt, disposition="donate", override_reason="Old packaging").status_code == 302
    outcome = Outcome.objects.get()
    assert (outcome.suggested_disposition, outcome.disposition) == ("restock", "donate")
    assert "Old packaging" in dock.get(f"/admin/inspection/{outcome.receipt.line.rma.number}/").content.decode()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"condition": ""}, "condition"),
        ({"condition": "eaten"}, "condition"),
        ({"quantity": "4"}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "x"}, "quantity"),
        ({"quantity": "9" * 40}, "quantity"),
        ({"grade": "Z"}, "grade"),
        ({"disposition": "eat"}, "disposition"),
        ({"condition": "damaged", "disposition": "restock", "override_reason": "why not"}, "disposition"),
        ({"acceptance": "maybe"}, "acceptance"),
        ({"override_reason": "x" * 201}, "override_reason"),
        ({"note": "x" * 1001}, "note"),
        ({"note": "\x00"}, "note"),
        ({"form_token": "no"}, "form_token"),
        ({"photos": SimpleUploadedFile("a.jpg", b"<svg onload=alert(1)>", "image/jpeg")}, "photos"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_changes_nothing(
    dock: Client, receipt: Receipt, sent: dict[str, object], field: str
) -> None:
    answer = inspected(dock, receipt, **sent)
    assert answer.status_code == 422
    [form] = answer.context["forms"]
    assert (list(form.errors), Outcome.objects.count(), ReturnPhoto.objects.count()) == ([field], 0, 0)


@pytest.mark.parametrize("receipt_id", ["", "0", "x", "9" * 40, "\x00"])
def test_a_foreign_or_unknown_piece_is_refused(dock: Client, receipt: Receipt, receipt_id: str) -> None:
    other = a_return(an_order())
    assert inspected(dock, receipt, receipt=receipt_id).status_code == 422
    address = f"/admin/inspection/{other.number}/"
    found = {"receipt": receipt.pk, "form_token": str(uuid4()), "quantity": "1", "condition": "opened"}
    assert (dock.post(address, found).status_code, Outcome.objects.count()) == (422, 0)
    assert dock.get("/admin/inspection/R-0000-00000/").status_code == 404


def test_photos_of_the_dock_are_kept_redrawn_and_served_to_those_who_may_see_them(
    dock: Client, receipt: Receipt
) -> None:
    inspected(dock, receipt, condition="damaged", photos=[a_photo(), a_photo("PNG")])
    photo = ReturnPhoto.objects.order_by("pk").first()
    assert photo.outcome == Outcome.objects.get()
    answer = dock.get(f"/admin/photos/{photo.ref}/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["Content-Disposition"].startswith("inline; filename=")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert Image.open(BytesIO(answer.content)).size == (40, 30)
    for role in ROLES:
        expected = 200 if role in PERMISSIONS["see photos"] else 403
        assert staff_client(role).get(f"/admin/photos/{photo.ref}/").status_code == expected, role
    assert dock.get(f"/admin/photos/{uuid4()}/").status_code == 404


def test_what_lies_before_the_inspector_opens_its_return(dock: Client, receipt: Receipt) -> None:
    number = receipt.line.rma.number
    for code in ("MUG", number, "1Z999AA10123456784"):
        assert dock.get("/admin/inspection/", {"code": code}).url == f"/admin/inspection/{number}/"
    Product.objects.create(sku="LAMP", title="Lamp")
    for code in ("LAMP", "NOPE", "x" * 200, "\x00"):
        answer = dock.get("/admin/inspection/", {"code": code})
        assert (answer.status_code, bool(answer.context["problem"])) == (422, True)


def test_the_queue_and_the_pages_need_no_more_statements_for_three_rows_than_for_one(dock: Client) -> None:
    def arrived() -> RMA:
        rma = a_return(an_order())
        lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by="user:7", at=NOON)
        return rma

    def statements(address: str) -> int:
        with CaptureQueriesContext(connection) as made:
            assert dock.get(address).status_code == 200
        return len(made)

    arrived()
    dock.get("/admin/inspection/")
    one = statements("/admin/inspection/")
    arrived()
    arrived()
    assert statements("/admin/inspection/") == one <= 10


# ── Refused goods ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def hold(receipt: Receipt) -> Hold:
    finding = Finding(receipt_id=receipt.pk, quantity=3, condition="damaged", disposition="")
    [outcome] = lifecycle.inspect(
        receipt.line.rma.number, [finding], form_token=uuid4(), by="user:7", at=NOON + timedelta(days=2)
    )
    return outcome.hold


def test_a_dispute_is_decided_by_the_desk_and_not_by_the_dock(dock: Client, hold: Hold) -> None:
    lifecycle.answer_hold(hold.pk, answer="dispute", note="It was fine", by="customer:x", at=NOON)
    address = f"/admin/holds/{hold.pk}/decision/"
    assert b"It was fine" not in dock.get("/admin/holds/").content
    assert dock.get("/admin/holds/").context["rows"][0]["decisions"] == []
    assert dock.post(address, {"decision": "overturn"}).status_code == 403
    agent = staff_client("agent")
    page = agent.get("/admin/holds/")
    assert b"It was fine" in page.content
    assert [one["value"] for one in page.context["rows"][0]["decisions"]] == ["overturn", "uphold"]
    for _twice in range(2):
        assert agent.post(address, {"decision": "overturn"}).status_code == 302
    hold.refresh_from_db()
    assert (hold.status, level("hold"), Event.objects.filter(name="rma.hold_decided").count()) == ("overturned", 0, 1)


def test_goods_go_back_to_the_customer_after_the_refusal_stands(hold: Hold) -> None:
    agent = staff_client("agent")
    lifecycle.answer_hold(hold.pk, answer="dispute", note="It was fine", by="customer:x", at=NOON)
    for decision in ("uphold", "send_back"):
        assert agent.post(f"/admin/holds/{hold.pk}/decision/", {"decision": decision}).status_code == 302
    hold.refresh_from_db()
    assert (hold.status, level("outbound")) == (HoldStatus.SENT_BACK, 3)


@pytest.mark.parametrize(("decision", "status"), [("", 422), ("burn", 422), ("uphold", 409)])
def test_a_decision_that_is_not_possible_changes_nothing(hold: Hold, decision: str, status: int) -> None:
    agent = staff_client("agent")
    assert agent.post(f"/admin/holds/{hold.pk}/decision/", {"decision": decision}).status_code == status
    assert agent.post("/admin/holds/999999/decision/", {"decision": "uphold"}).status_code == 404
    hold.refresh_from_db()
    assert hold.status == HoldStatus.WAITING


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ROLES)
def test_each_page_opens_for_the_roles_of_the_table_alone(role: str, hold: Hold) -> None:
    client, rma = staff_client(role), hold.outcome.receipt.line.rma
    pages = [
        ("receive parcels", SCAN),
        ("inspect goods", "/admin/inspection/"),
        ("inspect goods", f"/admin/inspection/{rma.number}/"),
        ("see returns", "/admin/holds/"),
    ]
    for phrase, address in pages:
        assert client.get(address).status_code == (200 if role in PERMISSIONS[phrase] else 403), address
    for phrase, address in (("receive parcels", f"{SCAN}{rma.number}/receipts/"), ("inspect goods", pages[2][1])):
        refused = client.post(address, {}).status_code == 403
        assert refused == (role not in PERMISSIONS[phrase]), address


def test_an_anonymous_visitor_is_sent_to_the_log_in(hold: Hold) -> None:
    for address in (SCAN, "/admin/inspection/", "/admin/holds/", f"/admin/photos/{uuid4()}/"):
        answer = Client().get(address, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")
    assert Client().post(SCAN, {"code": "MUG"}).status_code == 302


def test_only_posts_count_and_decide(dock: Client, rma: RMA) -> None:
    assert dock.get(f"{SCAN}{rma.number}/receipts/").status_code == 405
    assert staff_client("agent").get("/admin/holds/1/decision/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = dock.cookies
    assert strict.post(SCAN, {"code": "MUG", "form_token": str(uuid4())}).status_code == 403
