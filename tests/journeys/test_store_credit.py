"""Credit taken instead of money, spent on a later order, and back again when that order comes back (R83, R84, p43)."""

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from oms import shops
from oms.models import Customer, Order
from refunds.conservation import balances
from refunds.liability import totals
from refunds.models import StoreCredit
from tests.journeys import traveler as on
from tests.policies import a_rule
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db
D = Decimal


def a_later_order(folder: Path, customer: Customer, credit: StoreCredit, amount: str) -> Order:
    """Two pieces from the shop's own file, paid with the credit that it names, delivered two days ago."""
    now = timezone.now()
    row = {
        "order_number": f"LATER-{credit.event_sequence}",
        "placed_at": (now - timedelta(days=4)).isoformat(timespec="seconds"),
        "shipped_at": (now - timedelta(days=3)).isoformat(timespec="seconds"),
        "delivered_at": (now - timedelta(days=2)).isoformat(timespec="seconds"),
        "email": customer.email,
        "currency": "GBP",
        "sku": "TEA",
        "quantity": "2",
        "unit_price": amount,
        "tax_rate": "20",
        "payment_method": "store_credit",
        "payment_id": credit.number,
    }
    path = folder / f"{row['order_number']}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    call_command("import_orders", str(path), layout="native")
    return Order.objects.get(number=row["order_number"])


def left(credit: StoreCredit) -> dict[str, Decimal]:
    return {grant.category: grant.remaining for grant in credit.grants.all()}


def test_credit_instead_of_money_is_spent_later_and_comes_back_with_the_goods(vendors: Sandbox, tmp_path: Path) -> None:
    a_rule("resolutions", allowed=["refund", "store_credit"], default="refund")
    shops.change({"credit_bonus": D(10)}, by="user:1", at=timezone.now())
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"), resolution="store_credit")
    on.inspect(rma, on.arrive(rma))
    assert on.status(rma) == ("closed", "settled")
    assert on.mails(rma)[-2:] == ["credited", "survey"]
    assert on.paid_by_provider(vendors, order) == 0
    credit = order.customer.store_credits.get()
    assert left(credit) == {"refund": D("20"), "bonus": D("2")}

    later = a_later_order(tmp_path, order.customer, credit, "8.00")
    assert (later.total, later.payments.get().method) == (D("16"), "store_credit")
    assert left(credit) == {"refund": D("6"), "bonus": D("0")}

    half = on.ask(later, on.Wanted(later.lines.get().pk, 1, "changed_mind", "opened"), resolution="store_credit")
    assert "bonus" not in half.quote
    on.inspect(half, on.arrive(half))
    assert on.status(half) == ("closed", "settled")
    assert left(credit) == {"refund": D("14"), "bonus": D("0")}
    rest = on.ask(later)
    on.inspect(rest, on.arrive(rest))
    assert left(credit) == {"refund": D("20"), "bonus": D("2")}
    assert on.paid(later) == later.total

    assert on.books_balance()
    assert [one.drift for one in balances() if one.order == later.number] == [0]
    assert [(one.owed, one.drift) for one in totals(timezone.now())] == [(D("22"), 0)]
