"""What was paid for each line: kits, discounts on lines and orders, tax on top or within, duty: frozen to the cent."""

import csv
import io
import json
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from oms.importing.documents import SaleLine
from oms.importing.terms import Priced, TermsRefused, freeze
from oms.models import Order
from tests.properties import thorough


def row(value: str, *, quantity: int = 1, rate: str = "20", **more: Any) -> Priced:
    return Priced(SaleLine("MUG", "Mug", quantity, D(value) / quantity, D(0), tax_rate=D(rate)), D(value), **more)


def paid(*rows: Priced, discount: str = "0", included: bool = True, currency: str = "GBP") -> list[tuple[D, D]]:
    lines = freeze(rows, discount=D(discount), included=included, currency=currency)
    return [(line.gross, line.tax) for line in lines]


def test_an_orders_discount_is_spread_by_what_lines_cost_after_their_own() -> None:
    assert paid(row("20.00", discount=D("5.00")), row("15.00"), row("0.00"), discount="10.01") == [
        (D("9.99"), D("1.67")),
        (D("10.00"), D("1.67")),
        (D("0.00"), D("0.00")),
    ]


def test_tax_on_top_is_worked_out_once_per_line_after_all_discounts() -> None:
    [line] = paid(row("24.00", quantity=2, discount=D("3.00")), discount="2.50", included=False)
    assert line == (D("22.20"), D("3.70"))


def test_a_kits_price_finds_its_parts() -> None:
    parts = [row(value, kit="Gift box", kit_price=D("20.00")) for value in ("10.00", "10.00", "10.00")]
    found = freeze(parts, discount=D(0), included=True, currency="GBP")
    assert [line.gross for line in found] == [D("6.67"), D("6.67"), D("6.66")]
    assert found[0].description == "Mug (Gift box)"


def test_duty_is_on_top_and_untaxed() -> None:
    assert paid(row("12.00", duty=D("1.50"))) == [(D("13.50"), D("2.00"))]


@pytest.mark.parametrize(
    ("rows", "discount", "column"),
    [
        ([row("5.00")], "5.01", "order_discount"),
        ([row("5.00", discount=D("5.01"))], "0", "discount"),
        ([row("5.00", kit="K", kit_price=D("3.00")), row("5.00", kit="K", kit_price=D("4.00"))], "0", "kit_price"),
        ([row("5.00", kit="K")], "0", "kit_price"),
        ([row("5.00", kit="K", kit_price=D("3.00"), discount=D("3.01"))], "0", "discount"),
    ],
)
def test_what_does_not_add_up_is_refused(rows: list[Priced], discount: str, column: str) -> None:
    with pytest.raises(TermsRefused) as refused:
        freeze(rows, discount=D(discount), included=True, currency="GBP")
    assert refused.value.column == column


@thorough
@given(
    st.lists(st.tuples(st.integers(0, 10**5), st.booleans()), min_size=1, max_size=5),
    st.integers(0, 10**5),
    st.integers(0, 100),
)
def test_lines_always_come_to_what_was_paid(given_rows: list[tuple[int, bool]], kit_price: int, off: int) -> None:
    """With tax included: all lines together are kit prices and values less the discount, to the cent."""
    rows = [
        row(f"{D(value) / 100:.2f}", kit="K" if in_kit else "", kit_price=D(kit_price) / 100 if in_kit else None)
        for value, in_kit in given_rows
    ]
    whole = sum(value for value, in_kit in given_rows if not in_kit)
    whole += kit_price if any(in_kit for _value, in_kit in given_rows) else 0
    discount = D(whole * off // 100) / 100
    assert sum(gross for gross, _tax in paid(*rows, discount=f"{discount:.2f}")) == D(whole) / 100 - discount


# ── As a file ─────────────────────────────────────────────────────────────────────────────────────────────────────

FILE = {
    "order_number": "W-1", "placed_at": "2026-03-02T09:15:00Z", "currency": "GBP", "sku": "MUG", "quantity": "1",
    "unit_price": "12.00", "tax_rate": "20", "order_discount": "2.50", "prices_include_tax": "no", "kit": "",
    "kit_price": "", "duty": "", "discount_minimum": "", "discount_label": "", "payment_method": "card",
    "payment_id": "pi_1",
}  # fmt: skip


def load(folder: Path, *changes: dict[str, str]) -> dict[str, Any]:
    file = folder / "orders.csv"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(FILE))
        writer.writeheader()
        writer.writerows(FILE | changed for changed in changes)
    told = io.StringIO()
    call_command("import_orders", str(file), layout="native", json=True, stdout=told)
    return dict(json.loads(told.getvalue()))


@pytest.mark.django_db
def test_a_file_with_net_prices_a_kit_and_a_discount_on_the_order(tmp_path: Path) -> None:
    kit = {"kit": "Gift box", "kit_price": "20.00", "quantity": "2"}
    load(tmp_path, {"quantity": "2"}, kit | {"sku": "TEA"}, kit | {"sku": "JAM", "duty": "1.00"})
    order = Order.objects.get()
    lines = list(order.lines.order_by("position"))
    assert [line.gross - line.tax for line in lines] == [D("22.64"), D("9.43"), D("10.43")]
    assert sum(line.gross - line.tax for line in lines) == D("44.00") - D("2.50") + D("1.00")
    assert [line.tax for line in lines] == [D("4.53"), D("1.89"), D("1.89")]
    assert [line.description for line in lines] == ["", "TEA (Gift box)", "JAM (Gift box)"]
    assert [line.kit for line in lines] == ["", "Gift box", "Gift box"]
    assert [order.prices_include_tax, order.total == order.payments.get().captured] == [False, True]


@pytest.mark.django_db
def test_a_discount_that_asked_for_a_minimum_is_remembered_with_its_shares(tmp_path: Path) -> None:
    terms = {"prices_include_tax": "yes", "discount_minimum": "20.00", "discount_label": "SPRING"}
    load(tmp_path, terms, terms | {"sku": "TEA", "unit_price": "13.00", "tax_rate": "0"})
    assert Order.objects.get().promotions == [
        {"label": "SPRING", "minimum": "20.00", "shares": [["1.20", "0.20"], ["1.30", "0.00"]]}
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"order_discount": "12.01"}, "order_discount"),
        ({"order_discount": "-1"}, "order_discount"),
        ({"prices_include_tax": "maybe"}, "prices_include_tax"),
        ({"kit": "Box"}, "kit_price"),
        ({"kit": "Box", "kit_price": "1.005"}, "kit_price"),
        ({"duty": "x"}, "duty"),
    ],
)
def test_a_bad_term_is_named_and_its_order_left_out(tmp_path: Path, changed: dict[str, str], column: str) -> None:
    report = load(tmp_path, changed, {"order_number": "W-2", "payment_id": "pi_2"})
    assert [one["column"] for one in report["rejections"]] == [column]
    assert Order.objects.get().number == "W-2"
