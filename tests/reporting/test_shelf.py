"""What may be sold soon, and which products run low or pile up once it is counted (R81)."""

from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest

from inventory import ledger
from inventory.models import Bin, StockLimit
from inventory.states import BinKind
from oms.models import Event, Product
from oms.roles import Role
from reporting import shelf
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Parcel
from returns.states import RMAStatus
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.staff import staff_client

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def inspected(passed: int, failed: int, *, sku: str = "MUG", category: str = "kitchen") -> None:
    """Pieces that came back and were looked at: received NOON, inspected a day later."""
    order = an_order(lines=[Sold(sku=sku, quantity=passed + failed, gross="90.00", category=category)])
    rma = a_return(order, quantity=passed + failed)
    piece = Arrived(the_line(rma).pk, passed + failed)
    [receipt] = lifecycle.receive(rma.number, [piece], form_token=uuid4(), by="user:7", at=NOON)
    wanted = [("opened", "restock", passed), ("damaged", "", failed)]
    findings = [Finding(receipt.pk, quantity, condition, to) for condition, to, quantity in wanted if quantity]
    lifecycle.inspect(rma.number, findings, form_token=uuid4(), by="user:7", at=NOON + DAY)


def under_way(quantity: int, *, sku: str = "MUG", category: str = "kitchen", days: int = 2) -> RMA:
    order = an_order(lines=[Sold(sku=sku, quantity=quantity, gross="90.00", category=category)])
    rma = a_return(order, quantity=quantity)
    RMA.objects.filter(pk=rma.pk).update(status=RMAStatus.IN_TRANSIT, shipped_at=NOON)
    Parcel.objects.filter(rma=rma).update(shipped_at=NOON, expected_on=NOON.date() + days * DAY)
    return rma


def test_parcels_on_their_way_times_how_often_such_goods_passed() -> None:
    inspected(8, 2)
    under_way(5)
    [one] = shelf.answer(NOON + DAY)
    assert (one.under_way, one.at_dock, one.history) == (5, 0, ("product", 10, 8))
    assert one.days == {NOON.date() + 3 * DAY: D("4.0")}  # two days on its way, one at the dock
    assert sum(pieces for _day, pieces in shelf.by_day([one], NOON.date())) == D("4.0")


def test_the_basis_falls_back_to_the_category_and_to_the_shop() -> None:
    inspected(20, 10, sku="JUG")
    inspected(10, 0, sku="SCARF", category="clothes")
    under_way(3, sku="MUG")  # kitchen: 20 of 30
    under_way(3, sku="HAT", category="garden")  # the shop: 30 of 40
    bases = {one.sku: (one.history.basis, one.sellable) for one in shelf.answer(NOON + DAY)}
    assert bases == {"MUG": ("category", D("2.0")), "HAT": ("shop", D("2.3"))}


def test_without_a_history_nothing_is_promised() -> None:
    under_way(3)
    [one] = shelf.answer(NOON)
    assert (one.history.basis, one.sellable) == ("none", 0)


def test_what_lies_at_the_dock_counts_and_what_was_announced_only_does_not() -> None:
    inspected(10, 0)
    rma = under_way(4)
    a_return(an_order(lines=[Sold(quantity=3)]), quantity=3)
    lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by="user:7", at=NOON + DAY)
    [one] = shelf.answer(NOON + DAY)
    assert (one.under_way, one.at_dock, one.sellable) == (3, 1, D("4.0"))


def on_the_shelf(quantity: int) -> Product:
    product = an_order().lines.get().product
    place = Bin.objects.filter(kind=BinKind.SHELF).order_by("code")[0]
    ledger.adjust(place, product, quantity, cause="opening/MUG", by="system", at=NOON)
    return product


@pytest.mark.parametrize(
    ("there", "low", "high", "kind"),
    [(3, 9, None, "low"), (3, 7, None, "covered"), (30, 7, 33, "high"), (30, 7, 34, None), (8, 7, None, None)],
)
def test_warnings_count_what_comes_back(there: int, low: int, high: int | None, kind: str | None) -> None:
    inspected(0, 0 + 2)
    under_way(4)
    on_the_shelf(there)
    history = shelf.History("product", 10, 10)
    found = shelf.answer(NOON)
    for one in found:
        one.history, one.days = history, {NOON.date(): D(4)}
    StockLimit.objects.create(category="kitchen", low=low, high=high)
    warned = shelf.warnings(found)
    assert [one.kind for one in warned] == ([kind] if kind else [])


def test_the_nearest_limit_counts() -> None:
    product = on_the_shelf(5)
    StockLimit.objects.create(category="", low=6)
    StockLimit.objects.create(category="kitchen", low=7)
    assert [(one.limit, one.whose) for one in shelf.warnings([])] == [(7, "category")]
    StockLimit.objects.create(product=product, low=8)
    assert [(one.limit, one.whose) for one in shelf.warnings([])] == [(8, "product")]


def test_the_page_sets_limits_and_shows_what_stands_out() -> None:
    on_the_shelf(5)
    inspected(10, 0)
    under_way(4)
    client = staff_client(Role.MANAGER)
    answered = client.post("/stock/soon/", {"category": "kitchen", "sku": "", "low": "100", "high": ""})
    assert answered.status_code == 302
    assert Event.objects.get(name="stock_limit.changed").facts["low"] == 100
    page = client.get("/stock/soon/").content.decode()
    for words in ("of this product, 10 looked at", "Too few</span>", "below 100"):
        assert words in page
    assert "Too few of 1 products, too many of 0" in client.get("/dashboard/?from=2026-11-01").content.decode()
    assert staff_client(Role.DOCK).post("/stock/soon/", {"low": "1"}).status_code == 403


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"low": "-1"}, "greater than or equal to 0"),
        ({"low": "5", "high": "5"}, "This must be more than the number to warn below."),
        ({"low": "9" * 30}, "less than or equal to 1000000"),
        ({"low": "1", "sku": "NOBODY"}, "We do not know this code."),
        ({"low": "1", "sku": "MUG", "category": "kitchen"}, "Name a category or one product, not both."),
        ({"low": "1", "category": "nothing"}, "Select a valid choice"),
        ({"low": "1", "sku": "\0"}, "Null characters are not allowed."),
    ],
)
def test_bad_limits_are_refused_at_their_field(given: dict[str, str], sentence: str) -> None:
    on_the_shelf(5)
    answered = staff_client(Role.MANAGER).post("/stock/soon/", given)
    assert (answered.status_code, sentence in answered.content.decode()) == (422, True)
    assert not StockLimit.objects.exists()
