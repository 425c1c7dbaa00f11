"""Stock pages: four quantities by product, by warehouse and by bin, and the movements behind them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import identities, ledger
from inventory.models import Bin, StockLevel, Warehouse
from inventory.quantities import totals, with_quantities
from inventory.states import BinKind
from oms.models import Product
from oms.roles import PERMISSIONS, Role
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def stocked(sku: str = "MUG", *, quantity: int = 4) -> None:
    """Of `quantity` sent back two are here; one of these is on the shelf, one is damaged and held."""
    rma = a_return(an_order(lines=[Sold(sku=sku, title=f"{sku} mug", quantity=quantity, gross="40.00")]), quantity=3)
    [receipt] = lifecycle.receive(
        rma.number, [Arrived(the_line(rma).pk, 2)], form_token=uuid4(), by="user:7", at=NOON + timedelta(days=1)
    )
    found = [("opened", "restock"), ("damaged", "")]
    for condition, disposition in found:
        finding = Finding(receipt_id=receipt.pk, quantity=1, condition=condition, disposition=disposition)
        lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=NOON + timedelta(days=2))


def four(product: Product) -> tuple[int, int, int, int]:
    return product.expected, product.on_hand, product.quarantined, product.available


def test_the_four_quantities_follow_the_bins() -> None:
    stocked()
    assert four(with_quantities(Product.objects.all()).get()) == (1, 2, 1, 1)
    StockLevel.objects.filter(bin__kind=BinKind.SHELF).update(reserved=1)
    assert four(with_quantities(Product.objects.all()).get()) == (1, 2, 1, 0)
    assert totals(StockLevel.objects.all()) == {
        "expected": 1,
        "on_hand": 2,
        "quarantined": 1,
        "reserved": 1,
        "available": 0,
    }


def test_each_kind_of_bin_counts_where_it_should() -> None:
    product = Product.objects.create(sku="EVERY", title="Everywhere")
    for weight, place in enumerate(Bin.objects.order_by("pk")):
        ledger.adjust(place, product, 10**weight, cause="count/1", by="user:7", at=NOON)
    held = dict(StockLevel.objects.values_list("bin__kind", "quantity"))
    found = with_quantities(Product.objects.all()).get()
    assert found.expected == held["expected"]
    assert found.on_hand == sum(held.values()) - held["expected"]
    assert found.quarantined == held["quarantine"] + held["hold"]
    assert found.available == held["shelf"]


def test_another_warehouse_has_its_own_quantities() -> None:
    stocked()
    second = Warehouse.objects.create(code="NORTH", name="North", street="1", city="York", postcode="YO1 1AA")
    shelf = Bin.objects.create(warehouse=second, code="N-1", kind=BinKind.SHELF)
    ledger.adjust(shelf, Product.objects.get(), 7, cause="count/1", by="user:7", at=NOON)
    every = with_quantities(Product.objects.all())
    assert four(every.get()) == (1, 9, 1, 8)
    assert four(with_quantities(Product.objects.all(), warehouse="NORTH").get()) == (0, 7, 0, 7)
    page = staff_client("dock").get("/stock/?warehouse=NORTH").content.decode()
    assert "on a shelf, not reserved" in page
    rows = staff_client("dock").get("/stock/bins/?warehouse=NORTH").context["rows"]
    assert [(row["level"].bin.code, row["level"].quantity) for row in rows] == [("N-1", 7)]


def test_products_are_found_by_sku_title_and_barcode() -> None:
    stocked("MUG")
    stocked("TEA")
    Product.objects.filter(sku="TEA").update(barcode="5012345678900", title="Green <b>tea</b>")
    client = staff_client("agent")

    def found(words: str) -> list[str]:
        return [product.sku for product in client.get("/stock/", {"q": words}).context["rows"]]

    assert found("") == ["MUG", "TEA"]
    assert (found("tea"), found("5012345678900"), found("mug mug"), found("%")) == (["TEA"], ["TEA"], ["MUG"], [])
    assert "Green &lt;b&gt;tea&lt;/b&gt;" in client.get("/stock/").content.decode()


def test_the_movements_of_a_product_name_their_return() -> None:
    stocked()
    answer = staff_client("manager").get("/stock/products/MUG/")
    rows = answer.context["rows"]
    number = rows[0]["document"]
    assert number.startswith("R-")
    assert {row["document"] for row in rows} == {number}
    moved = sorted((row["movement"].bin.code, row["quantity"]) for row in rows)
    assert moved == [
        ("DOCK", "+2"), ("DOCK", "−1"), ("DOCK", "−1"), ("EXPECTED", "+3"), ("EXPECTED", "−2"), ("HOLD", "+1"),
        ("SHELF-01", "+1"),
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["/stock/", "/stock/bins/", "/stock/products/MUG/"])
def test_a_list_needs_as_many_statements_with_three_rows_as_with_one(address: str) -> None:
    stocked("MUG")
    client = staff_client("dock")
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert client.get(address).status_code == 200
    stocked("TEA")
    stocked("JUG")
    with CaptureQueriesContext(connection) as three:
        assert client.get(address).status_code == 200
    assert len(three) == len(one)
    assert len(one) <= 11 if "products" in address else len(one) <= 8


def test_a_page_holds_fifty_and_says_how_many_there_are() -> None:
    shelf = Bin.objects.get(kind=BinKind.SHELF)
    for number in range(51):
        product = Product.objects.create(sku=f"P{number:03}", title="Thing")
        ledger.adjust(shelf, product, 1, cause="count/1", by="user:7", at=NOON)
    client = staff_client("dock")
    first, second = client.get("/stock/"), client.get("/stock/?page=2")
    assert (len(first.context["rows"]), len(second.context["rows"])) == (50, 1)
    assert "1–50 of 51 products" in " ".join(first.content.decode().split())
    assert [row.sku for row in client.get("/stock/?page=99999999999999999999").context["rows"]] == ["P050"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("warehouse=NOWHERE", 400), ("q=" + "x" * 81, 400), ("q=%00", 400), ("q=%27%3B--", 200), ("page=-1", 200)],
)
def test_hostile_filters_are_refused_at_their_field_or_find_nothing(query: str, status: int) -> None:
    stocked()
    assert staff_client("dock").get(f"/stock/?{query}").status_code == status


def test_lots_of_a_product_say_how_many_are_here_and_with_customers() -> None:
    line = an_order().lines.get()
    told = {"by": "user:7", "at": NOON}
    identities.receive_lot(line.product, "L-7", 5, cause="bill/1", **told)
    identities.receive_lot(line.product, "L-8", 4, cause="bill/2", **told)
    identities.issue_lot(line, "L-7", 2, cause="order_line/1", **told)
    identities.take_lot_back(line, "L-7", 1, cause="receipt/1", **told)
    found = staff_client("dock").get(f"/stock/products/{line.sku}/").context["lots"]
    assert [(lot.code, lot.here, lot.out) for lot in found] == [("L-8", 4, 0), ("L-7", 4, 1)]


def test_an_unknown_product_is_not_there() -> None:
    client = staff_client("dock")
    assert client.get("/stock/products/NOPE/").status_code == 404
    assert client.get("/stock/products/a%00b/").status_code == 404


@pytest.mark.parametrize("role", Role.staff_choices())
def test_only_the_roles_of_the_table_see_stock(role: tuple[str, str]) -> None:
    status = 200 if role[0] in PERMISSIONS["see stock"] else 403
    assert staff_client(role[0]).get("/stock/").status_code == status
