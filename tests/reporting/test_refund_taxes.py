"""Taxes of refunds by month, country and rate: what credit memos say is what stands on the account."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum

from oms import periods
from oms.models import Order, Posting
from refunds import lifecycle
from reporting import refund_taxes
from reporting.period import Filters, Period
from tests.refunds.cases import LATER
from tests.refunds.test_conservation import a_sale, give_back

pytestmark = pytest.mark.django_db
GBP = Filters("GBP")
ALL = Period(zone="Europe/London")


def on_the_account() -> Decimal:
    """Sales tax of refunds in the ledger."""
    postings = Posting.objects.filter(account="sales_tax", entry__cause__startswith="refund/")
    return postings.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def in_country(order: Order, country: str) -> Order:
    Order.objects.filter(pk=order.pk).update(country=country)
    return order


def test_each_rate_of_each_country_is_a_row_and_the_sum_is_the_ledgers() -> None:
    give_back(in_country(a_sale("1"), "Germany"), {"MUG": 1, "BOOK": 2})
    give_back(in_country(a_sale("2"), "France"), {"MUG": 2})
    rows = refund_taxes.answer(ALL, GBP)
    assert [(row.month, row.country, row.rate, row.refunds, row.net, row.tax) for row in rows] == [
        ("2026-11", "France", Decimal(20), 1, Decimal("16.65"), Decimal("3.33")),
        ("2026-11", "Germany", Decimal(5), 1, Decimal("9.52"), Decimal("0.48")),
        ("2026-11", "Germany", Decimal(20), 1, Decimal("8.32"), Decimal("1.67")),
    ]
    assert sum(row.tax for row in rows) == on_the_account()


def test_shipping_has_no_rate_of_its_own() -> None:
    give_back(a_sale(), {"MUG": 3, "BOOK": 5})
    rows = {row.rate: (row.net, row.tax) for row in refund_taxes.answer(ALL, GBP)}
    assert rows[None] == (Decimal("4.18"), Decimal("0.83"))
    assert sum(tax for _net, tax in rows.values()) == on_the_account()


def test_over_several_payments_and_parts_the_sum_is_the_ledgers_to_the_cent() -> None:
    order = a_sale(payments=(("card", "11.11"), ("card", "22.22"), ("manual", "26.65")))
    for quantities in ({"MUG": 1}, {"BOOK": 3}, {"MUG": 2, "BOOK": 2}):
        give_back(order, quantities)
        assert sum(row.tax for row in refund_taxes.answer(ALL, GBP)) == on_the_account()
    taxes = {line.tax_rate: line.tax for line in order.lines.all()}
    assert {row.rate: row.tax for row in refund_taxes.answer(ALL, GBP)} == {**taxes, None: Decimal("0.83")}


def test_a_late_failure_is_taken_off_in_the_month_it_is_booked() -> None:
    [refund] = give_back(a_sale(), {"MUG": 1})
    december = datetime(2026, 12, 20, tzinfo=UTC)
    lifecycle.fail(refund.number, provider_id=refund.provider_id, reason="expired_card", by="stripe", at=december)
    rows = refund_taxes.answer(ALL, GBP, by="month")
    assert [(row.month, row.tax) for row in rows] == [("2026-11", Decimal("1.67")), ("2026-12", Decimal("-1.67"))]
    assert on_the_account() == Decimal(0)


def test_what_is_booked_after_closing_belongs_to_the_next_month() -> None:
    give_back(a_sale("1"), {"MUG": 1})
    at = datetime(2026, 12, 2, tzinfo=UTC)
    periods.ask_to_close(LATER.date(), by="user:901", at=at)
    periods.close(LATER.date(), by="user:902", at=at)
    give_back(a_sale("2"), {"MUG": 1})
    rows = refund_taxes.answer(ALL, GBP, by="month")
    assert [(row.month, row.tax) for row in rows] == [("2026-11", Decimal("1.67")), ("2026-12", Decimal("1.67"))]


def test_the_command_prints_it() -> None:
    give_back(in_country(a_sale(), "Germany"), {"MUG": 1})
    out = StringIO()
    call_command("report", "refund_taxes", "--currency", "GBP", "--json", stdout=out)
    assert json.loads(out.getvalue()) == [
        {"month": "2026-11", "country": "Germany", "rate": "20", "refunds": 1, "net": "8.320", "tax": "1.670",
         "gross": "9.990"},
    ]  # fmt: skip
    out = StringIO()
    call_command("report", "refund_taxes", "--by", "country", "--csv", stdout=out)
    assert out.getvalue().splitlines() == [
        "month,country,rate,refunds,net,tax,gross",
        ",Germany,20,1,8.320,1.670,9.990",
    ]
