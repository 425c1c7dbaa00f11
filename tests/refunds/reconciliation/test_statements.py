"""Files of others: what they say is read exactly, and what cannot be read is named by line, column and reason."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refunds.reconciliation.causes import Book
from refunds.reconciliation.records import Kind, Line
from refunds.reconciliation.statements import Statement, Unreadable, read
from refunds.reconciliation.statements.reading import NAMED_PROBLEMS

PAYOUT_REPORT = """\
automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created_utc,created,available_on_utc,\
available_on,currency,gross,fee,net,reporting_category,source_id,description,customer_email,charge_id,payment_intent_id
po_1,2025-09-10 00:00:00,txn_1,2025-09-05 10:00:00,2025-09-05 11:00:00,2025-09-10 00:00:00,2025-09-10 00:00:00,\
usd,120.00,3.78,116.22,charge,ch_1,Order 1001,jane@example.com,ch_1,pi_1
po_1,2025-09-10 00:00:00,txn_2,2025-09-06 10:00:00,2025-09-06 11:00:00,2025-09-10 00:00:00,2025-09-10 00:00:00,\
usd,-40.00,0.00,-40.00,refund,re_1,REFUND FOR CHARGE,jane@example.com,ch_1,pi_1
po_1,2025-09-10 00:00:00,txn_3,2025-09-08 10:00:00,2025-09-08 11:00:00,2025-09-10 00:00:00,2025-09-10 00:00:00,\
usd,40.00,0.00,40.00,refund_failure,re_1,REFUND FAILURE,jane@example.com,ch_1,pi_1
"""
HEAD = "balance_transaction_id,created_utc,currency,gross,fee,reporting_category,source_id"
ROW = "txn_1,2025-09-06 10:00:00,gbp,-40.00,0.00,refund,re_1"
XERO_HEAD = "*ContactName,*InvoiceNumber,Reference,*InvoiceDate,*Quantity,*UnitAmount,Discount,*TaxType,Currency"
XERO = f"""\
{XERO_HEAD}
Jane Example,CN-0001,R-1,05/09/2025,-2,20.00,,20% (VAT on Income),GBP
Jane Example,CN-0001,R-1,05/09/2025,1,3.00,,20% (VAT on Income),GBP
Jane Example,CN-0001,R-1,05/09/2025,-1,4.95,10,No VAT,GBP
"""
QUICKBOOKS_HEAD = "RefNumber,Customer,TxnDate,PrivateNote,ShipAmt,TaxAmt,LineItem,LineQty,LineUnitPrice,LineAmount"
QUICKBOOKS = f"""\
{QUICKBOOKS_HEAD}
CM-1,Jane Example,2025-09-05,R-1,4.00,3.20,SKU-1,2,20.00,40.00
CM-1,Jane Example,2025-09-05,R-1,4.00,3.20,FEE,1,-3.00,-3.00
"""


def taken(text: str | bytes, **how: object) -> Statement:
    body = text if isinstance(text, bytes) else text.encode()
    return read(io.BytesIO(body), **how)  # type: ignore[arg-type]


def refused(text: str | bytes, **how: object) -> list[str]:
    with pytest.raises(Unreadable) as found:
        taken(text, **how)
    return [str(one) for one in found.value.problems]


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2025, 9, day, hour, minute, tzinfo=UTC)


def test_a_payout_report_of_stripe() -> None:
    found = taken(PAYOUT_REPORT)
    assert (found.layout, found.book) == ("Stripe report", Book.PROVIDER)
    paid = {"currency": "USD", "payment": "pi_1", "payout": "po_1", "available_at": at(10)}
    assert found.lines == [
        Line(Kind.OTHER, "txn_1", "ch_1", 12000, at=at(5, 10), fee=378, line=2, **paid),
        Line(Kind.REFUND, "txn_2", "re_1", -4000, at=at(6, 10), line=3, **paid),
        Line(Kind.FAILURE, "txn_3", "re_1", 4000, at=at(8, 10), line=4, **paid),
    ]


def test_our_numbers_in_the_columns_of_metadata() -> None:
    text = f"{HEAD},refund_metadata[refund],refund_metadata[order]\n{ROW},F-1,T1\n"
    [line] = taken(text).lines
    assert (line.reference, line.order) == ("F-1", "T1")


def test_the_row_of_a_payout() -> None:
    [line] = taken(f"{HEAD}\ntxn_9,2025-09-10 00:00:00,gbp,-117.17,0.00,payout,po_1\n").lines
    assert (line.kind, line.about, line.amount, line.payout) == (Kind.PAYOUT, "po_1", 11717, "")


def test_credit_notes_of_xero() -> None:
    found = taken(XERO)
    assert (found.layout, found.book) == ("Xero credit notes", Book.ACCOUNTING)
    # 40.00 − 3.00 + 4.95 less ten percent, rounded half away from zero
    assert found.lines == [Line(Kind.CREDIT, "CN-0001", "CN-0001", 4146, "GBP", at(5), reference="R-1", line=2)]
    [with_tax] = taken(XERO, prices_include_tax=False).lines
    assert with_tax.amount == 4800 - 360 + 446


def test_credit_memos_of_quickbooks() -> None:
    found = taken(QUICKBOOKS, currency_code="USD")
    assert (found.layout, found.book) == ("QuickBooks credit memos", Book.ACCOUNTING)
    # tax and shipping stand on each row and count once
    assert found.lines == [Line(Kind.CREDIT, "CM-1", "CM-1", 4420, "USD", at(5), reference="R-1", line=2)]


@pytest.mark.parametrize(
    ("code", "gross", "minor"), [("jpy", "-4000", -4000), ("KWD", "-4.125", -4125), ("gbp", "-4.1", -410)]
)
def test_decimals_are_the_currencys(code: str, gross: str, minor: int) -> None:
    [line] = taken(f"{HEAD}\ntxn_1,2025-09-06 10:00:00,{code},{gross},0,refund,re_1\n").lines
    assert (line.amount, line.currency) == (minor, code.upper())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write(encoding: str, separator: str, end: str) -> None:
    text = XERO.replace("Jane Example", "Zoë Müller").replace(",", separator).replace("\n", end)
    assert taken(text.encode(encoding)).lines[0].amount == 4146


def test_names_in_other_encodings_are_never_looked_at() -> None:
    assert taken(XERO.replace("Jane", "Zoë").encode("cp1252")).lines[0].amount == 4146


def test_rows_of_nothing_and_quoted_fields_are_fine() -> None:
    [line] = taken(f"{HEAD}\n\n,,,,,,\n{ROW.replace('re_1', chr(34) + 're_1' + chr(34))}\n").lines
    assert (line.about, line.line) == ("re_1", 4)


def one_row(**changed: str) -> str:
    values = dict(zip(HEAD.split(","), ROW.split(","), strict=True)) | changed
    return f"{HEAD}\n" + ",".join(values.values()) + "\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (one_row(gross="ten"), "Line 2, gross: 'ten' is not a plain amount such as -12.50."),
        (one_row(gross="-1e9"), "Line 2, gross: '-1e9' is not a plain amount such as -12.50."),
        (one_row(gross="NaN"), "Line 2, gross: 'NaN' is not a plain amount such as -12.50."),
        (one_row(gross=""), "Line 2, gross: '' is not a plain amount such as -12.50."),
        (one_row(gross="=1+1"), "Line 2, gross: '=1+1' is not a plain amount such as -12.50."),
        (one_row(gross="−40.00"), "Line 2, gross: '−40.00' is not a plain amount such as -12.50."),
        (one_row(gross="-40.005"), "Line 2, gross: '-40.005' has too many decimals: GBP has 2."),
        (one_row(gross="-4.5", currency="jpy"), "Line 2, gross: '-4.5' has too many decimals: JPY has 0."),
        (one_row(gross="-" + "9" * 13), f"Line 2, gross: '-{'9' * 13}' is not a plain amount such as -12.50."),
        (one_row(gross="40.00"), "Line 2, gross: 40.00: a refund is negative in Stripe's reports."),
        (one_row(gross="0.00"), "Line 2, gross: 0.00: a refund is negative in Stripe's reports."),
        (
            one_row(reporting_category="refund_failure"),
            "Line 2, gross: -40.00: a failed refund comes back, so it is positive.",
        ),
        (one_row(currency="xyz"), "Line 2, currency: 'xyz' is no currency code of ISO 4217."),
        (one_row(currency=""), "Line 2, currency: '' is no currency code of ISO 4217."),
        (one_row(created_utc="06/09"), "Line 2, created_utc: '06/09' is not written like 2026-03-27 14:05:00."),
        (
            one_row(created_utc="2025-02-30 10:00:00"),
            "Line 2, created_utc: '2025-02-30 10:00:00' is not written like 2026-03-27 14:05:00.",
        ),
        (
            one_row(created_utc="0001-01-01 00:00:00"),
            "Line 2, created_utc: '0001-01-01 00:00:00' is outside the years 1990 to 2100.",
        ),
        (one_row(source_id=""), "Line 2, source_id: This is empty."),
        (one_row(source_id="r" * 81), f"Line 2, source_id: '{'r' * 39}…' is longer than 80 characters."),
        (one_row(source_id="re_\0"), "Line 2, source_id: This holds a control character."),
        (one_row(source_id="re_\x1b[31m"), "Line 2, source_id: This holds a control character."),
        (f"{HEAD}\n{ROW}\n{ROW}\n", "Line 3, balance_transaction_id: txn_1 is there twice."),
        (f"{HEAD}\n{ROW},more\n", "Line 2: 7 columns expected, 8 found."),
        (f"{HEAD},net\n{ROW},-39.00\n", "Line 2, net: -39.00 is not -40.00 less 0.00."),
        (f"{HEAD}\n", "Line 2: There is no row below the first line."),
        ("", "Line 1: The file is empty."),
        ("\n\n", "Line 1: The file is empty."),
        (f"{HEAD},currency\n{ROW},gbp\n", "Line 1, currency: This column is there twice."),
        (
            HEAD.replace("source_id", "source") + f"\n{ROW}\n",
            "Line 1: For Stripe report the first line lacks source_id.",
        ),
        (
            "a,b,c\n1,2,3\n",
            "Line 1: The first line holds no column names of a layout we know "
            "(Stripe report, Xero credit notes, QuickBooks credit memos).",
        ),
        (
            "<html><body>Log in</body></html>",
            "Line 1: The first line holds no column names of a layout we know "
            "(Stripe report, Xero credit notes, QuickBooks credit memos).",
        ),
        (
            f"{XERO_HEAD}\nJ,CN-1,R-1,05/09/2025,2,20.00,,No VAT,GBP\n",
            "Line 2, *Quantity: This document gives nothing back: amounts of a credit note are negative in this "
            "layout.",
        ),
        (f"{XERO_HEAD}\nJ,CN-1,R-1,2025-09-05,-2,20.00,,No VAT,GBP\n",
         "Line 2, *InvoiceDate: '2025-09-05' is not written like 27/03/2026."),
        (f"{XERO_HEAD}\nJ,CN-1,R-1,05/09/2025,-2,20.00,101,No VAT,GBP\n", "Line 2, Discount: 101 is no percentage."),
        (
            XERO.replace("1,4.95,10,No VAT,GBP", "1,4.95,10,No VAT,EUR"),
            "Line 4, *InvoiceNumber: Line 2 of CN-0001 says something else about the whole document.",
        ),
        (
            f"{QUICKBOOKS_HEAD}\nCM-1,J,2025-09-05,R-1,0,0,SKU-1,2,20.00,-40.00\n",
            "Line 2, LineAmount: This document gives nothing back: amounts of a credit note are positive in this "
            "layout.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(text: str, reason: str) -> None:
    assert refused(text) == [reason]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"PK\x03\x04rest", "Line 1: This is an Excel workbook or a zip archive, not a CSV file: export it as CSV."),
        (b"%PDF-1.7", "Line 1: This is a PDF, not a CSV file: export it as CSV."),
        (b"\x1f\x8b\x08\x00", "Line 1: This is a gzip archive, not a CSV file: export it as CSV."),
        (one_row(source_id="ré_1").encode("latin-1"), "Line 2, source_id: This holds text that is not UTF-8."),
        (b"\xff\xfe\x00", "Line 1: The text cannot be read: save the file as CSV in UTF-8."),
    ],
)
def test_files_that_are_something_else(body: bytes, reason: str) -> None:
    assert refused(body) == [reason]


def test_all_problems_are_named_up_to_a_point() -> None:
    rows = "\n".join(f"txn_{n},2025-09-06 10:00:00,gbp,x,0.00,refund,re_1" for n in range(100))
    assert len(refused(f"{HEAD}\n{rows}\n")) == NAMED_PROBLEMS
    assert len(refused(f"{HEAD}\n{rows.replace(',x,', ',-1,', 97)}\n")) == 3


def test_one_endless_field_is_refused() -> None:
    [problem] = refused(f'{HEAD}\n"{"x" * 200_000}')
    assert problem.startswith("Line 2: Not a row of CSV:")


def test_the_file_stays_open_for_its_owner() -> None:
    source = io.BytesIO(XERO.encode())
    read(source)
    source.seek(0)
    assert read(source).lines != []


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=200).map(lambda text: f"{HEAD}\n{text}".encode("utf-8", "replace"))
    )
)
def test_whatever_comes_is_read_or_named(body: bytes) -> None:
    try:
        found = taken(body)
    except Unreadable as problem:
        named = problem.problems
    else:
        named = found.lines
    assert named
