"""`manage.py quote_refund` and `manage.py allocate`: the arithmetic without a database."""

import json
import os
import subprocess
import sys
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from oms.strict_json import Unreadable
from refunds.quote_json import allocate_text, quote_text
from tests.commands import manage as run

ROOT = Path(__file__).resolve().parents[2]

EXAMPLE = """{"currency": "GBP", "order": {"prices_include_tax": false, "lines": [{"id": "A", "quantity": 2,
"unit_price": "12.00", "discount": "3.00", "tax_rate": "20"}], "adjustments": [{"label": "SPRING", "amount": "-2.50"}],
"shipping": [{"id": "S1", "amount": "6.00", "tax_rate": "20", "prices_include_tax": true}], "payments": [{"id": "p1",
"method": "card", "captured": "28.20"}]}, "tender_order": "oldest_first", "returns": [{"lines": [{"id": "A",
"quantity": 1}], "shipping": [{"id": "S1"}], "fees": [{"code": "restocking", "percent": "10"}], "exchange_for":
[{"unit_price": "12.00", "quantity": 1, "tax_rate": "20"}]}]}""".replace("\n", " ")
ANSWER = json.loads(
    """{"quotes": [{"lines": [{"id": "A", "quantity": 1, "net": "9.25", "tax": "1.85", "gross": "11.10"}], "shipping":
[{"id": "S1", "net": "5.00", "tax": "1.00", "gross": "6.00"}], "fees": [{"code": "restocking", "net": "0.93", "tax":
"0.00", "gross": "0.93"}], "exchange": {"gross": "14.40"}, "net": "13.32", "tax": "2.85", "total": "16.17",
"tax_by_rate": {"20": "2.85"}, "tenders": [{"payment": "p1", "amount": "1.77"}], "customer_pays": "0.00"}],
"refundable_left": "11.10"}"""
)


def line(key: str = "A", quantity: int = 1, price: str = "100.00", **more: str) -> dict[str, Any]:
    return {"id": key, "quantity": quantity, "unit_price": price, **more}


def case(lines: list[dict[str, Any]], *returns: dict[str, Any], currency: str = "GBP", **order: Any) -> dict[str, Any]:
    return {"currency": currency, "order": {"lines": lines, **order}, "returns": list(returns)}


def units(quantity: int = 1, key: str = "A", **more: Any) -> dict[str, Any]:
    return {"lines": [{"id": key, "quantity": quantity}], **more}


def answer(asked: Any) -> dict[str, Any]:
    return quote_text(json.dumps(asked))


def totals(asked: dict[str, Any]) -> list[str]:
    found = answer(asked)
    assert "error" not in found, found
    return [quote["total"] for quote in found["quotes"]]


def code(asked: Any) -> str:
    return answer(asked)["error"]["code"]


class TestCommand:
    def test_the_example_from_stdin(self) -> None:
        """As a person starts it: a process of its own."""
        command = [sys.executable, "manage.py", "quote_refund"]
        done = subprocess.run(command, input=EXAMPLE.encode(), capture_output=True, cwd=ROOT, check=False)
        assert [done.returncode, json.loads(done.stdout), done.stderr] == [0, ANSWER, b""]

    def test_the_example_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "case.json"
        file.write_text(EXAMPLE)
        done = run("quote_refund", str(file))
        assert [done.returncode, json.loads(done.stdout)] == [0, ANSWER]

    def test_a_refusal_is_json_and_exit_code_1(self) -> None:
        done = run("quote_refund", "-", given=json.dumps(case([line()], units(2))))
        assert done.returncode == 1
        assert json.loads(done.stdout) == {
            "error": {"code": "more_than_is_left", "message": "Line A: 2 asked for, 1 left."}
        }

    @pytest.mark.parametrize(
        "given", ["", "{", "nonsense", b"\xff\xfe", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000]
    )
    def test_unreadable_input_is_exit_code_2(self, given: str | bytes) -> None:
        done = run("quote_refund", given=given)
        assert [done.returncode, done.stdout] == [2, b""]
        assert done.stderr

    @pytest.mark.parametrize("weight", ["1", "-1"])
    def test_a_reader_that_has_seen_enough_ends_it_quietly(self, weight: str) -> None:
        """`manage.py allocate … | head -0`, answered or refused, however Python buffers."""
        nobody_reads, ours = os.pipe()
        os.close(nobody_reads)
        command = [sys.executable, "manage.py", "allocate", "10", weight]
        buffered = os.environ | {"PYTHONUNBUFFERED": ""}
        done = subprocess.run(command, stdout=ours, stderr=subprocess.PIPE, cwd=ROOT, env=buffered, check=False)
        os.close(ours)
        assert [done.returncode, done.stderr] == [3, b""]

    def test_a_missing_file_is_exit_code_2(self) -> None:
        done = run("quote_refund", "no/such/file")
        assert done.returncode == 2
        assert b"no/such/file cannot be read: No such file or directory" in done.stderr

    @pytest.mark.parametrize("options", [[], ["--lines"]])
    def test_a_file_that_fails_half_way_is_exit_code_2(self, options: list[str]) -> None:
        done = run("quote_refund", *options, "/proc/self/mem")
        assert done.returncode == 2
        assert b"/proc/self/mem cannot be read: " in done.stderr

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ("[" * 100_000, "This is not JSON: it is nested too deeply"),
            ("9" * 5000, "This is not JSON: a number has more than 4000 digits"),
        ],
    )
    def test_what_is_beyond_reason_is_named_in_our_words(self, given: str, sentence: str) -> None:
        with pytest.raises(Unreadable) as refusal:
            quote_text(given)
        assert str(refusal.value) == sentence

    def test_lines_are_answered_in_their_place(self) -> None:
        given = "\n".join([EXAMPLE, "{", json.dumps(case([line()], units(2))), "", EXAMPLE])
        done = run("quote_refund", "--lines", given=given)
        answers = [json.loads(text) for text in done.stdout.splitlines()]
        assert done.returncode == 0
        assert [found.get("error", {}).get("code", "") for found in answers] == [
            "",
            "unreadable",
            "more_than_is_left",
            "unreadable",
            "",
        ]
        assert answers[0] == answers[4] == ANSWER

    @pytest.mark.parametrize("command", ["quote_refund", "allocate"])
    def test_help_shows_an_example(self, command: str) -> None:
        done = run(command, "--help")
        assert done.returncode == 0
        assert b"example" in done.stdout

    def test_no_database_is_touched(self) -> None:
        """No fixture gives this test a database, so a query would fail it."""
        out = StringIO()
        call_command("allocate", "10", "1", "1", stdout=out)
        assert json.loads(out.getvalue()) == {"shares": [5, 5]}


class TestAllocate:
    @pytest.mark.parametrize(
        ("arguments", "shares"),
        [
            (["1000", "1", "1", "1"], [334, 333, 333]),
            (["-10", "1", "1", "1"], [-4, -3, -3]),
            (["11", "0", "0"], [6, 5]),
        ],
    )
    def test_shares(self, arguments: list[str], shares: list[int]) -> None:
        out = StringIO()
        call_command("allocate", *arguments, stdout=out)
        assert json.loads(out.getvalue()) == {"shares": shares}

    def test_lines(self) -> None:
        done = run("allocate", "--lines", given='{"total": 10, "weights": [0, 0]}\n{"total": 1, "weights": []}\n')
        assert done.returncode == 0
        answers = [json.loads(text) for text in done.stdout.splitlines()]
        assert [answers[0], answers[1]["error"]["code"]] == [{"shares": [5, 5]}, "bad_amount"]

    @pytest.mark.parametrize("arguments", [["ten", "1"], ["10"], [], ["1.5", "1"], ["--lines", "a", "b"]])
    def test_usage(self, arguments: list[str]) -> None:
        with pytest.raises(CommandError) as refusal:
            call_command("allocate", *arguments)
        assert refusal.value.returncode == 2

    def test_a_negative_weight_is_refused(self) -> None:
        done = run("allocate", "10", "1", "-1")
        assert [done.returncode, json.loads(done.stdout)["error"]["code"]] == [1, "bad_amount"]

    @pytest.mark.parametrize(
        "asked",
        [
            {"total": 1.5, "weights": [1]},
            {"total": "1", "weights": [1]},
            {"total": 1},
            {"weights": [True], "total": 1},
            [],
        ],
    )
    def test_malformed(self, asked: Any) -> None:
        assert "error" in allocate_text(json.dumps(asked))


class TestWorkedCases:
    def test_w1b_three_units_of_290_one_by_one(self) -> None:
        asked = case([line(quantity=3)], units(), units(), units(), adjustments=[{"amount": "-10.00"}])
        assert totals(asked) == ["96.67", "96.66", "96.67"]

    def test_w3_two_payments(self) -> None:
        payments = [{"id": "card", "method": "card", "captured": "5.00"}, {"id": "cheque", "captured": "5.00"}]
        asked = case([line(price="10.00")], units(), payments=payments)
        assert answer(asked)["quotes"][0]["tenders"] == [
            {"payment": "card", "amount": "5.00"},
            {"payment": "cheque", "amount": "5.00"},
        ]
        money = {"lines": [{"id": "A", "gross": "4.00"}]}
        asked = case([line(price="10.00")], money, payments=payments) | {"tender_order": ["cheque", "card"]}
        assert answer(asked)["quotes"][0]["tenders"] == [{"payment": "cheque", "amount": "4.00"}]

    def test_w4_an_unrelated_refund_leaves_too_little(self) -> None:
        payments = [{"id": "card", "captured": "100.00", "refunded": "1.00"}]
        assert code(case([line()], units(), payments=payments)) == "payments_exhausted"

    def test_w6_one_of_two(self) -> None:
        assert totals(case([line(quantity=2, price="10.00", discount="2.00")], units())) == ["9.00"]
        assert totals(case([line(quantity=2, price="10.00", tax_rate="10")], units())) == ["11.00"]

    def test_w16_more_than_was_sold(self) -> None:
        assert code(case([line()], units(), units())) == "more_than_is_left"
        assert totals(case([line(quantity=2)], units(), units())) == ["100.00", "100.00"]
        assert code(case([line()], {"lines": [{"id": "A", "gross": "100.01"}]})) == "more_than_is_left"

    def test_w20_two_of_three_less_ten_percent(self) -> None:
        assert totals(case([line(quantity=3)], units(2), adjustments=[{"amount": "-30.00"}])) == ["180.00"]

    def test_w22_a_discount_on_the_order(self) -> None:
        lines = [line("A", price="6.00"), line("B", price="4.00")]
        asked = case(lines, units(), units(key="B"), adjustments=[{"label": "ONE", "amount": "-1.00"}])
        assert totals(asked) == ["5.40", "3.60"]

    def test_w25_a_return_fee(self) -> None:
        found = answer(case([line()], units(fees=[{"code": "return", "amount": "5.00"}])))["quotes"][0]
        assert [found["total"], found["fees"]] == [
            "95.00",
            [{"code": "return", "net": "5.00", "tax": "0.00", "gross": "5.00"}],
        ]

    def test_w26_money_typed_net_or_gross(self) -> None:
        sale = [line(tax_rate="7")]
        net = answer(case(sale, {"lines": [{"id": "A", "net": "20.00"}]}))["quotes"][0]
        gross = answer(case(sale, {"lines": [{"id": "A", "gross": "20.00"}]}))["quotes"][0]
        assert [net["total"], net["tax"]] == ["21.40", "1.40"]
        assert [gross["net"], gross["tax"]] == ["18.69", "1.31"]


class TestTax:
    def test_included_tax_stays_inside(self) -> None:
        found = answer(case([line(price="119.00", tax_rate="19")], units(), prices_include_tax=True))["quotes"][0]
        assert [found["net"], found["tax"], found["total"]] == ["100.00", "19.00", "119.00"]

    def test_tax_is_rounded_once_per_line(self) -> None:
        """Three at 0.33 and 20 %: 0.198 on the line, not three times 0.07."""
        found = answer(case([line(quantity=3, price="0.33", tax_rate="20")], units(), units(), units()))
        assert [quote["tax"] for quote in found["quotes"]] == ["0.07", "0.06", "0.07"]

    def test_several_rates(self) -> None:
        lines = [line("A", tax_rate="20"), line("B", tax_rate="5.50"), line("C")]
        asked = case(lines, {"lines": [{"id": key, "quantity": 1} for key in "ABC"]})
        assert answer(asked)["quotes"][0]["tax_by_rate"] == {"20": "20.00", "5.5": "5.50"}

    def test_a_line_may_have_its_own_price_basis(self) -> None:
        lines = [
            line("A", price="12.00", tax_rate="20", prices_include_tax=True),
            line("B", price="10.00", tax_rate="20"),
        ]  # type: ignore[arg-type]
        asked = case(lines, units(), units(key="B"))
        assert totals(asked) == ["12.00", "12.00"]

    def test_a_taxed_fee_takes_its_tax_back(self) -> None:
        fee = {"code": "restocking", "amount": "10.00", "tax_rate": "20"}
        found = answer(case([line(tax_rate="20")], units(fees=[fee])))["quotes"][0]
        assert [found["net"], found["tax"], found["total"], found["tax_by_rate"]] == [
            "90.00",
            "18.00",
            "108.00",
            {"20": "18.00"},
        ]


class TestMoneyWithoutGoods:
    def test_a_later_quantity_pays_what_is_due_to_date(self) -> None:
        asked = case([line(quantity=2, price="50.00")], {"lines": [{"id": "A", "gross": "20.00"}]}, units(), units())
        assert totals(asked) == ["20.00", "30.00", "50.00"]

    def test_never_below_zero_and_the_last_takes_the_rest(self) -> None:
        asked = case([line(quantity=2, price="50.00")], {"lines": [{"id": "A", "gross": "70.00"}]}, units(), units())
        assert totals(asked) == ["70.00", "0.00", "30.00"]
        assert answer(asked)["refundable_left"] == "0.00"

    def test_tax_of_stacked_amounts_adds_up(self) -> None:
        """p30: three times a third of a line of 10.00 with 1.67 tax inside."""
        part = {"lines": [{"id": "A", "gross": "3.33"}]}
        rest = {"lines": [{"id": "A", "gross": "3.34"}]}
        asked = case([line(price="10.00", tax_rate="20")], part, part, rest, prices_include_tax=True)
        assert [quote["tax"] for quote in answer(asked)["quotes"]] == ["0.56", "0.55", "0.56"]

    def test_a_free_line_comes_back_for_nothing(self) -> None:
        assert totals(case([line(price="0.00")], units())) == ["0.00"]


class TestShipping:
    SHIPPING = ({"id": "S", "amount": "6.00", "tax_rate": "20", "prices_include_tax": True},)

    def test_in_parts_then_the_rest(self) -> None:
        part, rest = {"shipping": [{"id": "S", "gross": "2.00"}]}, {"shipping": [{"id": "S"}]}
        found = answer(case([line()], part, rest, shipping=list(self.SHIPPING)))["quotes"]
        assert [quote["shipping"][0] for quote in found] == [
            {"id": "S", "net": "1.67", "tax": "0.33", "gross": "2.00"},
            {"id": "S", "net": "3.33", "tax": "0.67", "gross": "4.00"},
        ]

    def test_used_up_is_refused(self) -> None:
        everything = {"shipping": [{"id": "S"}]}
        assert code(case([line()], everything, everything, shipping=list(self.SHIPPING))) == "nothing_left"

    def test_used_up_shipping_never_blocks_the_goods(self) -> None:
        asked = case([line()], {"shipping": [{"id": "S"}]}, units(), shipping=list(self.SHIPPING))
        assert totals(asked) == ["6.00", "100.00"]

    def test_adjustments_never_touch_it(self) -> None:
        asked = case(
            [line()], {"shipping": [{"id": "S"}]}, shipping=list(self.SHIPPING), adjustments=[{"amount": "-10.00"}]
        )
        assert totals(asked) == ["6.00"]


class TestFees:
    @pytest.mark.parametrize(
        ("fee", "gross"),
        [
            ({"amount": "1.00", "per": "unit"}, "3.00"),
            ({"amount": "1.00", "per": "line"}, "2.00"),
            ({"amount": "1.00"}, "1.00"),
            ({"amount": "1.00", "per": "unit", "max": "2.50"}, "2.50"),
            ({"percent": "10"}, "30.00"),
            ({"percent": "10", "max": "12.00"}, "12.00"),
        ],
    )
    def test_bases(self, fee: dict[str, str], gross: str) -> None:
        lines = [line("A", quantity=2), line("B")]
        both = {"lines": [{"id": "A", "quantity": 2}, {"id": "B", "quantity": 1}], "fees": [{"code": "f", **fee}]}
        assert answer(case(lines, both))["quotes"][0]["fees"][0]["gross"] == gross

    def test_shipping_is_no_base(self) -> None:
        shipping = [{"id": "S", "amount": "6.00"}]
        asked = case([line()], units(shipping=[{"id": "S"}], fees=[{"code": "f", "percent": "10"}]), shipping=shipping)
        assert totals(asked) == ["96.00"]

    def test_more_than_the_return_only_with_an_exchange(self) -> None:
        fee = [{"code": "f", "amount": "110.00"}]
        assert code(case([line()], units(fees=fee))) == "fees_exceed_return"
        found = answer(case([line()], units(fees=fee, exchange_for=[{"unit_price": "5.00", "quantity": 1}])))
        assert [found["quotes"][0]["total"], found["quotes"][0]["customer_pays"]] == ["-10.00", "15.00"]


class TestExchange:
    def test_even_with_tax_on_both_legs(self) -> None:
        new = [{"unit_price": "100.00", "quantity": 1, "tax_rate": "20"}]
        found = answer(case([line(tax_rate="20")], units(exchange_for=new)))["quotes"][0]
        assert [found["tenders"], found["customer_pays"]] == [[], "0.00"]

    def test_the_customer_owes(self) -> None:
        new = [{"unit_price": "130.00", "quantity": 1}]
        found = answer(case([line()], units(exchange_for=new)))["quotes"][0]
        assert [found["tenders"], found["customer_pays"], found["exchange"]] == [[], "30.00", {"gross": "130.00"}]


class TestPayments:
    def test_none_is_one_payment_of_the_whole_order(self) -> None:
        found = answer(case([line()], units()))["quotes"][0]
        assert [tender["amount"] for tender in found["tenders"]] == ["100.00"]

    def test_both_order_and_capture_cap(self) -> None:
        less = [{"id": "p", "captured": "60.00"}]
        assert code(case([line()], units(), payments=less)) == "payments_exhausted"
        asked = case([line(quantity=2, price="50.00")], units(), payments=less)
        assert answer(asked)["refundable_left"] == "10.00"

    @pytest.mark.parametrize(
        ("order", "tenders"),
        [
            ("newest_first", {"b": "50.00", "a": "10.00"}),
            ("proportional", {"a": "30.00", "b": "30.00"}),
            ("store_credit_first", {"b": "50.00", "a": "10.00"}),
            (["b"], {"b": "50.00", "a": "10.00"}),
        ],
    )
    def test_orders(self, order: Any, tenders: dict[str, str]) -> None:
        payments = [{"id": "a", "captured": "50.00"}, {"id": "b", "method": "store_credit", "captured": "50.00"}]
        asked = case([line()], {"lines": [{"id": "A", "gross": "60.00"}]}, payments=payments) | {"tender_order": order}
        found = answer(asked)["quotes"][0]["tenders"]
        assert {tender["payment"]: tender["amount"] for tender in found} == tenders


class TestCurrencies:
    def test_yen(self) -> None:
        asked = case([line(quantity=3, price="333", tax_rate="10")], units(), units(), units(), currency="JPY")
        assert totals(asked) == ["366", "367", "366"]
        assert [quote["tax"] for quote in answer(asked)["quotes"]] == ["33", "34", "33"]

    def test_dinars(self) -> None:
        adjusted = case(
            [line(quantity=2, price="1.250")], units(), units(), currency="KWD", adjustments=[{"amount": "-0.001"}]
        )
        assert totals(adjusted) == ["1.250", "1.249"]


def test_discounts_that_meet_on_the_last_cent_leave_nothing_negative() -> None:
    lines = [line("A", price="0.01"), line("B", price="0.01")]
    coupons = [{"label": "ONE", "amount": "-0.01"}, {"label": "TWO", "amount": "-0.01"}]
    asked = case(lines, units(), units(key="B"), adjustments=coupons)
    assert totals(asked) == ["0.00", "0.00"]


GOOD = case(
    [line(tax_rate="20")], units(fees=[{"code": "f", "amount": "1.00"}]), payments=[{"id": "p", "captured": "120.00"}]
)


def changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with the member at `path` replaced, or a new one added."""
    asked: Any = deepcopy(GOOD)
    inner: Any = asked
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        inner = inner[step]
    inner[last] = value
    return asked


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("currency", "XXX", "bad_amount"),
        ("currency", 5, "wrong_type"),
        ("surprise", 1, "unknown_key"),
        ("order.lines.0.surprise", 1, "unknown_key"),
        ("order.surprise", 1, "unknown_key"),
        ("returns.0.surprise", 1, "unknown_key"),
        ("order.lines.0.unit_price", 12.5, "bad_amount"),
        ("order.lines.0.unit_price", 12, "bad_amount"),
        ("order.lines.0.unit_price", "12.005", "bad_amount"),
        ("order.lines.0.unit_price", "1e2", "bad_amount"),
        ("order.lines.0.unit_price", "-1.00", "bad_amount"),
        ("order.lines.0.unit_price", "nan", "bad_amount"),
        ("order.lines.0.quantity", 0, "not_positive"),
        ("order.lines.0.quantity", True, "wrong_type"),
        ("order.lines.0.quantity", "1", "wrong_type"),
        ("order.lines.0.quantity", 10**10, "bad_amount"),
        ("order.lines.0.discount", "100.01", "terms_unusable"),
        ("order.lines.0.tax_rate", "-1", "bad_amount"),
        ("order.lines.0.prices_include_tax", "yes", "wrong_type"),
        ("order.lines", {}, "wrong_type"),
        ("order.lines", [], "unknown_reference"),
        ("order.lines", [line(), line()], "duplicate_id"),
        ("order.adjustments", [{"amount": "-100.01"}], "terms_unusable"),
        ("order.payments.0.method", "barter", "unknown_value"),
        ("order.payments.0.refunded", "121.00", "bad_amount"),
        ("order.payments.0.captured", None, "bad_amount"),
        ("returns.0.lines.0.id", "B", "unknown_reference"),
        ("returns.0.lines.0.quantity", 0, "not_positive"),
        ("returns.0.lines.0.quantity", -1, "not_positive"),
        ("returns.0.lines.0.quantity", 1.0, "wrong_type"),
        ("returns.0.lines.0", {"id": "A"}, "missing_key"),
        ("returns.0.lines.0", {"id": "A", "quantity": 1, "gross": "1.00"}, "missing_key"),
        ("returns.0.lines.0", {"id": "A", "gross": "0.00"}, "not_positive"),
        ("returns.0.lines.0", {"id": "A", "net": "-1.00"}, "not_positive"),
        ("returns.0.lines.0", {"id": "A", "net": "100.01"}, "more_than_is_left"),
        ("returns.0.lines", [], "nothing_returned"),
        ("returns.0.shipping", [{"id": "S"}], "unknown_reference"),
        ("returns.0.fees.0.amount", "-1.00", "bad_amount"),
        ("returns.0.fees.0.percent", "5", "missing_key"),
        ("returns.0.fees.0.per", "kilo", "unknown_value"),
        ("returns.0.exchange_for", [{"unit_price": "1.00", "quantity": 0}], "not_positive"),
        ("tender_order", "cheapest", "terms_unusable"),
        ("tender_order", ["q"], "unknown_reference"),
        ("tender_order", [1], "wrong_type"),
        ("returns", {}, "wrong_type"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(path: str, value: Any, expected: str) -> None:
    found = answer(changed(path, value))
    assert found["error"]["code"] == expected
    assert found["error"]["message"].endswith(".")


@pytest.mark.parametrize("asked", [[], None, "text", 5, {}, {"currency": "GBP"}])
def test_other_json_is_refused(asked: Any) -> None:
    assert code(asked) in {"wrong_type", "missing_key"}


def test_one_refused_return_refuses_the_whole_answer() -> None:
    assert list(answer(case([line()], units(), units()))) == ["error"]


def test_good_is_good() -> None:
    assert totals(GOOD) == ["119.00"]
