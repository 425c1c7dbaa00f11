"""The books in other programs' forms: complete, balanced, harmless, and the same bytes each time."""

import csv
import io
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from oms import journal, periods
from oms.journal import Account
from oms.models import Customer, Order
from refunds import lifecycle
from refunds.accounting import LAYOUTS, Days
from refunds.accounting.beancount import account_name
from refunds.models import CreditMemo
from tests.refunds.cases import LATER, a_requested_refund
from tests.refunds.test_conservation import a_sale, give_back
from tests.refunds.test_memo_numbers import as_if_committed

pytestmark = pytest.mark.django_db
NOVEMBER = Days(date(2026, 11, 1), date(2026, 11, 30), ZoneInfo("Europe/London"))
DECEMBER = Days(date(2026, 12, 1), date(2026, 12, 31), ZoneInfo("Europe/London"))

# The header rows of files that these programs took or gave.
HEADERS = {
    "quickbooks_credit_memo": (
        "RefNumber,Customer,TxnDate,Class,Location,BillAddrLine1,BillAddrCity,BillAddrState,BillAddrPostalCode,"
        "BillAddrCountry,PrivateNote,Msg,BillEmail,ShipAmt,TaxAmt,LineItem,LineQty,LineUnitPrice,LineAmount,LineDesc,"
        "LineTaxable"
    ),
    # Xero's sales invoice import template; * = required
    "xero_sales_credit_note": (
        "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,"
        "POPostalCode,POCountry,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,InventoryItemCode,*Description,"
        "*Quantity,*UnitAmount,Discount,*AccountCode,*TaxType,TrackingName1,TrackingOption1,TrackingName2,"
        "TrackingOption2,Currency,BrandingTheme"
    ),
    # Stripe's report types balance_change_from_activity.itemized.3 and payout_reconciliation.itemized.5
    "stripe_balance_change_itemized_3": (
        "balance_transaction_id,created_utc,created,available_on_utc,available_on,currency,gross,fee,net,"
        "reporting_category,source_id,description,customer_facing_amount,customer_facing_currency,automatic_payout_id,"
        "automatic_payout_effective_at"
    ),
    "stripe_payout_reconciliation_itemized_5": (
        "automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created_utc,created,available_on_utc,"
        "available_on,currency,gross,fee,net,reporting_category,source_id,description,customer_facing_amount,"
        "customer_facing_currency,customer_id,customer_email,charge_id,payment_intent_id,charge_created_utc,invoice_id,"
        "order_id,payment_method_type"
    ),
}


def text(name: str, days: Days = NOVEMBER) -> str:
    return "".join(LAYOUTS[name].lines(days))


def table(name: str, days: Days = NOVEMBER) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(name, days), newline="")))


def bean_check(ledger: str, folder: Path) -> tuple[int, str]:
    path = folder / "books.beancount"
    path.write_text(ledger)
    command = [Path(sys.executable).with_name("bean-check"), "--no-cache", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def a_month() -> Order:
    """A sale with two rates, two refunds of it, one that failed late, goodwill, and an entry by hand."""
    order = a_sale(payments=(("card", "40.00"), ("manual", "19.98")))
    give_back(order, {"MUG": 2})
    give_back(order, {"BOOK": 1})
    [late] = give_back(a_sale("1002"), {"MUG": 1})
    lifecycle.fail(late.number, provider_id=late.provider_id, reason="expired_card", by="stripe", at=LATER)
    periods.book_by_hand(
        Account.WRITE_OFF, Account.BANK, Decimal("3.00"), currency="GBP", on=LATER.date(),
        note='a "quoted" note\\ with a backslash', by="user:901", at=LATER,
    )  # fmt: skip
    as_if_committed()
    return order


# ── Beancount ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_bean_check_passes(tmp_path: Path) -> None:
    a_month()
    journal.post(
        "capture/yen", [(Account.PROVIDER, Decimal(1000)), (Account.SALES, Decimal(-1000))], currency="JPY", at=LATER
    )
    ledger = text("beancount")
    assert bean_check(ledger, tmp_path) == (0, "")
    assert ledger.count(" * ") == 8 + 1  # sales, refunds, failure, by hand, yen
    assert "2026-12-01 balance Assets:Provider" in ledger


def test_a_later_month_brings_forward_what_stood_there(tmp_path: Path) -> None:
    a_month()
    ledger = text("beancount", DECEMBER)
    assert '2026-12-01 * "Brought forward"' in ledger
    assert bean_check(ledger, tmp_path) == (0, "")


def test_bean_check_finds_a_changed_amount(tmp_path: Path) -> None:
    """The check is one that can fail."""
    a_month()
    broken = text("beancount").replace("3.00 GBP", "3.01 GBP", 1)
    assert bean_check(broken, tmp_path)[0] == 1


def test_an_empty_month_is_an_empty_ledger(tmp_path: Path) -> None:
    assert bean_check(text("beancount"), tmp_path) == (0, "")


@pytest.mark.parametrize(
    ("account", "name"),
    [
        (Account.SALES_TAX, "Liabilities:SalesTax"),
        (Account.BANK, "Assets:Bank"),
        (Account.RETURNS, "Income:Returns"),
        (Account.COST_OF_GOODS, "Expenses:CostOfGoods"),
    ],
)
def test_accounts_have_names_of_the_language(account: Account, name: str) -> None:
    assert account_name(account) == name


# ── Tables ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", HEADERS)
def test_the_header_is_the_programs_own(name: str) -> None:
    assert text(name).splitlines() == [HEADERS[name]]


def test_quickbooks_lines_add_up_to_the_memo() -> None:
    a_month()
    rows = table("quickbooks_credit_memo")
    for memo in CreditMemo.objects.select_related("numbering"):
        own = [row for row in rows if row["RefNumber"] == memo.document]
        amounts = sum((Decimal(row["LineAmount"]) for row in own), Decimal(0))
        assert amounts + Decimal(own[0]["ShipAmt"]) + Decimal(own[0]["TaxAmt"]) == memo.total
        for row in own:
            assert Decimal(row["LineQty"]) * Decimal(row["LineUnitPrice"]) == Decimal(row["LineAmount"])
            assert len(row["RefNumber"]) <= 21
    assert {row["LineItem"] for row in rows} == {"MUG", "BOOK"}


def test_xero_takes_goods_back_and_charges_fees() -> None:
    refund = a_requested_refund()
    memo = CreditMemo.objects.get(pk=refund.memo_id)
    as_if_committed()
    [row] = table("xero_sales_credit_note")
    assert Decimal(row["*Quantity"]) * Decimal(row["*UnitAmount"]) == -memo.net
    assert (row["Reference"], row["*TaxType"], row["*AccountCode"]) == (
        refund.rma.number,
        "20% (VAT on Income)",
        "4100",
    )
    assert row["*InvoiceDate"] == f"{LATER:%d/%m/%Y}"


def test_stripes_columns_hold_what_moved_at_the_card_provider() -> None:
    a_month()
    rows = table("stripe_balance_change_itemized_3")
    kinds = [row["reporting_category"] for row in rows]
    assert sorted(kinds) == ["charge", "charge", "refund", "refund", "refund", "refund_failure"]
    on_account = sum(Decimal(row["gross"]) for row in rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(amount) FROM oms_posting WHERE account = 'provider'")
        assert cursor.fetchone() == (on_account,)
    failed = next(row for row in rows if row["reporting_category"] == "refund_failure")
    paid = [row for row in rows if row["reporting_category"] == "refund" and row["source_id"] == failed["source_id"]]
    assert [Decimal(row["gross"]) for row in paid] == [-Decimal(failed["gross"])]
    payouts = table("stripe_payout_reconciliation_itemized_5")
    assert sorted(row["order_id"] for row in payouts) == ["1001", "1001", "1001", "1002", "1002", "1002"]


# ── Whatever the layout ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_same_days_give_the_same_bytes(name: str) -> None:
    a_month()
    before = text(name)
    give_back(a_sale("1003"), {"MUG": 1})
    as_if_committed()
    assert text(name, Days(date(2026, 10, 1), date(2026, 10, 31), NOVEMBER.zone)).count("\n") < before.count("\n")
    assert text(name).count("\n") > before.count("\n")
    assert text(name) == text(name)


@pytest.mark.parametrize("name", ["beancount", "stripe_balance_change_itemized_3"])
def test_what_is_booked_after_closing_leaves_the_closed_months_file_as_it_was(name: str) -> None:
    a_month()
    before = text(name)
    at = datetime(2026, 12, 2, tzinfo=UTC)
    periods.ask_to_close(date(2026, 11, 1), by="user:901", at=at)
    periods.close(date(2026, 11, 1), by="user:902", at=at)
    give_back(a_sale("1003"), {"MUG": 1})  # happened in November
    assert text(name) == before
    assert "1003" in text(name, DECEMBER)


def test_words_that_a_spreadsheet_would_run_are_only_words() -> None:
    order = a_sale()
    customer = Customer.objects.get(pk=order.customer_id)
    customer.name = '=HYPERLINK("http://evil.test")'
    customer.save(update_fields=["name"])
    give_back(order, {"MUG": 1})
    as_if_committed()
    [row] = table("quickbooks_credit_memo")
    assert row["Customer"].startswith("'=HYPERLINK")
    assert table("xero_sales_credit_note")[0]["*ContactName"].startswith("'=")


def test_an_erased_customer_is_named_by_number() -> None:
    order = a_sale()
    give_back(order, {"MUG": 1})
    as_if_committed()
    Customer.objects.filter(pk=order.customer_id).update(wrapped_key=None)
    [row] = table("quickbooks_credit_memo")
    assert (row["Customer"], row["BillEmail"], row["BillAddrLine1"]) == (str(order.customer), "", "")


def test_the_command_writes_the_file_whole(tmp_path: Path) -> None:
    a_month()
    path = tmp_path / "november.beancount"
    call_command(
        "export_books", "--layout", "beancount", "--from", "2026-11-01", "--to", "2026-11-30", "--out", str(path),
        stderr=io.StringIO(),
    )  # fmt: skip
    assert path.read_text() == text("beancount")
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_says_what_cannot_be(tmp_path: Path) -> None:
    for words in (
        ("--from", "2026-11-30", "--to", "2026-11-01"),
        ("--from", "2026-11-01", "--to", "2026-11-30", "--out", str(tmp_path / "no" / "where")),
    ):
        with pytest.raises(CommandError) as refused:
            call_command("export_books", "--layout", "beancount", *words)
        assert refused.value.returncode == 2


def test_a_memo_of_goodwill_is_exported() -> None:
    order = a_sale()
    lifecycle.request_goodwill(order.number, Decimal("5.00"), form_token=uuid4(), by="user:901", at=LATER)
    as_if_committed()
    [row] = table("quickbooks_credit_memo")
    assert (row["LineItem"], row["LineAmount"], row["TaxAmt"]) == ("GOODWILL", "5.00", "0.00")
