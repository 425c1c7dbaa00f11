"""Every piece that comes back has a number of its own, and a place, until the day it leaves (R64, R67)."""

import re
from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest
import zxingcpp
from django.db import connection
from PIL import Image, ImageDraw

from inventory.models import CategoryTerms, Unit
from inventory.states import BinKind
from oms.barcodes import code128
from oms.identifiers import normalize_number
from oms.roles import Role
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Receipt
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.staff import staff_client

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


def receive(quantity: int = 3, *, unit: Unit | None = None, of: int | None = None) -> tuple[RMA, Receipt]:
    rma = a_return(an_order(lines=[Sold(quantity=of or quantity, gross="90.00")]), quantity=of or quantity)
    piece = Arrived(the_line(rma).pk, quantity, unit=unit)
    [receipt] = lifecycle.receive(rma.number, [piece], form_token=uuid4(), by="user:7", at=LATER)
    return rma, receipt


def inspect(rma: RMA, receipt: Receipt, quantity: int, condition: str = "opened", disposition: str = "restock") -> None:
    finding = Finding(receipt_id=receipt.pk, quantity=quantity, condition=condition, disposition=disposition)
    lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=LATER + timedelta(hours=1))


def places() -> list[tuple[int, str]]:
    return [(one.quantity, one.bin.kind) for one in Unit.objects.select_related("bin").order_by("pk")]


def test_each_piece_has_its_number_from_the_moment_it_is_counted() -> None:
    rma, receipt = receive(3)
    units = list(Unit.objects.order_by("pk"))
    assert len({one.number for one in units}) == 3
    assert all(normalize_number(one.number, "U") == one.number for one in units)
    line = the_line(rma).order_line
    facts = {(one.product_id, one.sold_on_id, one.received_as, one.created_at) for one in units}
    assert facts == {(line.product_id, line.pk, f"receipt/{receipt.pk}", LATER)}
    assert places() == [(1, BinKind.DOCK)] * 3


def test_a_unit_stands_where_its_inspection_sent_it() -> None:
    rma, receipt = receive(3)
    inspect(rma, receipt, 2)
    inspect(rma, receipt, 1, "damaged", "")
    assert places() == [(1, BinKind.SHELF), (1, BinKind.SHELF), (1, BinKind.HOLD)]
    hold = rma.lines.get().receipts.get().outcomes.get(hold__isnull=False).hold
    lifecycle.answer_hold(hold.pk, answer="send_back", by="customer:1", at=LATER)
    assert places()[2] == (1, BinKind.OUTBOUND)


def test_many_identical_pieces_share_a_number_until_they_part() -> None:
    CategoryTerms.objects.filter(category="").update(labels_each_up_to=5)
    rma, receipt = receive(30)
    assert places() == [(30, BinKind.DOCK)]
    inspect(rma, receipt, 20)
    inspect(rma, receipt, 10, "damaged", "")
    assert places() == [(20, BinKind.SHELF), (10, BinKind.HOLD)]


def test_what_did_not_come_has_no_number_and_a_known_serial_keeps_its_own() -> None:
    order = an_order()
    line = order.lines.get()
    known = Unit.objects.create(number="U-1", serial="SN-1", product=line.product, sold_on=line, created_at=NOON)
    rma = a_return(order, quantity=2)
    pieces = [Arrived(the_line(rma).pk, 1, unit=known), Arrived(the_line(rma).pk, 1, "short")]
    lifecycle.receive(rma.number, pieces, form_token=uuid4(), by="user:7", at=LATER)
    unit = Unit.objects.get()
    assert (unit.number, unit.received_as.split("/")[0], unit.bin.kind) == ("U-1", "receipt", BinKind.DOCK)


@pytest.mark.parametrize("row", [1, 2, 33, 10**6, 2**40 - 1, 2**62])
def test_numbers_of_rows_are_numbers_as_people_read_them(row: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT homeward_number('U', %s)", [row])
        [number] = cursor.fetchone()
    assert normalize_number(number.lower().replace("-", " "), "U") == number


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_of_a_unit_tells_its_life() -> None:
    rma, receipt = receive(1)
    inspect(rma, receipt, 1)
    unit = Unit.objects.get()
    page = staff_client(Role.DOCK).get(f"/stock/units/{unit.number.lower()}/").content.decode()
    story = [line.strip() for line in page.splitlines() if "story__what" in line]
    assert [re.sub(r"<[^>]+>", "", line) for line in story] == [
        f"Sold in order {rma.order.number}",
        f"Came back with {rma.number}",
        "Put into MAIN DOCK",
        "Inspected: Opened, grade B",
        "Put into MAIN SHELF-01",
    ]
    assert "£3.50" in page  # at the cost it left with


def test_a_number_a_serial_or_a_sku_finds_it() -> None:
    receive(2)
    first, second = Unit.objects.order_by("pk")
    Unit.objects.filter(pk=second.pk).update(serial="SN-77")
    client = staff_client(Role.AGENT)
    assert client.get(f"/stock/units/?q={first.number.replace('-', '')}").url == first.get_absolute_url()
    assert client.get("/search/?q=SN-77").url == second.get_absolute_url()
    listed = client.get("/stock/units/?q=mug").content.decode()
    assert [one.number in listed for one in (first, second)] == [True, True]
    assert client.get("/stock/units/?q=%00").status_code == 400
    assert "No unit here" in client.get("/stock/units/?q=NOBODY").content.decode()


def test_labels_scan_as_what_they_say() -> None:
    rma, receipt = receive(2)
    client = staff_client(Role.DOCK)
    page = client.get(f"/stock/units/labels/?receipt={receipt.pk}").content.decode()
    assert [page.count(one.number) for one in Unit.objects.all()] == [2, 2]  # words and address
    assert page.count(rma.number) == 2
    number = Unit.objects.order_by("pk")[0].number
    strip = Image.new("L", (3 * (sum(code128(number)) + 20), 60), 255)
    at, draw = 30, ImageDraw.Draw(strip)
    for place, width in enumerate(code128(number)):
        if place % 2 == 0:
            draw.rectangle((at, 0, at + 3 * width - 1, 60), fill=0)
        at += 3 * width
    assert [code.text for code in zxingcpp.read_barcodes(strip)] == [number]
    assert client.get(f"/stock/units/labels/?rma={rma.number}").status_code == 200
    assert f"labels/?rma={rma.number}" in client.get(f"/admin/scan/?rma={rma.number}").content.decode()
    assert f"labels/?receipt={receipt.pk}" in client.get(f"/admin/inspection/{rma.number}/").content.decode()


@pytest.mark.parametrize("query", ["", "receipt=0", "receipt=%00", "unit=U-0000-00000", "rma=x", "receipt=" + "9" * 90])
def test_no_label_of_nothing(query: str) -> None:
    assert staff_client(Role.DOCK).get(f"/stock/units/labels/?{query}").status_code == 404
    assert staff_client(Role.DOCK).get("/stock/units/U-1/").status_code == 404


def test_a_receipt_taken_back_numbered_nothing() -> None:
    rma, receipt = receive(2)
    lifecycle.take_back(rma.number, receipt.pk, form_token=uuid4(), by="user:7", at=LATER)
    assert not Unit.objects.exists()


def test_a_unit_follows_what_is_decided_later_until_it_leaves() -> None:
    rma, receipt = receive(2)
    finding = Finding(receipt_id=receipt.pk, quantity=2, condition="damaged", disposition="", acceptance="accepted")
    [outcome] = lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=LATER)
    moved = {"reason": "nobody buys it", "by": "user:7", "at": LATER + timedelta(days=1)}
    place = lifecycle.change_disposition(outcome.pk, quantity=1, disposition="liquidate", **moved)
    kinds = sorted(one.bin.kind for one in Unit.objects.select_related("bin"))
    assert kinds == [BinKind.QUARANTINE, BinKind.SCRAP]
    lifecycle.sell_off(place.pk, proceeds=D("2.00"), by="user:7", at=LATER + timedelta(days=2))
    gone = Unit.objects.get(left_at__isnull=False)
    assert (gone.left_as, gone.bin) == (f"placement/{place.pk}/sold", None)


def test_pieces_inspected_together_part_with_what_is_decided_and_each_tells_its_own_way() -> None:
    rma, receipt = receive(3)
    finding = Finding(receipt_id=receipt.pk, quantity=3, condition="damaged", disposition="", acceptance="accepted")
    [outcome] = lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=LATER)
    moved = {"by": "user:7", "at": LATER + timedelta(days=1)}
    vendor = lifecycle.change_disposition(
        outcome.pk, quantity=1, disposition="return_to_vendor", reason="warranty claim", **moved
    )
    lifecycle.change_disposition(outcome.pk, quantity=1, disposition="quarantine", reason="to be tested", **moved)
    # In the same bin as the one for the vendor: which of them goes on is no guess.
    sold = lifecycle.change_disposition(
        outcome.pk, source=vendor.pk, quantity=1, disposition="liquidate", reason="too old for it", **moved
    )
    units = list(Unit.objects.order_by("pk"))
    assert [one.bin.kind for one in units] == [BinKind.QUARANTINE, BinKind.QUARANTINE, BinKind.SCRAP]
    assert [one.placed_as for one in units] == [f"placement/{sold.pk}", f"placement/{sold.pk - 1}", ""]
    lifecycle.sell_off(sold.pk, proceeds=D("2.00"), by="user:7", at=LATER + timedelta(days=2))
    pages = [text(one) for one in units]
    reasons = ("warranty claim", "to be tested", "too old for it", "sold as it is")
    told = [[reason for reason in reasons if reason in page] for page in pages]
    assert told == [["warranty claim", "too old for it", "sold as it is"], ["to be tested"], []]


def test_what_was_counted_and_inspected_in_one_form_tells_where_each_piece_went() -> None:
    rma = a_return(an_order(lines=[Sold(quantity=2, gross="90.00")]), quantity=2)
    line = the_line(rma)
    for serial in ("SN-1", "SN-2"):
        Unit.objects.create(serial=serial, product=line.order_line.product, sold_on=line.order_line, created_at=NOON)
    pieces = [Arrived(line.pk, 1, unit=unit) for unit in Unit.objects.order_by("serial")]
    receipts = lifecycle.receive(rma.number, pieces, form_token=uuid4(), by="user:7", at=LATER)
    findings = [
        Finding(receipt_id=receipt.pk, quantity=1, condition=condition, disposition="", acceptance="accepted")
        for receipt, condition in zip(receipts, ("opened", "damaged"), strict=True)
    ]
    lifecycle.inspect(rma.number, findings, form_token=uuid4(), by="user:7", at=LATER + timedelta(hours=1))
    told = [re.findall(r"Put into MAIN ([A-Z0-9-]+)", text(unit)) for unit in Unit.objects.order_by("serial")]
    assert told == [["DOCK", "SHELF-01"], ["DOCK", "SCRAP"]]


def test_a_serial_that_is_sold_again_keeps_its_first_sale() -> None:
    rma = a_return(an_order(number="W-1"), quantity=1)
    line = the_line(rma)
    unit = Unit.objects.create(serial="SN-1", product=line.order_line.product, sold_on=line.order_line, created_at=NOON)
    piece = Arrived(line.pk, 1, unit=unit)
    lifecycle.receive(rma.number, [piece], form_token=uuid4(), by="user:7", at=LATER)
    again = an_order(number="W-2", placed_at=LATER + timedelta(days=1)).lines.get()
    Unit.objects.update(sold_on=again, left_as="dispatch/1", left_at=LATER + timedelta(days=2), bin=None)
    page = text(Unit.objects.get())
    assert re.findall(r"Sold in order (?:<[^>]+>)?(W-\d)|(Came back|Left us)", page) == [
        ("W-1", ""), ("", "Came back"), ("W-2", ""), ("", "Left us"),
    ]  # fmt: skip


def test_of_many_under_one_number_those_that_go_another_way_are_given_their_own() -> None:
    CategoryTerms.objects.filter(category="").update(labels_each_up_to=5)
    rma, receipt = receive(30)
    inspect(rma, receipt, 30)
    [outcome] = receipt.outcomes.all()
    moved = {"reason": "recalled", "by": "user:7", "at": LATER + timedelta(days=1)}
    lifecycle.change_disposition(outcome.pk, quantity=10, disposition="quarantine", **moved)
    assert places() == [(20, BinKind.SHELF), (10, BinKind.QUARANTINE)]
    many, parted = Unit.objects.order_by("pk")
    assert parted.number not in ("", many.number)
    assert [page.count("recalled") for page in (text(many), text(parted))] == [0, 1]


def text(unit: Unit) -> str:
    return staff_client(Role.DOCK).get(unit.get_absolute_url()).content.decode()
