"""The price of claimed units: the portal's quote, the confirmed quote and the refund are this one function."""

import json
import random
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.money import exponent, from_minor
from refunds.amounts import ClaimedLine, FeeTerm, Quote, fee_terms, price_line, price_units
from refunds.refusals import TermsUnusable
from returns.policy import Fee
from tests.properties import many


def claim(
    gross: str = "290.00",
    tax: str = "0.00",
    quantity: int = 3,
    units: tuple[tuple[int, int], ...] = ((0, 1),),
    percent: str = "100",
    key: str = "A",
) -> ClaimedLine:
    return ClaimedLine(key, "Mug", D(gross), D(tax), quantity, units, D(percent))


def test_w1b_one_unit_after_the_other() -> None:
    paid = [price_units([claim(units=((unit, unit + 1),))], [], "GBP").total for unit in range(3)]
    assert paid == [D("96.67"), D("96.66"), D("96.67")]


def test_w20_two_of_three_after_a_discount() -> None:
    assert price_units([claim("270.00", units=((0, 2),))], [], "GBP").total == D("180.00")


def test_w25_the_fee_is_a_line_of_its_own() -> None:
    quote = price_units([claim("100.00", quantity=1)], [FeeTerm("return_label", amount=D("5.00"))], "GBP")
    assert [quote.total, quote.fees[0].gross, quote.returned] == [D("95.00"), D("5.00"), D("100.00")]


def test_tax_comes_back_with_the_unit() -> None:
    quote = price_units([claim("22.20", "3.70", 2)], [], "GBP")
    assert [quote.total, quote.tax, quote.net] == [D("11.10"), D("1.85"), D("9.25")]


def test_a_condition_takes_its_part_off_each_unit() -> None:
    line = price_line(claim("290.00", "48.33", units=((0, 3),), percent="50"), "GBP")
    assert [line.value, line.deduction, line.gross] == [D("290.00"), D("144.99"), D("145.01")]
    assert [row.gross for row in line.working("GBP")] == [D("48.34"), D("48.33"), D("48.34")]


def test_what_conditions_pay_can_be_shown_before_posting() -> None:
    table = {
        percent: price_units([claim("48.27", quantity=1, percent=percent)], [], "GBP").total
        for percent in ("100", "85", "0")
    }
    assert table == {"100": D("48.27"), "85": D("41.03"), "0": D("0.00")}


def test_the_same_line_in_two_conditions() -> None:
    lines = [claim(units=((0, 1), (2, 3))), claim(units=((1, 2),), percent="50")]
    quote = price_units(lines, [], "GBP")
    assert [line.gross for line in quote.lines] == [D("193.34"), D("48.33")]
    assert quote.deduction == D("48.33")


def test_yen_and_dinars() -> None:
    assert [price_units([claim("1000", "91", 3, ((unit, unit + 1),))], [], "JPY").total for unit in range(3)] == [
        333,
        334,
        333,
    ]
    assert [price_units([claim("1.250", "0", 4, ((unit, unit + 1),))], [], "KWD").total for unit in range(4)] == [
        D("0.313"),
        D("0.312"),
        D("0.313"),
        D("0.312"),
    ]


class TestFees:
    @pytest.mark.parametrize(
        ("term", "gross"),
        [
            (FeeTerm("restocking", percent=D("10")), "19.33"),
            (FeeTerm("restocking", percent=D("10"), maximum=D("15.00")), "15.00"),
            (FeeTerm("restocking", amount=D("2.00"), per="unit"), "4.00"),
            (FeeTerm("restocking", amount=D("2.00"), per="line"), "2.00"),
            (FeeTerm("restocking", amount=D("2.00"), per="unit", maximum=D("3.50")), "3.50"),
            (FeeTerm("restocking", percent=D("0")), "0.00"),
            (FeeTerm("restocking", percent=D("10"), lines=("B",)), "0.00"),
            (FeeTerm("restocking", amount=D("2.00"), lines=("B",)), "0.00"),
        ],
    )
    def test_bases_and_caps(self, term: FeeTerm, gross: str) -> None:
        assert price_units([claim(units=((0, 2),))], [term], "GBP").fees[0].gross == D(gross)

    def test_a_fee_is_only_about_its_lines(self) -> None:
        lines = [claim("100.00", quantity=1, key="A"), claim("50.00", quantity=1, key="B")]
        quote = price_units(lines, [FeeTerm("restocking", percent=D("10"), lines=("B",))], "GBP")
        assert [quote.fees_total, quote.total] == [D("5.00"), D("145.00")]

    def test_fees_never_make_the_customer_owe(self) -> None:
        fees = [FeeTerm("return_label", amount=D("4.95")), FeeTerm("restocking", amount=D("4.95"))]
        quote = price_units([claim("6.00", quantity=1)], fees, "GBP")
        assert [(fee.gross, fee.waived) for fee in quote.fees] == [(D("4.95"), D("0")), (D("1.05"), D("3.90"))]
        assert quote.total == D("0.00")

    def test_taxed_fee(self) -> None:
        fee = price_units(
            [claim("100.00", quantity=1)], [FeeTerm("f", amount=D("6.00"), tax_rate=D("20"))], "GBP"
        ).fees[0]
        assert [fee.net, fee.tax, fee.gross] == [D("5.00"), D("1.00"), D("6.00")]

    def test_the_fees_of_a_decision(self) -> None:
        terms = fee_terms([Fee("return_label", amount=D("4.95"))], {"return_label": "Return label"})
        assert terms == (FeeTerm("return_label", amount=D("4.95"), label="Return label"),)

    @pytest.mark.parametrize(
        "wrong",
        [{}, {"amount": D(1), "percent": D(1)}, {"amount": D(-1)}, {"amount": D(1), "per": "kilo"}],
    )
    def test_terms_that_make_no_sense(self, wrong: dict[str, D]) -> None:
        with pytest.raises(TermsUnusable):
            FeeTerm("f", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        claim(units=()),
        claim(units=((0, 0),)),
        claim(units=((2, 4),)),
        claim(units=((-1, 1),)),
        claim(units=((1, 2), (0, 1))),
        claim(units=((0, 2), (1, 3))),
        claim(quantity=0),
        claim(gross="-1.00"),
        claim(tax="300.00"),
        claim(percent="101"),
        claim(percent="-1"),
    ],
)
def test_claims_that_cannot_be_priced(wrong: ClaimedLine) -> None:
    with pytest.raises(TermsUnusable):
        price_units([wrong], [], "GBP")


def test_a_unit_is_priced_once() -> None:
    with pytest.raises(TermsUnusable, match="unit 1 is claimed twice"):
        price_units([claim(units=((0, 2),)), claim(units=((1, 3),))], [], "GBP")


def test_a_stored_quote_is_the_same_quote() -> None:
    quote = price_units(
        [claim("22.20", "3.70", 2, percent="85.5")],
        [FeeTerm("return_label", amount=D("4.95"), tax_rate=D("20"), label="Label")],
        "GBP",
        shipping=[claim("6.00", "1.00", 1, key="shipping")],
    )
    stored = json.loads(json.dumps(quote.to_json()))
    assert Quote.from_json(stored) == quote
    assert stored["total"] == str(quote.total)


def test_a_stored_quote_that_was_tampered_with_is_noticed() -> None:
    stored = price_units([claim()], [], "GBP").to_json()
    with pytest.raises(ValueError, match="does not add up"):
        Quote.from_json(stored | {"total": "96.68"})


def test_tens_of_thousands_of_units_are_priced_without_a_row_each() -> None:
    quote = price_units([claim("80995.00", "13499.17", 80_995, ((0, 80_994),))], [], "GBP")
    assert quote.total == D("80994.00")


CURRENCIES = st.sampled_from(["JPY", "GBP", "KWD"])
PERCENTS = st.sampled_from(["100", "85", "50", "33.33", "0"])


@many
@given(CURRENCIES, st.integers(0, 10**7), st.integers(0, 100), st.integers(1, 60), st.randoms(use_true_random=False))
def test_any_sequence_that_ends_in_everything_pays_exactly_the_line(
    currency: str, gross: int, tax_share: int, quantity: int, rnd: random.Random
) -> None:
    """Units in any order, in parcels of any size: gross and tax come to the line's total, to the last unit."""
    tax = gross * tax_share // 100
    numbers = list(range(quantity))
    rnd.shuffle(numbers)
    paid = paid_tax = D(0)
    while numbers:
        parcel = sorted(numbers[: rnd.randint(1, len(numbers))])
        numbers = [number for number in numbers if number not in parcel]
        units = tuple((number, number + 1) for number in parcel)
        line = ClaimedLine("A", "", from_minor(gross, currency), from_minor(tax, currency), quantity, units)
        quote = price_units([line], [], currency)
        paid, paid_tax = paid + quote.total, paid_tax + quote.tax
    assert [paid, paid_tax] == [from_minor(gross, currency), from_minor(tax, currency)]


@many
@given(CURRENCIES, st.integers(0, 10**6), st.integers(1, 40), PERCENTS, st.data())
def test_how_units_are_grouped_never_changes_what_they_pay(
    currency: str, gross: int, quantity: int, percent: str, data: st.DataObject
) -> None:
    """One outcome for all units or one each: the refund is the quote. No unit pays more than it is worth."""
    total = from_minor(gross, currency)
    cut = data.draw(st.integers(0, quantity))
    ranges = tuple(part for part in ((0, cut), (cut, quantity)) if part[0] < part[1])
    together = price_line(ClaimedLine("A", "", total, D(0), quantity, ranges, D(percent)), currency)
    rows = list(together.working(currency))
    single = [
        price_line(ClaimedLine("A", "", total, D(0), quantity, ((unit, unit + 1),), D(percent)), currency).gross
        for unit in range(quantity)
    ]
    assert together.gross == sum(single) == sum(row.gross for row in rows)
    assert together.value == total
    assert all(0 <= row.gross <= row.value for row in rows)


@many
@given(CURRENCIES, st.integers(1, 10**6), st.integers(0, 10**4), st.integers(0, 100))
def test_total_net_and_tax_always_agree(currency: str, gross: int, fee: int, percent: int) -> None:
    assert exponent(currency) in (0, 2, 3)
    line = ClaimedLine("A", "", from_minor(gross, currency), from_minor(gross // 6, currency), 1, ((0, 1),), D(percent))
    quote = price_units([line], [FeeTerm("f", amount=from_minor(fee, currency), tax_rate=D(20))], currency)
    assert quote.net + quote.tax == quote.total == quote.returned - quote.fees_total
    assert quote.total >= 0
