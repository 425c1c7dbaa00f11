import csv
import io
import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from oms.models import Product
from oms.spreadsheets import cell, lines
from reporting.reports import REPORTS
from tests.builders import NOON, Sold, an_order
from tests.reporting.conftest import came_back

pytestmark = pytest.mark.django_db

HOSTILE = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "－1", "|calc", "%0A=1",
    '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@import", "\x00=1",
)  # fmt: skip


def report(*arguments, **options):
    out = io.StringIO()
    call_command("report", *arguments, stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_answers_an_empty_shop(name):
    assert isinstance(json.loads(report(name, "--json")), list)
    report(name, "--csv")
    report(name)


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_prints_the_same_as_json_as_csv_and_as_text(name):
    came_back(an_order(), asked_at=NOON, settled_at=NOON, paid="10.00")
    found = json.loads(report(name, "--json"))
    table = list(csv.DictReader(io.StringIO(report(name, "--csv"))))
    assert [list(row) for row in table] == [list(row) for row in found]
    assert len(report(name).splitlines()) == len(found) + 1 if found else True


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["return_rate", "--by", "planet"], "invalid choice: 'planet'"),
        (["return_rate", "--from", "2011-13-01"], "'2011-13-01' is not a day like 2026-10-31"),
        (["return_rate", "--from", "yesterday"], "'yesterday' is not a day"),
        (["return_rate", "--to", "9999-01-01"], "9999-01-01 is outside"),
        (["return_rate", "--from", "2011-02-01", "--to", "2011-01-01"], "is after the last day"),
        (["reasons", "--by", "month"], "reasons cannot be asked by month"),
        (["return_rate", "--currency", "XTS"], "There is nothing in the currency 'XTS'"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(CommandError, match=sentence.replace("(", r"\(")) as refused:
        call_command("report", *arguments)
    assert refused.value.returncode in (1, 2)  # argparse's own errors end the process with 2


def test_another_currency_is_named_beside_the_answer():
    an_order(lines=[Sold(sku="A")])
    an_order(lines=[Sold(sku="B")], currency="EUR")
    words = io.StringIO()
    [row] = json.loads(report("return_rate", "--json", stderr=words))
    assert row["orders"] == 1
    assert "--currency" in words.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_words_that_a_spreadsheet_would_run_are_only_shown(text):
    written = "".join(lines(["head"], [[text]]))
    [[_head], [found]] = csv.reader(io.StringIO(written, newline=""))
    assert found.startswith("'")


def test_numbers_stay_numbers():
    assert [cell(value) for value in (-3, Decimal("-1.50"), None, True, "plain")] == [
        -3,
        Decimal("-1.50"),
        "",
        True,
        "plain",
    ]


def test_a_hostile_product_cannot_run_in_the_file():
    order = an_order(lines=[Sold(sku="=1+1", title="@SUM(1)")])
    came_back(order, asked_at=NOON)
    Product.objects.filter(sku="=1+1").update(title="=cmd|' /C calc'!A0")
    text = report("return_rate", "--by", "product", "--csv")
    assert [row["key"] for row in csv.DictReader(io.StringIO(text))] == ["'=1+1"]
