"""Serials and lots of imported orders, and what a product must not do by post (p40, p53)."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from inventory import identities
from inventory.identities import Sold
from inventory.models import Lot, LotMovement, Unit
from oms.models import Order, OrderLine, Product

pytestmark = pytest.mark.django_db
ROW = {
    "order_number": "W-1", "placed_at": "2026-03-02T09:15:00Z", "currency": "GBP", "sku": "CAM", "quantity": "2",
    "unit_price": "80.00", "shipped_at": "2026-03-03T08:00:00Z",
}  # fmt: skip


def bring_in(tmp_path: Path, *rows: dict[str, str]) -> dict[str, object]:
    """Import these rows, each on top of ROW; returns the report."""
    whole = [ROW | row for row in rows]
    path = tmp_path / "orders.csv"
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, sorted({name for row in whole for name in row}), restval="")
        writer.writeheader()
        writer.writerows(whole)
    said = io.StringIO()
    call_command("import_orders", str(path), layout="native", json=True, stdout=said)
    return json.loads(said.getvalue())


def refused(tmp_path: Path, *rows: dict[str, str]) -> list[tuple[int, str, str]]:
    report = bring_in(tmp_path, *rows)
    return [(one["line"], one["column"], one["reason"]) for one in report["rejections"]]


def test_serials_and_lots_that_went_out_are_known_at_the_dock(tmp_path: Path) -> None:
    rows = ({"serials": "SN-1; SN-2"}, {"sku": "FILM", "quantity": "5", "lot": "L-7"}, {"sku": "STRAP"})
    assert refused(tmp_path, *rows) == []
    camera, film, strap = OrderLine.objects.order_by("position")
    found = {one.serial: (one.sold_on, one.bin, one.number != "") for one in Unit.objects.all()}
    assert found == {"SN-1": (camera, None, True), "SN-2": (camera, None, True)}
    codes = ("SN-1", "SN-3", "L-7", "L-8")
    assert [identities.was_sold(camera, code) for code in codes] == [Sold.YES, Sold.NO, Sold.NO, Sold.NO]
    assert [identities.was_sold(film, code) for code in codes] == [Sold.NO, Sold.NO, Sold.YES, Sold.NO]
    assert identities.was_sold(strap, "SN-1") is Sold.UNKNOWN
    assert (identities.out_on(film), identities.on_hand(Lot.objects.get())) == ({"L-7": 5}, 0)
    assert list(Product.objects.filter(is_serial_tracked=True).values_list("sku", flat=True)) == ["CAM"]
    assert refused(tmp_path, *rows) == []  # a second run changes nothing
    assert (Order.objects.count(), Unit.objects.count(), LotMovement.objects.count()) == (1, 2, 2)


@pytest.mark.parametrize(
    ("given", "column", "reason"),
    [
        ({"serials": "SN-1;SN-2;SN-3"}, "serials", "3 serials for 2 of them."),
        ({"serials": "SN-1;SN-1"}, "serials", "'SN-1' stands here twice."),
        ({"serials": "SN 1"}, "serials", "'SN 1' holds spaces or control characters."),
        ({"serials": "S" * 61}, "serials", f"'{'S' * 39}…' is longer than 60 characters."),
        ({"lot": "L" * 41}, "lot", f"'{'L' * 39}…' is longer than 40 characters."),
        (
            {"lot": "L-7", "shipped_at": ""},
            "lot",
            "Nothing of this order was sent yet: what goes out is noted when it is packed.",
        ),
        ({"hazardous": "perhaps"}, "hazardous", "'perhaps' is neither yes nor no."),
        ({"weight_grams": "1.5"}, "weight_grams", "'1.5' is not a whole number."),
        ({"longest_cm": "1001"}, "longest_cm", "1001 is not between 0 and 1000."),
        ({"longest_cm": "-1"}, "longest_cm", "-1 is not between 0 and 1000."),
    ],
)
def test_a_bad_row_is_named_by_line_column_and_reason(
    tmp_path: Path, given: dict[str, str], column: str, reason: str
) -> None:
    assert refused(tmp_path, given, {"order_number": "W-2"}) == [(2, column, reason)]
    assert list(Order.objects.values_list("number", flat=True)) == ["W-2"]


def test_a_serial_is_sold_once_in_a_file_and_ever(tmp_path: Path) -> None:
    again = [{"serials": "SN-1"}, {"order_number": "W-2", "serials": "SN-1"}]
    assert refused(tmp_path, *again) == [(3, "serials", "Serial SN-1 of CAM was sold already.")]
    assert refused(tmp_path, {"order_number": "W-3", "serials": "SN-9; SN-1"}) == [
        (2, "serials", "Serial SN-1 of CAM was sold already.")
    ]
    within = [{"order_number": "W-4", "serials": "SN-4"}, {"order_number": "W-4", "serials": "SN-4"}]
    assert refused(tmp_path, *within) == [(2, "serials", "Serial SN-4 of CAM was sold already.")]
    assert refused(tmp_path, {"order_number": "W-5", "sku": "LENS", "serials": "SN-1"}) == []  # another maker's number
    assert sorted(Unit.objects.values_list("product__sku", "serial")) == [("CAM", "SN-1"), ("LENS", "SN-1")]


def test_what_may_not_travel_by_post_is_told_by_its_row(tmp_path: Path) -> None:
    rows = ({"hazardous": "yes"}, {"sku": "SOFA", "weight_grams": "42000", "longest_cm": "210"}, {"sku": "MUG"})
    assert refused(tmp_path, *rows) == []
    told = Product.objects.order_by("sku").values_list("sku", "is_hazardous", "weight_grams", "longest_cm")
    assert list(told) == [("CAM", True, 500, 0), ("MUG", False, 500, 0), ("SOFA", False, 42_000, 210)]
