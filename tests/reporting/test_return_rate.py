import csv
import gzip
import io
import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection

from oms.demo.seeding.sample import SAMPLE
from oms.importing import online_retail
from reporting import refund_rate, return_rate
from reporting import rows as listings
from reporting.period import Filters, shop_period
from reporting.rows import Narrowed
from returns.states import RMAStatus
from tests.builders import NOON, Sold, an_order
from tests.reporting.conftest import came_back

pytestmark = pytest.mark.django_db
GBP = Filters("GBP")

#        invoice   code      text    units  time                   price   customer country
ROWS = (
    ("500001", "85123A", "HEART", "6", "2011-01-31 23:59:00", "2.50", "17850", "United Kingdom"),
    ("500001", "POST", "POSTAGE", "1", "2011-02-01 00:00:00", "4.00", "17850", "United Kingdom"),
    ("500002", "POST", "POSTAGE", "1", "2011-02-03 10:00:00", "18.00", "12583", "France"),
    ("500003", "22423", "CAKE STAND", "3", "2011-02-04 10:00:00", "12.75", "12583", "France"),
    ("500004", "22423", "GONE", "-9", "2011-02-05 10:00:00", "0", "", "United Kingdom"),
    ("C500005", "85123A", "HEART", "-2", "2011-02-28 12:00:00", "2.50", "17850", "United Kingdom"),
    ("C500006", "M", "MANUAL", "-1", "2011-03-01 12:00:00", "7.00", "", "EIRE"),
    ("C500007", "22423", "CAKE STAND", "-4", "2011-03-02 12:00:00", "12.75", "12583", "France"),
    ("A500008", "B", "BAD DEBT", "1", "2011-03-03 12:00:00", "11.00", "", "United Kingdom"),
)


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "orders.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([online_retail.COLUMNS, *ROWS])
    call_command("import_orders", str(path), json=True, stdout=io.StringIO())


def by(group="", start=None, end=None, filters=GBP):
    return {row.key: row for row in return_rate.answer(shop_period(start, end), filters, group)}


def counts(row):
    return (row.orders, row.returns, row.orders_returned, row.units_sold, row.units_returned)


def test_orders_credit_notes_units_and_values_of_an_imported_history(history):
    [row] = return_rate.answer(shop_period(), GBP)
    assert counts(row) == (3, 3, 2, 11, 7)
    assert (row.value_sold, row.value_returned) == (Decimal("75.250"), Decimal("63.000"))
    assert row.rate_by_invoice == Decimal("1.000000")
    assert row.rate_by_order == Decimal("0.666667")
    assert row.rate_by_units == Decimal("0.636364")
    assert row.rate_by_value == Decimal("0.837209")


def test_goods_only_drops_postage_and_the_orders_and_returns_of_nothing_else(history):
    [row] = return_rate.answer(shop_period(), Filters("GBP", goods_only=True))
    assert counts(row) == (2, 2, 2, 9, 6)
    assert (row.value_sold, row.value_returned) == (Decimal("53.250"), Decimal("56.000"))


def test_an_invoice_belongs_to_the_month_of_its_earliest_line_in_the_shops_time(history):
    rows = by("month")
    assert {key: counts(row) for key, row in rows.items()} == {
        "2011-01": (1, 0, 1, 7, 0),
        "2011-02": (2, 1, 1, 4, 2),
        "2011-03": (0, 2, 0, 0, 5),
    }
    assert rows["2011-03"].rate_by_invoice is None


def test_countries_are_as_in_the_source_and_stand_even_without_a_sale(history):
    assert {key: counts(row) for key, row in by("country").items()} == {
        "EIRE": (0, 1, 0, 0, 1),
        "France": (2, 1, 1, 4, 4),
        "United Kingdom": (1, 1, 1, 7, 2),
    }


def test_by_product_and_by_reason(history):
    products = by("product")
    assert counts(products["22423"]) == (1, 1, 1, 3, 4)
    assert counts(products["POST"]) == (2, 0, 0, 2, 0)
    assert counts(products["M"]) == (0, 1, 0, 0, 1)
    assert {key: counts(row) for key, row in by("reason").items()} == {"": (3, 3, 2, 11, 7)}


def test_a_period_takes_its_first_and_its_last_day(history):
    [february] = return_rate.answer(shop_period(date(2011, 2, 3), date(2011, 2, 28)), GBP)
    assert counts(february) == (2, 1, 1, 4, 2)
    [before] = return_rate.answer(shop_period(date(2011, 2, 5), date(2011, 2, 27)), GBP)
    assert counts(before) == (0, 0, 0, 0, 0)


def test_days_add_up_to_the_whole(history):
    assert return_rate.total(by("day").values()) == return_rate.answer(shop_period(), GBP)[0]


def test_nothing_at_all_is_one_row_of_nothing(db):
    [row] = return_rate.answer(shop_period(), GBP)
    assert (row.key, counts(row), row.rate_by_order) == ("all", (0, 0, 0, 0, 0), None)
    assert return_rate.answer(shop_period(), GBP, "month") == []


def test_a_native_return_counts_from_its_request_and_its_units_when_they_arrive(db):
    order = an_order(lines=[Sold(quantity=4, gross="30.00")])
    came_back(order, asked_at=NOON, quantity=3, arrived=0, status=RMAStatus.APPROVED)
    [waiting] = return_rate.answer(shop_period(), GBP)
    assert counts(waiting) == (1, 1, 0, 4, 0)
    came_back(order, asked_at=NOON, quantity=1, reason="damaged_on_arrival")
    [arrived] = return_rate.answer(shop_period(), GBP)
    assert counts(arrived) == (1, 2, 1, 4, 1)
    assert arrived.value_returned == Decimal("7.5")
    assert {key: counts(row)[1:3] for key, row in by("reason").items()} == {
        "changed_mind": (1, 0),
        "damaged_on_arrival": (1, 1),
    }


@pytest.mark.parametrize("status", [RMAStatus.REJECTED, RMAStatus.CANCELED, RMAStatus.EXPIRED])
def test_what_never_comes_back_is_no_return(db, status):
    came_back(an_order(), asked_at=NOON, arrived=0, status=status)
    assert counts(return_rate.answer(shop_period(), GBP)[0]) == (1, 0, 0, 2, 0)


def test_currencies_are_never_added_up(db):
    an_order(lines=[Sold(sku="A")])
    an_order(lines=[Sold(sku="B", gross="99.00")], currency="EUR")
    assert return_rate.answer(shop_period(), GBP)[0].value_sold == Decimal("20")
    assert return_rate.answer(shop_period(), Filters("EUR"))[0].value_sold == Decimal("99")


def test_an_order_just_before_midnight_in_summer_belongs_to_the_shops_day(db):
    an_order(placed_at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC), shipped_at=None)
    assert list(by("month")) == ["2026-07"]


# ── Against an independent count of the bundled sample, made from the words of its README ─────────────────────────


def independent(rows, goods):
    """Count a history row by row, knowing nothing of tables: the oracle."""
    invoices = defaultdict(list)
    for found in rows:
        invoices[found["InvoiceNo"]].append(found)
    counted = defaultdict(lambda: [0, 0, 0, 0, Decimal(0), Decimal(0)])
    for number, lines in invoices.items():
        month, country = min(line["InvoiceDate"] for line in lines)[:7], lines[0]["Country"]
        is_sale, is_credit = number.isdigit(), number.startswith("C")
        kept = [line for line in lines if int(line["Quantity"]) > 0 or is_credit]
        if goods:
            kept = [x for x in kept if x["StockCode"][:5].isdigit() and Decimal(x["UnitPrice"]) > 0]
        if not kept or not (is_sale or is_credit):
            continue
        for key in ("all", month, country):
            found = counted[key]
            found[is_credit] += 1
            for line in kept:
                found[2 + is_credit] += abs(int(line["Quantity"]))
                found[4 + is_credit] += abs(int(line["Quantity"]) * Decimal(line["UnitPrice"]))
    return counted


@pytest.fixture
def sample(db):
    call_command("import_orders", str(SAMPLE), json=True, stdout=io.StringIO(), stderr=io.StringIO())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the server does by itself, later
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def the_command_says_the_same(sample):
    """As the independent count, in the keys and forms that others rely on."""
    out = io.StringIO()
    call_command("report", "return_rate", json=True, stdout=out)
    [row] = json.loads(out.getvalue())
    orders, returns, units_sold, units_returned, value_sold, value_returned = independent(sample, False)["all"]
    assert list(row) == [
        "key", "orders", "returns", "orders_returned", "units_sold", "units_returned", "value_sold", "value_returned",
        "rate_by_invoice", "rate_by_order", "rate_by_units", "rate_by_value",
    ]  # fmt: skip
    assert (row["orders"], row["returns"], row["units_sold"], row["units_returned"]) == (
        orders,
        returns,
        units_sold,
        units_returned,
    )
    assert row["value_sold"] == f"{value_sold:.3f}"
    assert row["value_returned"] == f"{value_returned:.3f}"
    assert row["rate_by_invoice"] == float(f"{Decimal(returns) / orders:.6f}")


def the_rows_are_as_many_as_the_number():
    """For any period and filter."""
    chance = Random(13)
    countries = ["", "United Kingdom", "EIRE", "Germany", "France"]
    for _ in range(12):
        start = date(2010, 12, 1) + timedelta(days=chance.randrange(330))
        period = shop_period(start, start + timedelta(days=chance.choice([0, 6, 29, 89])))
        filters = Filters("GBP", chance.choice(countries), goods_only=chance.random() < 0.5)
        [rate] = return_rate.answer(period, filters)
        items = refund_rate.answer(period, filters)
        counted = [rate.orders, rate.orders_returned, rate.returns, items.items, items.full, items.partial]
        assert counted == [
            listings.orders(period, filters, Narrowed()).count(),
            listings.orders(period, filters, Narrowed(returned=True)).count(),
            listings.returns(period, filters, Narrowed()).count(),
            listings.items(period, filters, Narrowed()).count(),
            listings.items(period, filters, Narrowed(ending="full")).count(),
            listings.items(period, filters, Narrowed(ending="partial")).count(),
        ]


def test_the_sample_agrees_with_an_independent_count_and_with_its_rows(sample):
    """One import, being slow, for all of it: every month and country; the command; the rows behind the numbers."""
    the_command_says_the_same(sample)
    the_rows_are_as_many_as_the_number()
    for goods in (False, True):
        expected = independent(sample, goods)
        for group in ("", "month", "country"):
            for key, row in by(group, filters=Filters("GBP", goods_only=goods)).items():
                found = [row.orders, row.returns, row.units_sold, row.units_returned]
                values = [row.value_sold.quantize(Decimal("0.001")), row.value_returned.quantize(Decimal("0.001"))]
                assert [goods, key, *found, *values] == [goods, key, *expected[key]]


def test_orders_returned_counts_what_came_back_later_too(db):
    came_back(an_order(placed_at=NOON - timedelta(days=40)), asked_at=NOON)
    period = shop_period((NOON - timedelta(days=50)).date(), (NOON - timedelta(days=30)).date())
    assert counts(return_rate.answer(period, GBP)[0]) == (1, 0, 1, 2, 0)
