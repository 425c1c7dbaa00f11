"""Every piece that came back, and what of it is damaged: numbers, sentence, rows (R67, R68)."""

import csv
import io
import json
from datetime import date
from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.core.management import call_command

from inventory.models import Unit
from oms.models import Product, Shipment
from oms.roles import Role
from reporting import units
from reporting.damage_tables import sentence
from reporting.period import Filters, Period
from reporting.units import Damage
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.staff import staff_client

pytestmark = pytest.mark.django_db
DAYS = Period(date(2026, 11, 1), date(2026, 11, 30), "UTC")
POUNDS = Filters("GBP")
WHERE = "?from=2026-11-01&to=2026-11-30"


def came_back(quantity: int, *, damaged: int = 0, carrier: str = "Royal Mail", sku: str = "MUG") -> None:
    order = an_order(lines=[Sold(sku=sku, quantity=quantity, gross=f"{10 * quantity}.00")])
    Shipment.objects.filter(order=order).update(carrier=carrier)
    rma = a_return(order, quantity=quantity)
    piece = Arrived(the_line(rma).pk, quantity)
    [receipt] = lifecycle.receive(rma.number, [piece], form_token=uuid4(), by="user:7", at=NOON)
    found = [("opened", "restock", quantity - damaged), ("damaged", "", damaged)]
    findings = [Finding(receipt.pk, count, condition, to, acceptance="accepted") for condition, to, count in found]
    lifecycle.inspect(rma.number, [one for one in findings if one.quantity], form_token=uuid4(), by="user:7", at=NOON)


def test_each_piece_with_condition_reason_place_age_and_value() -> None:
    came_back(3, damaged=1)
    by_condition = {row.key: (row.units, row.here, row.value) for row in units.answer(DAYS, POUNDS, "condition")}
    assert by_condition == {"Opened": (2, 2, D("7.000")), "Damaged": (1, 1, D(0))}
    [all_of_it] = units.answer(DAYS, POUNDS)
    assert (all_of_it.units, all_of_it.value) == (3, D("7.000"))
    assert units.answer(Period(date(2026, 12, 1), date(2026, 12, 2), "UTC"), POUNDS) == []
    assert [row.key for row in units.answer(DAYS, POUNDS, "location")] == ["MAIN SHELF-01", "MAIN SCRAP"]


def test_the_rows_and_the_file_are_what_the_report_counted() -> None:
    came_back(3, damaged=1)
    client = staff_client(Role.MANAGER)
    page = client.get(f"/dashboard/rows/units/{WHERE}").content.decode()
    assert [number in page for number in Unit.objects.values_list("number", flat=True)] == [True] * 3
    content = b"".join(client.get(f"/dashboard/rows/units.csv{WHERE}&condition=damaged"))
    [row] = csv.DictReader(io.StringIO(content.decode().lstrip("\ufeff")))
    assert (row["sku"], row["units"], row["found"], row["place"]) == ("MUG", "1", "Damaged", "MAIN SCRAP")


def test_the_command_prints_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    came_back(3, damaged=1)
    days = ("--from", "2026-11-01", "--to", "2026-11-30", "--json")
    call_command("report", "returned_units", "--by", "condition", *days)
    printed = json.loads(capsys.readouterr().out)
    assert [(row["key"], row["units"], row["value"]) for row in printed] == [
        ("Opened", 2, "7.000"),
        ("Damaged", 1, "0.000"),
    ]
    call_command("report", "damage", *days)
    found = {(row["by"], row["key"]): (row["units"], row["damaged"]) for row in json.loads(capsys.readouterr().out)}
    assert found[("carrier", "Royal Mail")] == (3, 1)


def some(key: str, count: int, damaged: int) -> Damage:
    return Damage("carrier", key, count, damaged)


@pytest.mark.parametrize(
    ("found", "key"),
    [
        ([some("DPD", 46, 12), some("Royal Mail", 100, 9)], "DPD"),
        ([some("DPD", 29, 29), some("Royal Mail", 100, 1)], None),  # too few to tell
        ([some("DPD", 46, 4), some("Royal Mail", 100, 1)], None),
        ([some("DPD", 46, 8), some("Royal Mail", 100, 9)], None),  # less than twice as often
        ([some("DPD", 460, 100)], None),  # nobody to compare with
        ([some("", 46, 12), some("Royal Mail", 100, 9)], None),  # nobody knows who
        ([some("DPD", 46, 5), some("Royal Mail", 100, 0)], "DPD"),
    ],
)
def test_what_stands_out_is_no_accident(found: list[Damage], key: str | None) -> None:
    told = units.stands_out(found)
    assert (told.one.key if told else None) == key


def test_the_sentence_names_its_numbers() -> None:
    told = units.stands_out([some("DPD", 46, 12), some("Royal Mail", 100, 9)])
    assert told is not None
    assert (
        sentence(told)
        == "Sent by DPD: 12 of 46 pieces are damaged (26.1\N{NO-BREAK SPACE}%), of all others 9.0\N{NO-BREAK SPACE}%."
    )


def test_the_page_says_what_stands_out_and_leads_to_the_pieces() -> None:
    came_back(40, damaged=12, carrier="DPD")
    came_back(40, damaged=2, sku="TEA")
    Product.objects.filter(sku="MUG").update(packaging="padded bag")
    client = staff_client(Role.MANAGER)
    page = client.get(f"/dashboard/damage/{WHERE}").content.decode()
    for words in ("Sent by DPD: 12 of 40 pieces", "Packed in padded bag", "Product MUG"):
        assert words in page
    assert (
        client.get(f"/dashboard/rows/units/{WHERE}&condition=damaged&carrier=DPD").context["page"].paginator.count == 1
    )
    assert client.get("/dashboard/damage/?from=2026-13-01").status_code == 400
