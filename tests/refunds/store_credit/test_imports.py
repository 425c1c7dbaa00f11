"""Orders of a file that name the store credit they were paid with."""

import csv
import io
import json
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from oms.models import Customer, Order, Posting
from refunds.conservation import balances
from refunds.models import StoreCreditEntry
from tests.builders import a_customer
from tests.refunds.store_credit.cases import owed, owed_in_the_books, remaining, some_credit

pytestmark = pytest.mark.django_db
ROW = {
    "order_number": "W-1",
    "placed_at": "2026-11-24T09:00:00Z",
    "customer_number": "C-7",
    "currency": "GBP",
    "sku": "MUG",
    "quantity": "1",
    "unit_price": "8.00",
    "payment_method": "store_credit",
}


PAYMENT = ("payment_id", "credit_number", "credit_amount")


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def run(*rows: dict[str, str], dry_run: bool = False) -> dict[str, Any]:
        path, out = tmp_path / "orders.csv", io.StringIO()
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*ROW, "tax_rate", *PAYMENT])
            writer.writeheader()
            writer.writerows(ROW | row for row in rows)
        call_command("import_orders", str(path), layout="native", json=True, dry_run=dry_run, stdout=out)
        return json.loads(out.getvalue())

    return run


@pytest.fixture
def buyer() -> Customer:
    customer = a_customer()
    customer.external_id = "C-7"
    customer.save()
    return customer


def test_an_order_is_paid_from_the_credit_it_names(run: Any, buyer: Customer) -> None:
    account = some_credit("20.00", buyer)
    two = ({"payment_id": account.number}, {"payment_id": account.number, "order_number": "W-2"})
    assert (run(*two)["new_orders"], run(*two)["new_orders"]) == (2, 0)
    paid = Order.objects.order_by("number").values_list("payments__method", "payments__provider_id")
    assert list(paid) == [("store_credit", f"{account.number}/3"), ("store_credit", f"{account.number}/5")]
    assert remaining(account) == owed() == owed_in_the_books() == D("4")
    assert {one.drift for one in balances()} == {0}


def test_a_dry_run_spends_nothing(run: Any, buyer: Customer) -> None:
    account = some_credit("20.00", buyer)
    assert run({"payment_id": account.number}, dry_run=True)["new_orders"] == 1
    assert (remaining(account), Order.objects.count()) == (D("20"), 0)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"payment_id": ""}, "Name the store credit that pays this order."),
        ({"payment_id": "S-0000-00000"}, "There is no store credit S-0000-00000."),
        ({"unit_price": "20.01"}, "20.01 asked for, 20.00 left to spend."),
        ({"customer_number": "C-8"}, "belongs to another customer."),
        ({"customer_number": ""}, "belongs to another customer."),
        ({"currency": "EUR"}, "is in GBP; it cannot pay EUR."),
        ({"placed_at": "2026-11-01T00:00:00Z"}, "20.00 has expired."),
    ],
)
def test_a_row_whose_credit_does_not_pay_is_refused(run: Any, buyer: Customer, row: dict[str, str], words: str) -> None:
    account = some_credit("20.00", buyer)
    if "expired" in words:
        account.grants.update(expires_at="2026-11-01T00:00:00Z")
    report = run({"payment_id": account.number} | row, {"order_number": "W-2", "payment_method": ""})
    [rejection] = report["rejections"]
    assert (rejection["line"], rejection["column"]) == (2, "payment_id")
    assert rejection["reason"].endswith(words)
    assert (report["new_orders"], Order.objects.get().number) == (1, "W-2")
    assert (remaining(account), StoreCreditEntry.objects.count()) == (D("20"), 1)


# ── Part of an order ──────────────────────────────────────────────────────────────────────────────────────────────

BY_CARD = {"payment_method": "card", "payment_id": "pi_1", "tax_rate": "20"}


def test_credit_pays_a_part_and_the_card_the_rest_to_the_cent_of_the_tax(run: Any, buyer: Customer) -> None:
    account = some_credit("2.99", buyer)
    row = BY_CARD | {"credit_number": account.number, "credit_amount": "2.99"}
    assert (run(row)["new_orders"], run(row)["new_orders"]) == (1, 0)
    paid = Order.objects.get().payments.order_by("pk").values_list("method", "provider_id", "captured")
    assert list(paid) == [("store_credit", f"{account.number}/3", D("2.99")), ("card", "pi_1", D("5.01"))]
    booked = Posting.objects.filter(entry__cause__startswith="capture/W-1").order_by("pk")
    assert list(booked.values_list("account", "amount")) == [
        ("store_credit", D("2.99")),
        ("sales", D("-2.49")),
        ("sales_tax", D("-0.50")),
        ("provider", D("5.01")),
        ("sales", D("-4.18")),
        ("sales_tax", D("-0.83")),
    ]
    assert remaining(account) == owed() == owed_in_the_books() == D("0")
    assert {one.drift for one in balances()} == {0}


def test_all_of_it_needs_no_other_method(run: Any, buyer: Customer) -> None:
    account = some_credit("8.00", buyer)
    run({"credit_number": account.number, "credit_amount": "8.00", "payment_method": "card"})
    assert [one.method for one in Order.objects.get().payments.all()] == ["store_credit"]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ({"credit_amount": ""}, "credit_amount", "Name both the store credit and how much of the order it pays."),
        ({"credit_number": ""}, "credit_amount", "Name both the store credit and how much of the order it pays."),
        ({"credit_amount": "8.01"}, "credit_amount", "8.01 is more than the 8.00 of the order."),
        ({"credit_amount": "-1"}, "credit_amount", "-1 is negative."),
        ({"credit_amount": "1.001"}, "credit_amount", "1.001 has too many decimals: GBP has 2."),
        ({"credit_amount": "x"}, "credit_amount", "is not a plain number with at most six decimals."),
        ({"credit_amount": "5.01"}, "credit_number", "5.01 asked for, 5.00 left to spend."),
        ({"customer_number": "C-8"}, "credit_number", "belongs to another customer."),
        ({"payment_method": "store_credit"}, "credit_number", "all of it is paid with store credit."),
    ],
)
def test_a_part_that_does_not_pay_refuses_the_row(
    run: Any, buyer: Customer, row: dict[str, str], column: str, words: str
) -> None:
    account = some_credit("5.00", buyer)
    report = run(BY_CARD | {"credit_number": account.number, "credit_amount": "3.00"} | row)
    [rejection] = report["rejections"]
    assert (rejection["column"], rejection["reason"].endswith(words)) == (column, True)
    assert (Order.objects.count(), remaining(account), StoreCreditEntry.objects.count()) == (0, D("5"), 1)
