import csv
import gzip
import io
import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from oms.importing import native, online_retail
from oms.importing.documents import Sale
from oms.management.commands import import_orders
from oms.models import Customer, Event, JournalEntry, Order, OrderLine, Payment, Posting, Product, UnitClaim
from oms.orders import with_status
from oms.outbox import broken_links
from refunds.models import CreditMemo, ImportedCredit, Refund
from returns.models import RMA, ReturnLine

pytestmark = pytest.mark.django_db

SALE = ("536365", "85123A", "HANGING HEART", "6", "2010-12-01 08:26:00", "2.55", "17850", "United Kingdom")


def row(*values, **changed):
    """One row of the layout: SALE with changes by column."""
    named = dict(zip(online_retail.COLUMNS, values or SALE, strict=True)) | changed
    return [named[column] for column in online_retail.COLUMNS]


def credit(document="C536400", **changed):
    return row(**{"InvoiceNo": document, "Quantity": "-1", "InvoiceDate": "2010-12-05 10:00:00"} | changed)


def as_csv(rows, header=online_retail.COLUMNS):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


@pytest.fixture
def run(tmp_path):
    """Import rows (or ready bytes) and return the report."""

    def run(*rows, content=None, name="orders.csv", **options):
        path = tmp_path / name
        path.write_bytes(as_csv(rows) if content is None else content)
        out = io.StringIO()
        call_command("import_orders", str(path), json=True, stdout=out, **options)
        return json.loads(out.getvalue())

    return run


def everything():
    """Count the rows of every table an import writes."""
    models = (Order, OrderLine, Payment, Customer, Product, RMA, ReturnLine, UnitClaim, CreditMemo, Refund)
    return [model.objects.count() for model in (*models, ImportedCredit, JournalEntry, Posting, Event)]


def rejections(report):
    return [(one["line"], one["column"], one["reason"]) for one in report["rejections"]]


# ── Sales ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sale_becomes_a_paid_shipped_order_with_its_books(run):
    report = run(row(), row(StockCode="71053", Description="LANTERN", Quantity="2", UnitPrice="3.39"))
    assert (report["rows"], report["orders"], report["order_lines"], report["rejected"]) == (2, 1, 2, 0)
    order = with_status(Order.objects).get()
    assert (order.number, order.source, order.currency, order.country) == (
        "536365", "imported", "GBP", "United Kingdom",
    )  # fmt: skip
    assert (order.status, order.total, order.customer.external_id) == ("shipped", Decimal("22.08"), "17850")
    lines = order.lines.order_by("position").values_list("sku", "quantity", "shipped", "gross", "unit_price")
    assert list(lines) == [
        ("85123A", 6, 6, Decimal("15.300"), Decimal("2.55")),
        ("71053", 2, 2, Decimal("6.780"), Decimal("3.39")),
    ]
    payment = order.payments.get()
    assert (payment.method, payment.captured, payment.refunded) == ("imported", Decimal("22.08"), Decimal(0))
    entry = JournalEntry.objects.get(cause=f"capture/536365/{payment.pk}", order=order)
    assert dict(entry.postings.values_list("account", "amount")) == {
        "bank": Decimal("22.08"),
        "sales": Decimal("-22.08"),
    }
    events = Event.objects.filter(stream="order/536365")
    assert [(event.name, event.facts) for event in events] == [
        ("order.imported", {"lines": 2, "total": "22.08", "currency": "GBP", "source": "imported"})
    ]
    assert broken_links(events) == []
    assert (order.event_sequence, bytes(order.event_hash)) == (1, bytes(events[0].hash))


def test_no_person_is_invented(run):
    run(row())
    customer = Customer.objects.get()
    assert (customer.name, customer.email, customer.postcode, customer.email_index) == ("", "", "", None)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2010-12-01 08:26:00", datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        ("2011-07-01 08:26:00", datetime(2011, 7, 1, 7, 26, tzinfo=UTC)),
        ("2011-07-01 00:30:00", datetime(2011, 6, 30, 23, 30, tzinfo=UTC)),
    ],
)
def test_times_are_londons(run, local, utc):
    run(row(InvoiceDate=local))
    assert Order.objects.get().placed_at == utc


def test_an_invoice_over_two_minutes_is_one_order_of_the_earlier(run):
    run(row(InvoiceDate="2010-12-01 08:27:00"), row(InvoiceDate="2010-12-01 08:26:00"))
    assert Order.objects.get().placed_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def test_an_invoice_whose_rows_are_interrupted_is_one_order(run):
    run(row(), row(InvoiceNo="536366"), row())
    assert sorted(order.lines.count() for order in Order.objects.all()) == [1, 2]


def test_exact_duplicates_are_kept(run):
    run(row(), row())
    assert OrderLine.objects.count() == 2


def test_write_offs_and_bad_debt_are_counted_and_make_no_order(run):
    report = run(
        row(Quantity="-10", UnitPrice="0", CustomerID="", Description="damaged"),
        row(InvoiceNo="536366", Quantity="0", UnitPrice="0"),
        row(InvoiceNo="A563186", StockCode="B", Quantity="1", UnitPrice="-11062.06", CustomerID=""),
    )
    assert (report["adjustments"], report["orders"], report["rejected"]) == (3, 0, 0)
    assert Order.objects.count() == 0


def test_a_sale_without_customer_and_free_goods_are_orders(run):
    run(row(CustomerID="", UnitPrice="0"))
    order = with_status(Order.objects).get()
    assert (order.customer, order.total, order.status) == (None, Decimal(0), "shipped")
    assert JournalEntry.objects.count() == 0


def test_three_decimals_stay_in_the_price_and_round_half_up_on_the_line(run):
    run(
        row(UnitPrice="0.001", Quantity="1"), row(UnitPrice="0.125", Quantity="1"), row(UnitPrice="0.125", Quantity="3")
    )
    lines = OrderLine.objects.order_by("position").values_list("unit_price", "gross")
    assert list(lines) == [
        (Decimal("0.001"), Decimal("0.00")),
        (Decimal("0.125"), Decimal("0.13")),
        (Decimal("0.125"), Decimal("0.38")),
    ]


@pytest.mark.parametrize(
    ("code", "is_merchandise"),
    [("85123A", True), ("22423", True), ("POST", False), ("M", False), ("DCGS0076", False), ("BANK CHARGES", False)],
)
def test_goods_have_a_code_of_five_digits(run, code, is_merchandise):
    run(row(StockCode=code))
    assert Product.objects.get().is_merchandise is is_merchandise


def test_a_product_without_description_has_its_code_as_title(run):
    run(row(Description=""), row(StockCode="22423", Description=""), row(StockCode="22423", Description="CAKESTAND"))
    assert dict(Product.objects.values_list("sku", "title")) == {"85123A": "85123A", "22423": "CAKESTAND"}


def test_a_customer_in_two_countries_is_one_customer_and_orders_keep_theirs(run):
    run(row(), row(InvoiceNo="536366", Country="EIRE"))
    assert Customer.objects.count() == 1
    assert dict(Order.objects.values_list("number", "country")) == {"536365": "United Kingdom", "536366": "EIRE"}


# ── Credit notes ──────────────────────────────────────────────────────────────────────────────────────────────────


def matches(report):
    return [report[f"lines_{how}"] for how in ("matched_fully", "matched_partly", "not_matched")]


def test_a_credit_note_becomes_a_closed_return_with_its_money(run):
    report = run(row(), credit(Quantity="-2"))
    assert (report["credit_notes"], report["returns"], matches(report)) == (1, 1, [1, 0, 0])
    assert report["units_matched"] == 2
    rma = RMA.objects.get()
    assert (rma.status, rma.settlement, rma.source, rma.source_document) == ("closed", "settled", "imported", "C536400")
    assert rma.requested_at == datetime(2010, 12, 5, 10, 0, tzinfo=UTC)
    line = rma.lines.get()
    assert (line.quantity, line.outstanding, line.claim.units) == (2, 0, ((0, 2),))
    assert line.order_line.returned == 2
    memo = CreditMemo.objects.get()
    assert (memo.total, memo.net, memo.tax, memo.lines.get().claim_id) == (
        Decimal("5.10"), Decimal("5.10"), Decimal(0), line.claim_id,
    )  # fmt: skip
    refund = Refund.objects.get()
    assert (refund.status, refund.source, refund.amount, refund.rma) == ("settled", "imported", Decimal("5.10"), rma)
    assert Payment.objects.get().refunded == Decimal("5.10")
    entry = JournalEntry.objects.get(cause=f"refund/{refund.number}/settled")
    assert dict(entry.postings.values_list("account", "amount")) == {
        "returns": Decimal("5.10"),
        "bank": Decimal("-5.10"),
    }
    for stream, name in ((rma.stream, "rma.imported"), (refund.stream, "refund.imported")):
        events = list(Event.objects.filter(stream=stream))
        assert [event.name for event in events] == [name]
        assert broken_links(events) == []
    assert with_status(Order.objects).get().status == "part_returned"


def test_the_oldest_sale_is_returned_first_and_one_note_may_touch_many_orders(run):
    report = run(
        row(Quantity="2"),
        row(InvoiceNo="536366", Quantity="2", InvoiceDate="2010-12-02 08:00:00", UnitPrice="2.00"),
        credit(Quantity="-3"),
    )
    assert (matches(report), report["returns"]) == ([1, 0, 0], 2)
    assert dict(OrderLine.objects.values_list("order__number", "returned")) == {"536365": 2, "536366": 1}
    assert set(RMA.objects.values_list("number", "source_document")) == {
        ("C536400-1", "C536400"), ("C536400-2", "C536400"),
    }  # fmt: skip


def test_sales_come_before_returns_of_the_same_minute(run):
    at = "2010-12-01 08:26:00"
    report = run(credit(InvoiceDate=at), row(InvoiceDate=at))
    assert matches(report) == [1, 0, 0]


@pytest.mark.parametrize(
    "changed",
    [
        {"CustomerID": "99999"},
        {"StockCode": "85123B"},
        {"InvoiceDate": "2010-12-01 08:25:00"},
    ],
)
def test_another_customer_product_or_earlier_moment_is_no_match(run, changed):
    report = run(row(), credit(**changed))
    assert (matches(report), report["returns"], report["units_matched"]) == ([0, 0, 1], 0, 0)
    kept = ImportedCredit.objects.get()
    assert (kept.document, kept.quantity, kept.amount, kept.reason) == (
        "C536400", 1, Decimal("2.55"), "no_earlier_sale",
    )  # fmt: skip
    assert (Refund.objects.count(), Payment.objects.get().refunded) == (0, 0)


def test_a_partial_match_is_split(run):
    report = run(row(Quantity="2"), credit(Quantity="-5"))
    assert (matches(report), report["units_matched"]) == ([0, 1, 0], 2)
    assert Refund.objects.get().amount == Decimal("5.10")
    rest = ImportedCredit.objects.get()
    assert (rest.quantity, rest.amount, rest.reason) == (3, Decimal("7.65"), "no_earlier_sale")


def test_credits_without_customer_or_goods_are_kept_and_flagged(run):
    report = run(
        row(CustomerID=""),
        credit(CustomerID=""),
        credit("C536401", StockCode="POST", UnitPrice="18.00"),
    )
    assert (matches(report), report["lines_without_customer"], report["lines_not_goods"]) == ([0, 0, 0], 1, 1)
    assert set(ImportedCredit.objects.values_list("document", "reason", "amount")) == {
        ("C536400", "no_customer", Decimal("2.55")),
        ("C536401", "no_goods", Decimal("18.00")),
    }


def test_more_than_was_paid_is_never_paid_twice(run):
    run(row(Quantity="2"), credit(Quantity="-2", UnitPrice="3.00"))
    payment = Payment.objects.get()
    assert (payment.refunded, payment.captured) == (Decimal("5.10"), Decimal("5.10"))
    kept = ImportedCredit.objects.get()
    assert (kept.quantity, kept.amount, kept.reason) == (0, Decimal("0.90"), "above_paid")


def test_less_than_was_paid_is_credited_as_it_was(run):
    run(row(Quantity="2"), credit(Quantity="-2", UnitPrice="1.00"))
    assert Refund.objects.get().amount == CreditMemo.objects.get().total == Decimal("2.00")
    assert ImportedCredit.objects.count() == 0


def test_units_come_back_at_their_own_value_and_add_up(run):
    """Three for 1.00 in all: 0.33 + 0.34 + 0.33, whatever the credit notes say each."""
    run(
        row(Quantity="3", UnitPrice="0.3333"),
        credit("C1", UnitPrice="0.34", InvoiceDate="2010-12-05 10:00:00"),
        credit("C2", UnitPrice="0.34", InvoiceDate="2010-12-06 10:00:00"),
        credit("C3", UnitPrice="0.34", InvoiceDate="2010-12-07 10:00:00"),
    )
    amounts = Refund.objects.order_by("requested_at").values_list("amount", flat=True)
    assert list(amounts) == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]
    assert Payment.objects.get().refunded == Decimal("1.00")
    assert with_status(Order.objects).get().status == "returned"


def test_the_whole_world_still_adds_up(run):
    run(row(), row(InvoiceNo="536366", UnitPrice="9.99"), credit(Quantity="-8", UnitPrice="3.00"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(amount) FROM oms_posting")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT sum(amount) FROM refunds_refund")
        refunded = cursor.fetchone()[0]
        cursor.execute("SELECT sum(amount) FROM refunds_importedcredit")
        assert refunded + cursor.fetchone()[0] == Decimal("24.00")


# ── Again, halfway, overlapping ───────────────────────────────────────────────────────────────────────────────────


def test_a_second_run_changes_nothing(run):
    rows = [row(), row(InvoiceNo="536366", CustomerID=""), credit(Quantity="-2"), credit("C9", StockCode="POST")]
    run(*rows)
    before, sums = everything(), list(Payment.objects.values_list("captured", "refunded").order_by("pk"))
    again = run(*rows)
    assert (again["orders"], again["new_orders"], again["credit_notes"], again["new_credit_notes"]) == (2, 0, 2, 0)
    assert again["rejected"] == 0
    assert everything() == before
    assert list(Payment.objects.values_list("captured", "refunded").order_by("pk")) == sums


def test_a_run_broken_off_halfway_is_completed_by_the_next(run, monkeypatch):
    monkeypatch.setattr(import_orders, "LINES_PER_BATCH", 200)
    monkeypatch.setattr(online_retail, "NEARBY", 100)
    whole = as_csv([*(row(InvoiceNo=str(536365 + n)) for n in range(1_500)), credit()])
    broken = gzip.compress(whole, compresslevel=0, mtime=0)[:-30_000]
    with pytest.raises(CommandError, match="breaks off after line"):
        run(content=broken)
    halfway = Order.objects.count()
    assert 0 < halfway < 1_500
    report = run(content=whole)
    assert (Order.objects.count(), report["new_orders"], report["returns"]) == (1_500, 1_500 - halfway, 1)
    assert JournalEntry.objects.filter(cause__startswith="capture/").count() == 1_500


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_number_that_comes_again_while_its_order_is_being_stored_is_named(run, monkeypatch):
    monkeypatch.setattr(import_orders, "LINES_PER_BATCH", 499)
    monkeypatch.setattr(online_retail, "NEARBY", 0)
    rows = [row(InvoiceNo=str(1000 + at)) for at in range(500)] + [row(InvoiceNo="1498", Quantity="7")]
    report = run(*rows)
    assert (report["orders"], report["new_orders"]) == (501, 500)
    named = [(502, "", "Order 1498 is here already with other lines; it was left as it is.")]
    assert rejections(report) == named
    before = everything()
    assert (before[0], before[1], run(*rows)["new_orders"], everything()) == (500, 500, 0, before)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_batch_that_cannot_be_stored_ends_the_run_and_leaves_the_others(run, monkeypatch):
    monkeypatch.setattr(import_orders, "LINES_PER_BATCH", 2)
    rows = [row(InvoiceNo=str(1000 + at)) for at in range(6)]
    last = Order.objects.create(number="", placed_at="2010-12-01T00:00Z", currency="GBP", items_total=0, total=0)
    with connection.cursor() as cursor:  # the fourth order will find its id taken
        cursor.execute("UPDATE oms_order SET id = %s + 4 WHERE id = %s", [last.pk, last.pk])
    with pytest.raises(IntegrityError):
        run(*rows)
    assert sorted(Order.objects.exclude(number="").values_list("number", flat=True)) == ["1000", "1001", "1004", "1005"]
    Order.objects.filter(number="").delete()
    assert (run(*rows)["new_orders"], Order.objects.count()) == (2, 6)


def test_a_second_run_tells_the_same_of_the_file(run):
    rows = [
        row(Quantity="3"),
        *(credit(Quantity=quantity) for quantity in ("-2", "-4", "-1")),
        credit("C536401", StockCode="POST"),
        credit("C536402", CustomerID=""),
    ]
    told = (
        "rows", "orders", "credit_notes", "adjustments", "lines_matched_fully", "lines_matched_partly",
        "lines_not_matched", "lines_without_customer", "lines_not_goods", "units_matched", "rejected",
    )  # fmt: skip
    first, again = run(*rows), run(*rows)
    assert [first[name] for name in told] == [again[name] for name in told] == [6, 1, 3, 0, 1, 1, 1, 1, 1, 3, 0]
    assert (first["returns"], again["returns"]) == (1, 0)


def test_an_overlapping_file_adds_what_is_new(run):
    run(row(), credit())
    report = run(row(), row(InvoiceNo="536366"), credit(), credit("C536500", InvoiceDate="2010-12-09 10:00:00"))
    assert (report["new_orders"], report["new_credit_notes"]) == (1, 1)
    assert OrderLine.objects.get(order__number="536365").returned == 2


def test_another_order_under_a_known_number_is_named_and_left_alone(run):
    run(row())
    report = run(row(), row(StockCode="71053"))
    assert rejections(report) == [(2, "", "Order 536365 is here already with other lines; it was left as it is.")]
    assert OrderLine.objects.count() == 1


def test_a_dry_run_reports_the_same_and_keeps_nothing(run):
    rows = [row(), credit(), credit("C9", Quantity="x")]
    dry, kept_nothing = run(*rows, dry_run=True), everything()
    assert kept_nothing == [0] * len(kept_nothing)
    real = run(*rows)
    told = ("rows", "orders", "new_orders", "credit_notes", "returns", "rejected", "units_matched")
    assert {name: dry[name] for name in told} == {name: real[name] for name in told}


def test_gzip_reads_like_plain_whatever_its_name(run):
    report = run(content=gzip.compress(as_csv([row(), credit()])), name="orders.csv")
    assert (report["orders"], report["returns"], report["rows"]) == (1, 1, 2)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(run):
    report = run(content=b"\xef\xbb\xbf" + as_csv([row(), row()]).replace(b"\n", b"\r\n"))
    assert (report["order_lines"], report["rejected"]) == (2, 0)


# ── Bad rows are named, good ones kept ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"InvoiceNo": ""}, "InvoiceNo", "This is empty."),
        ({"InvoiceNo": "X536365"}, "InvoiceNo", "'X536365' is not digits, nor C or A and digits."),
        ({"InvoiceNo": "9" * 12}, "InvoiceNo", "'999999999999' is not digits, nor C or A and digits."),
        ({"StockCode": ""}, "StockCode", "This is empty."),
        ({"StockCode": "1" * 41}, "StockCode", f"'{'1' * 39}…' is longer than 40 characters."),
        ({"StockCode": "85 \t123"}, "StockCode", "'85 \\t123' holds control characters or stray spaces."),
        ({"Description": "x" * 201}, "Description", f"'{'x' * 39}…' is longer than 200 characters."),
        ({"Quantity": "six"}, "Quantity", "'six' is not a whole number."),
        ({"Quantity": ""}, "Quantity", "'' is not a whole number."),
        ({"Quantity": "1_0"}, "Quantity", "'1_0' is not a whole number."),
        ({"Quantity": "٣"}, "Quantity", "'٣' is not a whole number."),
        ({"Quantity": "1.5"}, "Quantity", "'1.5' is not a whole number."),
        ({"Quantity": "1000000001"}, "Quantity", "1000000001 is more than 1000000000."),
        ({"Quantity": "9" * 400}, "Quantity", f"'{'9' * 39}…' is not a whole number."),
        ({"UnitPrice": "NaN"}, "UnitPrice", "'NaN' is not a plain number with at most six decimals."),
        ({"UnitPrice": "1e5"}, "UnitPrice", "'1e5' is not a plain number with at most six decimals."),
        ({"UnitPrice": "2,55"}, "UnitPrice", "'2,55' is not a plain number with at most six decimals."),
        ({"UnitPrice": "99999999999"}, "UnitPrice", "99999999999 is more than 1000000000."),
        ({"UnitPrice": "-1"}, "UnitPrice", "-1 is negative; only adjustments (A…) may be."),
        ({"InvoiceDate": "01/12/2010"}, "InvoiceDate", "'01/12/2010' is not a time like 2011-03-27 14:05:00."),
        ({"InvoiceDate": "2010-02-30 10:00:00"}, "InvoiceDate", "'2010-02-30 10:00:00' is no such day or time."),
        (
            {"InvoiceDate": "9999-12-31 23:59:59"},
            "InvoiceDate",
            "'9999-12-31 23:59:59' is outside the years 1970 to 2100.",
        ),
        ({"CustomerID": "17 850"}, "CustomerID", "'17 850' holds spaces or control characters."),
        ({"Country": "x" * 61}, "Country", f"'{'x' * 39}…' is longer than 60 characters."),
        ({"InvoiceNo": "C1"}, "Quantity", "6 on a credit note; it must be negative."),
    ],
)
def test_a_bad_value_is_named_and_the_rest_is_kept(run, changed, column, reason):
    report = run(row(InvoiceNo="536300"), row(**changed), row(InvoiceNo="536301"))
    assert rejections(report) == [(3, column, reason)]
    assert (report["rows"], report["rejected"]) == (3, 1)
    assert sorted(Order.objects.values_list("number", flat=True)) == ["536300", "536301"]


def test_rows_of_the_wrong_shape_are_named(run):
    content = as_csv([row()]) + b"536366,71053,LANTERN\n" + ",".join([*row(), "more"]).encode() + b"\n\n"
    report = run(content=content)
    assert rejections(report) == [
        (3, "", "8 columns expected, 3 found."),
        (4, "", "8 columns expected, 9 found."),
    ]
    assert Order.objects.count() == 1


def test_other_encodings_and_nul_bytes_are_named_by_column(run):
    latin = as_csv([row(Description="CAFÉ", InvoiceNo="536366")]).decode().encode("latin-1").split(b"\n", 1)[1]
    nul = as_csv([row(Description="CAFE\0", InvoiceNo="536367")]).split(b"\n", 1)[1]
    report = run(content=as_csv([row(Description="CAFÉ")]) + latin + nul)
    assert rejections(report) == [
        (3, "Description", "This is not UTF-8 text."),
        (4, "Description", "Holds a NUL character."),
    ]
    assert OrderLine.objects.get().description == "CAFÉ"


def test_hostile_text_is_stored_as_it_is(run):
    hostile = "<script>alert(1)</script>\\N\\t'; DROP TABLE oms_order; --"
    run(row(Description=hostile), row(Description="two\nlines\tand a tab"))
    found = OrderLine.objects.order_by("position").values_list("description", flat=True)
    assert list(found) == [hostile, "two\nlines\tand a tab"]


def test_a_second_customer_within_an_invoice_is_named(run):
    report = run(row(), row(CustomerID="11111"))
    assert rejections(report) == [(3, "CustomerID", "Line 2 of this invoice names another customer.")]


def test_an_order_beyond_any_sense_is_named(run):
    report = run(row(Quantity="1000000000", UnitPrice="1000000000"), row(InvoiceNo="536366"))
    assert [(line, column) for line, column, _ in rejections(report)] == [(2, "")]
    assert Order.objects.get().number == "536366"


def test_a_credit_beyond_any_sense_is_named(run):
    changed = {"InvoiceNo": "C536366", "Quantity": "-1000000000", "UnitPrice": "1000000000"}
    report = run(row(), row(**changed))
    assert [(line, column) for line, column, _ in rejections(report)] == [(3, "UnitPrice")]
    assert (report["orders"], report["credit_notes"]) == (1, 0)


def test_every_row_left_out_is_named(run):
    report = run(*(row(Quantity="?") for _ in range(150)))
    assert (report["rejected"], len(report["rejections"])) == (150, 150)


# ── Files that cannot be read ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column InvoiceNo, StockCode"),
        (b"InvoiceNo,StockCode\n1,2\n", "has no column Description"),
        (as_csv([row()]).decode().encode("utf-16"), "is no CSV file in UTF-8"),
        (gzip.compress(b"x", mtime=0)[:5], "cannot be read"),
        (b"\x1f\x8bnot gzip at all", "cannot be read"),
        (as_csv([], header=(*online_retail.COLUMNS, "Country")), "has the column Country twice"),
    ],
)
def test_an_unreadable_file_is_exit_code_2(run, content, message):
    with pytest.raises(CommandError, match=message) as refused:
        run(content=content)
    assert refused.value.returncode == 2
    assert Order.objects.count() == 0


def test_a_missing_file_and_an_unknown_layout_are_exit_code_2(run, tmp_path):
    with pytest.raises(CommandError, match="No such file") as refused:
        call_command("import_orders", str(tmp_path / "nowhere.csv"))
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="There is no layout 'shopify'") as refused:
        run(row(), layout="shopify")
    assert refused.value.returncode == 2


def test_people_read_the_report_too(run, tmp_path, capsys):
    path = tmp_path / "orders.csv"
    path.write_bytes(as_csv([row(), *(row(Quantity="?") for _ in range(102))]))
    call_command("import_orders", str(path))
    printed = capsys.readouterr()
    assert "line 3, Quantity: '?' is not a whole number." in printed.out.splitlines()
    assert printed.out.splitlines()[-1] == "… and 2 more (--json names them)"
    assert printed.err == ""


# ── Layout native ─────────────────────────────────────────────────────────────────────────────────────────────────

NATIVE = {
    "order_number": "W-1001", "placed_at": "2026-03-02T09:15:00Z", "customer_number": "C-7", "name": "Ada Exämple",
    "email": "ada@example.com", "postcode": "AB1 2CD", "country": "GB", "currency": "GBP", "sku": "MUG",
    "title": "Mug", "quantity": "2", "unit_price": "8.95", "discount": "1.00", "tax_rate": "20", "shipping": "3.95",
    "payment_method": "card", "payment_id": "pi_1001", "shipped_at": "2026-03-03T08:00:00Z",
    "delivered_at": "2026-03-04T12:20:00+01:00", "tracking": "RM1", "final_sale": "no",
    "style": "", "options": "",
}  # fmt: skip


@pytest.fixture
def run_native(run):
    def run_native(*changes):
        rows = [list((NATIVE | changed).values()) for changed in changes]
        return run(content=as_csv(rows, header=NATIVE), layout="native")

    return run_native


def test_a_native_order_brings_person_payment_and_parcel(run_native):
    report = run_native({}, {"sku": "TEA", "title": "Tea", "tax_rate": "0", "discount": "", "final_sale": "yes"})
    assert (report["orders"], report["order_lines"], report["rejected"]) == (1, 2, 0)
    order = with_status(Order.objects).get()
    assert (order.status, order.source, order.total, order.shipping_total) == (
        "delivered", "native", Decimal("38.75"), Decimal("3.95"),
    )  # fmt: skip
    first, second = order.lines.order_by("position")
    assert (first.gross, first.tax, first.is_final_sale) == (Decimal("16.90"), Decimal("2.82"), False)
    assert (second.gross, second.tax, second.is_final_sale) == (Decimal("17.90"), Decimal(0), True)
    payment = order.payments.get()
    assert (payment.method, payment.provider_id, payment.captured) == ("card", "pi_1001", Decimal("38.75"))
    shipment = order.shipments.get()
    assert (shipment.tracking_number, shipment.delivered_at) == ("RM1", datetime(2026, 3, 4, 11, 20, tzinfo=UTC))
    assert sorted(shipment.lines.values_list("quantity", flat=True)) == [2, 2]
    assert dict(JournalEntry.objects.get().postings.values_list("account", "amount")) == {
        "provider": Decimal("38.75"), "sales": Decimal("-35.93"), "sales_tax": Decimal("-2.82"),
    }  # fmt: skip


def test_native_options_say_what_is_the_same_thing(run_native):
    run_native({"style": "mug", "options": "Color: red; Size: M"})
    product = Product.objects.get()
    assert (product.style, product.options, product.option) == ("mug", {"Color": "red", "Size": "M"}, "red · M")


def test_native_people_are_sealed_and_found(run_native):
    run_native({})
    customer = Customer.objects.with_email("ADA@example.com").get()
    assert customer == Customer.objects.named("example ada").get() == Customer.objects.get()
    assert (customer.name, customer.postcode) == ("Ada Exämple", "AB1 2CD")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, email FROM oms_customer")
        assert not any(b"da@" in bytes(value) or b"Ada" in bytes(value) for value in cursor.fetchone())
    assert not Event.objects.filter(facts__icontains="ada").exists()


def test_native_people_without_number_are_told_apart_by_mail(run_native):
    run_native(
        {"customer_number": ""},
        {"customer_number": "", "order_number": "W-1002", "payment_id": "pi_2", "email": "Ada@example.com"},
        {"customer_number": "", "order_number": "W-1003", "payment_id": "pi_3", "email": "bob@example.com"},
    )
    assert Customer.objects.count() == 2


def test_native_repeat_changes_nothing(run_native):
    run_native({})
    before = everything()
    assert run_native({})["new_orders"] == 0
    assert everything() == before


def test_a_native_order_not_paid_nor_shipped_waits(run_native):
    run_native({"payment_method": "", "shipped_at": "", "delivered_at": ""})
    order = with_status(Order.objects).get()
    assert (order.status, order.payments.count(), order.shipments.count()) == ("placed", 0, 0)


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"order_number": "W 1"}, "order_number", "'W 1' holds spaces or control characters."),
        ({"currency": "XXX"}, "currency", "'XXX' is not a currency code of ISO 4217."),
        (
            {"placed_at": "2026-03-02 09:15"},
            "placed_at",
            "'2026-03-02 09:15' is not a time with its offset like 2026-03-27T14:05:00Z.",
        ),
        ({"quantity": "0"}, "quantity", "0: an order line has at least one unit."),
        ({"unit_price": "-1"}, "unit_price", "-1 is negative."),
        ({"discount": "18.00"}, "discount", "18.00 is more than the 17.90 of the line."),
        ({"discount": "1.005"}, "discount", "1.005 has too many decimals: GBP has 2."),
        ({"shipping": "-1"}, "shipping", "-1 is negative."),
        ({"payment_method": "cash"}, "payment_method", None),
        ({"delivered_at": "2026-03-02T10:00:00Z"}, "delivered_at", "Delivered before it was shipped."),
        ({"shipped_at": "2026-03-01T10:00:00Z"}, "shipped_at", "Shipped before it was placed."),
        ({"options": "red"}, "options", "'red' is no option such as “Color: red”."),
        ({"email": "ada"}, "email", "This is no e-mail address."),
        ({"final_sale": "perhaps"}, "final_sale", "'perhaps' is neither yes nor no."),
        ({"customer_number": "", "email": ""}, "customer_number", None),
        ({"tax_rate": "-5"}, "tax_rate", "-5 is no tax rate in percent."),
        (
            {"quantity": "1000000000", "unit_price": "1000000000"},
            "unit_price",
            "All units together come to 1000000000000000000.00, which is more than 1000000000000.",
        ),
    ],
)
def test_a_bad_native_value_is_named_and_the_rest_is_kept(run_native, changed, column, reason):
    report = run_native(changed, {"order_number": "W-2", "payment_id": "pi_2"})
    ((line, named, why),) = rejections(report)
    assert (line, named) == (2, column)
    assert reason is None or why == reason
    assert Order.objects.get().number == "W-2"


def test_native_rows_of_an_order_must_agree(run_native):
    report = run_native({}, {"shipping": "9.95"}, {"email": "eve@example.com"}, {"tracking": "RM2"})
    assert rejections(report) == [
        (3, "shipping", "Line 2 of this order says something else."),
        (4, "customer_number", "Line 2 of this order says something else."),
        (5, "tracking", "Line 2 of this order says something else."),
    ]


def test_all_an_order_keeps_is_compared_between_its_rows():
    of_a_line_or_made_of_others = {"line", "number", "lines", "source", "promotions", "is_shipped"}
    assert set(native._TERMS) == {field.name for field in fields(Sale)} - of_a_line_or_made_of_others


def test_a_payment_belongs_to_one_order(run_native):
    report = run_native({}, {"order_number": "W-2"})
    assert rejections(report) == [(3, "payment_id", "pi_1001 is the payment of another order.")]
    assert Order.objects.get().number == "W-1001"
