"""The station's own ways: action codes, what was not announced, serials, and one minute to take a step back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
import zxingcpp
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageDraw

from inventory.models import Bin, StockLevel, StockMovement, Unit
from inventory.states import BinKind
from oms.barcodes import QUIET, code128
from oms.models import Product
from oms.roles import PERMISSIONS, Role
from returns.action_codes import Action, action_code, bin_code, read_action
from returns.found_states import FoundStatus
from returns.models import RMA, FoundGoods, Receipt, ReturnPhoto, Reversal
from returns.states import ReceiptResult, RMAStatus
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.returns.test_dock import a_photo, counted, later, level, scanned, words
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

SCAN = "/admin/scan/"


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


@pytest.fixture
def agent() -> Client:
    return staff_client("agent")


@pytest.fixture
def rma() -> RMA:
    return a_return(an_order(lines=[Sold(quantity=3, gross="30.00")]), quantity=2)


@pytest.fixture
def serial() -> RMA:
    """A return of one thing of which every piece sold has a serial."""
    made = a_return(an_order(lines=[Sold(sku="CAM", title="Camera", quantity=1)]))
    line = the_line(made).order_line
    Unit.objects.create(number="U-1", serial="SN-1", product=line.product, sold_on=line, created_at=NOON)
    return made


def pressed(client: Client, action: Action, rma: RMA | None = None, token: object = None, **more: object) -> Any:
    address = f"{SCAN}?rma={rma.number}" if rma else SCAN
    return client.post(address, {"code": action_code(action), "form_token": str(token or uuid4())} | more)


def stands(rma: RMA) -> tuple[int, int]:
    line = the_line(rma)
    return line.arrived, line.missing


def beyond(rma: RMA, dock: Client) -> Any:
    """Both announced pieces are here, and a third is scanned."""
    counted(dock, rma, all="1")
    with later(1):
        return scanned(dock, "MUG", rma)


# ── Action codes ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("wrapped", ["{}", "]C1{}", " {}\t", "{}\r\n"])
def test_each_action_is_read_however_the_scanner_wraps_it(wrapped: str) -> None:
    for action in Action:
        code = wrapped.format(action_code(action))
        assert read_action(code.replace("]C1", "")) == action
        assert read_action(code.replace("]C1", "").lower()) == action


def test_a_printed_code_scans() -> None:
    for text in (action_code(Action.UNDO), "HWBINMAINSHELF01X", "123456", "1Z999AA10123456784"):
        widths = code128(text)
        image = Image.new("L", ((sum(widths) + 2 * QUIET) * 3, 120), 255)
        pen, x = ImageDraw.Draw(image), QUIET * 3
        for place, width in enumerate(widths):
            if place % 2 == 0:
                pen.rectangle((x, 0, x + width * 3 - 1, 120), fill=0)
            x += width * 3
        assert [one.text for one in zxingcpp.read_barcodes(image)] == [text]


def test_the_sheet_shows_every_action_and_every_bin(dock: Client) -> None:
    page = dock.get("/admin/actions/")
    codes = [action_code(action) for action in Action]
    codes += [bin_code(place) for place in Bin.objects.select_related("warehouse")]
    text = page.content.decode()
    assert [code for code in codes if code not in text] == []
    assert text.count('class="barcode"') == len(codes)


@pytest.mark.parametrize(
    "code", ["HWDOACCEPT", "HWDOACCEPTX9", "HWDOFLY0", "HWDO", "HWBIN", "HWBINNOWHERE7", "HWDOUNDO" * 3]
)
def test_a_code_of_ours_that_was_read_wrongly_does_nothing(dock: Client, rma: RMA, code: str) -> None:
    Product.objects.create(sku=code[:40], title="Never meant")
    for opened in (None, rma):
        answer = scanned(dock, code, opened)
        assert (answer.status_code, words(answer)[:31]) == (422, "This is one of our own codes, b")
    assert Receipt.objects.count() == 0


def test_actions_about_a_return_need_one_in_hand(dock: Client, rma: RMA) -> None:
    for action in set(Action) - {Action.UNDO, Action.NEXT, Action.FOUND}:
        answer = pressed(dock, action)
        assert (answer.status_code, words(answer)) == (409, "Scan the parcel first")
    for action in (Action.ANOTHER, Action.EXTRA, Action.BESIDE, Action.MISMATCH):
        answer = pressed(dock, action, rma)
        assert (answer.status_code, words(answer)) == (409, "Scan the piece first")
    assert (Receipt.objects.count(), FoundGoods.objects.count()) == (0, 0)


def test_accept_counts_the_rest_missing_writes_it_off_and_next_puts_it_aside(dock: Client, rma: RMA) -> None:
    scanned(dock, "MUG", rma)
    pressed(dock, Action.MISSING, rma)
    assert stands(rma) == (1, 1)
    other = a_return(an_order())
    token = uuid4()
    told = {pressed(dock, Action.ACCEPT, other, token).url for _twice in range(2)}
    assert (len(told), stands(other)) == (1, (1, 0))
    assert pressed(dock, Action.NEXT, other).url == SCAN
    assert pressed(dock, Action.INSPECT, other).url == f"/admin/inspection/{other.number}/"
    assert pressed(dock, Action.DAMAGED, other).url == f"/admin/inspection/{other.number}/?condition=damaged"


def test_what_is_damaged_is_inspected_as_that(dock: Client, rma: RMA) -> None:
    pressed(dock, Action.ACCEPT, rma)
    address = pressed(dock, Action.DAMAGED, rma).url
    [piece] = dock.get(address).context["pieces"]
    assert [one["code"] for one in piece["choices"] if one["checked"]] == ["damaged"]
    [unknown] = dock.get(address.replace("damaged", "%00eaten")).context["pieces"]
    assert [one["code"] for one in unknown["choices"] if one["checked"]] == []


# ── More than announced, something else ───────────────────────────────────────────────────────────────────────────


def test_one_more_is_put_aside_and_never_counted(dock: Client, rma: RMA) -> None:
    answer = beyond(rma, dock)
    assert (answer.status_code, words(answer)) == (409, "One more than announced")
    assert "2 announced, 3 bought" in answer.context["answer"].next
    [choice] = answer.context["choices"]
    token = uuid4()
    told = {pressed(dock, Action.EXTRA, rma, token, about="MUG", line=choice.line).url for _twice in range(2)}
    goods = FoundGoods.objects.get()
    assert (len(told), goods.kind, goods.quantity, goods.line) == (1, "extra", 1, the_line(rma))
    assert words(dock.get(told.pop())) == f"Put it into {goods.bin.code}"
    assert (stands(rma), level("dock")) == ((2, 0), 2)


def test_the_desk_takes_an_extra_piece_back_too(dock: Client, agent: Client, rma: RMA) -> None:
    beyond(rma, dock)
    pressed(dock, Action.EXTRA, rma, about="MUG")
    goods = FoundGoods.objects.get()
    for _twice in range(2):
        assert agent.post(f"/admin/found/{goods.number}/decision/", {"decision": "open"}).status_code == 302
    opened = RMA.objects.exclude(pk=rma.pk).get()
    goods.refresh_from_db()
    assert (goods.status, goods.rma, opened.status) == (FoundStatus.MATCHED, opened, RMAStatus.RECEIVED)
    assert (opened.order, stands(opened), opened.parcels.get().status) == (rma.order, (1, 0), "voided")


def test_more_than_was_ever_bought_cannot_be_taken_back(dock: Client, agent: Client) -> None:
    rma = a_return(an_order(lines=[Sold(quantity=2)]), quantity=2)
    beyond(rma, dock)
    pressed(dock, Action.EXTRA, rma, about="MUG")
    answer = agent.post(f"/admin/found/{FoundGoods.objects.get().number}/decision/", {"decision": "open"})
    assert (answer.status_code, RMA.objects.count()) == (422, 1)
    assert "can come back" in answer.context["problem"] or answer.context["problem"]


def test_something_else_came_instead_or_beside(dock: Client, rma: RMA) -> None:
    Product.objects.create(sku="LAMP", title="Lamp")
    answer = scanned(dock, "LAMP", rma)
    assert (words(answer), answer.context["about"]) == ("Not in this return", "LAMP")
    assert [one.action for one in answer.context["choices"]] == [Action.ANOTHER, Action.BESIDE]
    pressed(dock, Action.ANOTHER, rma, about="LAMP")
    receipt = Receipt.objects.get()
    assert (receipt.result, receipt.came_as, level("dock")) == (ReceiptResult.WRONG_ITEM, "LAMP", 0)
    pressed(dock, Action.BESIDE, rma, about="LAMP")
    assert (FoundGoods.objects.get().kind, FoundGoods.objects.get().product.sku) == ("another", "LAMP")
    for about in ("", "NOPE", "x" * 200, "\x00"):
        assert pressed(dock, Action.BESIDE, rma, about=about).status_code in (409, 422)
    assert FoundGoods.objects.count() == 1


# ── Serials (p40) ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_piece_with_a_serial_is_counted_by_its_serial_alone(dock: Client, serial: RMA) -> None:
    assert words(scanned(dock, "CAM", serial)) == "Scan its serial number"
    assert words(counted(dock, serial, all="1")) == "Scan each serial number"
    assert words(pressed(dock, Action.ACCEPT, serial)) == "Scan each serial number"
    assert stands(serial) == (0, 0)
    assert scanned(dock, "sn-1", serial).status_code == 302
    assert (stands(serial), Receipt.objects.get().unit.serial) == ((1, 0), "SN-1")


@pytest.mark.parametrize("code", ["SN-9", "UNHEARD-OF"])
def test_another_serial_is_put_before_a_person(dock: Client, agent: Client, serial: RMA, code: str) -> None:
    stranger = an_order(lines=[Sold(sku="CAM")]).lines.get()
    Unit.objects.create(number="U-9", serial="SN-9", product=stranger.product, sold_on=stranger, created_at=NOON)
    answer = scanned(dock, code, serial)
    assert (answer.status_code, [one.action for one in answer.context["choices"]]) == (422, [Action.MISMATCH])
    token = uuid4()
    told = {pressed(dock, Action.MISMATCH, serial, token, about=code).url for _twice in range(2)}
    receipt = Receipt.objects.get()
    assert (len(told), receipt.result, receipt.came_as) == (1, ReceiptResult.MISMATCH, code)
    goods = FoundGoods.objects.get()
    assert goods.code == code
    assert code in agent.get("/admin/found/").content.decode()
    agent.post(f"/admin/found/{goods.number}/decision/", {"decision": "match"})
    assert Receipt.objects.get(is_reversed=False).result == ReceiptResult.RECEIVED


# ── One minute ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_last_step_is_taken_back_by_code_and_a_named_one_by_its_button(dock: Client, rma: RMA) -> None:
    scanned(dock, "MUG", rma)
    with later(1):
        scanned(dock, "MUG", rma)
    first, second = Receipt.objects.order_by("pk")
    log = dock.get(SCAN).context["log"]
    assert [entry["step"] for entry in log[:2]] == [f"receipt/{second.pk}", f"receipt/{first.pk}"]
    answer = pressed(dock, Action.UNDO, step=f"receipt/{first.pk}")
    assert words(dock.get(answer.url)) == "Taken back"
    with later(2):
        pressed(dock, Action.UNDO)
    assert (stands(rma), level("dock"), Reversal.objects.count()) == ((0, 0), 0, 2)
    assert [entry["until"] for entry in dock.get(SCAN).context["log"]] == [None] * 4
    with later(4):
        nothing = pressed(dock, Action.UNDO)
    assert (nothing.status_code, words(nothing)) == (409, "Nothing of the last minute is left to take back.")


def test_the_same_page_takes_back_one_step_and_a_double_read_too(dock: Client, rma: RMA) -> None:
    scanned(dock, "MUG", rma)
    with later(1):
        scanned(dock, "MUG", rma)
    token = uuid4()
    with time_machine.travel(timezone.now() + timedelta(seconds=2), tick=False):
        assert len({pressed(dock, Action.UNDO, token=token).url for _twice in range(2)}) == 1
        assert words(pressed(dock, Action.UNDO)) == "Read twice, taken back once"
    assert stands(rma) == (1, 0)


def test_after_a_minute_only_a_manager_corrects_and_says_why(dock: Client, rma: RMA) -> None:
    scanned(dock, "MUG", rma)
    receipt = Receipt.objects.get()
    address, manager = f"/admin/scan/{rma.number}/corrections/", staff_client("manager")
    with later(61):
        answer = pressed(dock, Action.UNDO, step=f"receipt/{receipt.pk}")
        assert (answer.status_code, words(answer)[:22]) == (409, "More than a minute has")
        told = {"receipt": receipt.pk, "form_token": str(uuid4()), "reason": "Another return's mug"}
        assert dock.post(address, told).status_code == 403
        for wrong in (
            {"reason": ""},
            {"reason": "x" * 201},
            {"receipt": "9" * 30},
            {"receipt": ""},
            {"form_token": ""},
        ):
            assert manager.post(address, told | wrong).status_code == 422
        assert stands(rma) == (1, 0)
        assert manager.post(address, told).status_code == manager.post(address, told).status_code == 302
    assert stands(rma) == (0, 0)
    assert "Another return" in manager.get(address).content.decode()


@pytest.mark.parametrize("step", ["receipt/999999", "receipt/x", "found/F-0000-00000", "eat/1", "receipt/" + "9" * 40])
def test_a_step_that_never_was_is_not_taken_back(dock: Client, rma: RMA, step: str) -> None:
    scanned(dock, "MUG", rma)
    answer = pressed(dock, Action.UNDO, step=step)
    assert (answer.status_code, stands(rma)) == (409, (1, 0))


def test_goods_put_aside_are_taken_back_too(dock: Client, rma: RMA) -> None:
    beyond(rma, dock)
    with later(2):
        pressed(dock, Action.EXTRA, rma, about="MUG")
    with later(3):
        token = uuid4()
        assert len({pressed(dock, Action.UNDO, rma, token).url for _twice in range(2)}) == 1
    assert (FoundGoods.objects.get().status, stands(rma)) == (FoundStatus.WITHDRAWN, (2, 0))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_identical_takings_back_at_once_take_one_step_back() -> None:
    rma = a_return(an_order(lines=[Sold(quantity=3, gross="30.00")]), quantity=3)
    clients = [staff_client("dock") for _ in range(8)]
    for at in range(2):
        with later(at):
            scanned(clients[0], "MUG", rma)
    token, moved = uuid4(), StockMovement.objects.count()

    def one(client: Client) -> tuple[int, str]:
        try:
            answer = pressed(client, Action.UNDO, rma, token)
            return answer.status_code, answer.url
        finally:
            connection.close()

    with later(3), ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(one, clients))
    assert (len(answers), stands(rma), Reversal.objects.count()) == (1, (1, 0), 1)
    assert StockMovement.objects.count() == moved + 2


# ── A parcel without a return ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def parcel() -> dict[str, Any]:
    place = Bin.objects.get(warehouse__is_default=True, kind=BinKind.QUARANTINE)
    return {"form_token": str(uuid4()), "bin": place.pk, "item_1": "mug", "quantity_1": "2", "hints": "Sam, LE1"}


def test_a_parcel_without_a_return_waits_in_a_bin_and_is_matched_later(
    dock: Client, agent: Client, rma: RMA, parcel: dict[str, Any]
) -> None:
    unknown = scanned(dock, "1ZUNHEARDOF")
    assert [one.action for one in unknown.context["choices"]] == [Action.FOUND]
    form = dock.get(pressed(dock, Action.FOUND, about="1ZUNHEARDOF").url)
    assert b"1ZUNHEARDOF" in form.content
    sent = parcel | {"tracking_number": "1ZUNHEARDOF", "item_2": "no label"}
    told = {dock.post("/admin/found/new/", sent | {"photos": a_photo()}).url for _twice in range(2)}
    mugs, thing = FoundGoods.objects.order_by("position")
    assert (len(told), mugs.product.sku, mugs.quantity, thing.product, thing.quantity) == (1, "MUG", 2, None, 1)
    assert (mugs.hints, StockLevel.objects.filter(bin=mugs.bin).count()) == ("Sam, LE1", 0)
    photo = ReturnPhoto.objects.get()
    assert dock.get(f"/admin/photos/{photo.ref}/").status_code == 200
    assert "Sam, LE1" not in dock.get("/admin/found/").content.decode()
    assert "Sam, LE1" in agent.get("/admin/found/").content.decode()
    address = f"/admin/found/{mugs.number}/decision/"
    for wrong in ("", "R-0000-00000", "\x00", "x" * 500):
        assert agent.post(address, {"decision": "match", "rma": wrong}).status_code == 422
    for _twice in range(2):
        assert agent.post(address, {"decision": "match", "rma": rma.number.lower()}).status_code == 302
    assert (stands(rma), level("dock")) == ((2, 0), 2)
    agent.post(f"/admin/found/{thing.number}/decision/", {"decision": "keep"})
    thing.refresh_from_db()
    assert thing.status == FoundStatus.KEPT
    assert b"no label" in agent.get("/admin/found/").content
    assert b"no label" not in agent.get("/admin/found/?show=decided").content


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"item_1": "", "quantity_1": ""}, "item_1"),
        ({"item_1": ""}, "item_1"),
        ({"item_1": "x" * 61}, "item_1"),
        ({"item_1": "\x00"}, "item_1"),
        ({"quantity_1": "0"}, "quantity_1"),
        ({"quantity_1": "-5"}, "quantity_1"),
        ({"quantity_1": "9" * 40}, "quantity_1"),
        ({"quantity_1": "two"}, "quantity_1"),
        ({"bin": "999999"}, "bin"),
        ({"bin": "shelf"}, "bin"),
        ({"tracking_number": "9" * 61}, "tracking_number"),
        ({"hints": "x" * 1001}, "hints"),
        ({"form_token": ""}, "form_token"),
    ],
)
def test_what_cannot_be_recorded_is_refused_at_its_field(
    dock: Client, parcel: dict[str, Any], sent: dict[str, str], field: str
) -> None:
    answer = dock.post("/admin/found/new/", parcel | sent)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert FoundGoods.objects.count() == 0


def test_who_may_record_and_who_may_decide(dock: Client, agent: Client, parcel: dict[str, Any]) -> None:
    dock.post("/admin/found/new/", parcel)
    address = f"/admin/found/{FoundGoods.objects.get().number}/decision/"
    assert agent.get("/admin/found/new/").status_code == dock.post(address, {"decision": "keep"}).status_code == 403
    for decision in ("", "eat", "open", "refuse"):
        assert agent.post(address, {"decision": decision}).status_code == 422
    assert agent.post("/admin/found/F-0000-00000/decision/", {"decision": "keep"}).status_code == 404
    for role, _label in Role.staff_choices():
        client = staff_client(role)
        for phrase, path in (("see returns", "/admin/found/"), ("receive parcels", "/admin/actions/")):
            assert client.get(path).status_code == (200 if role in PERMISSIONS[phrase] else 403)
