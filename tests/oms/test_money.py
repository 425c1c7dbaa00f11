from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.money import (
    EXPONENTS,
    CurrencyMismatch,
    Money,
    MoneyError,
    NotAnAmount,
    TooManyDecimals,
    UnknownCurrency,
    allocate,
    amount_text,
    check_amount,
    cumulative,
    exponent,
    from_minor,
    parse_amount,
    parse_number,
    round_half_up,
    round_ratio,
    to_minor,
    unit_value,
    units_value,
)
from tests.properties import many


@pytest.mark.parametrize(
    ("currency", "places"), [("GBP", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("TND", 3)]
)
def test_each_currency_has_its_decimals(currency: str, places: int) -> None:
    assert exponent(currency) == places


@pytest.mark.parametrize("code", ["", "gbp", "XXX", "EURO", None, ["GBP"]])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        exponent(code)


def test_no_currency_is_listed_twice() -> None:
    assert len(EXPONENTS) == 157


@pytest.mark.parametrize(
    ("value", "currency", "rounded"),
    [
        (D("0.125"), "GBP", "0.13"),
        (D("-0.125"), "GBP", "-0.13"),
        (D("0.5"), "JPY", "1"),
        (D("-0.5"), "JPY", "-1"),
        (D("1.0005"), "KWD", "1.001"),
        (Fraction(1, 8), "GBP", "0.13"),
        (Fraction(-1, 8), "GBP", "-0.13"),
        (Fraction(2, 3), "JPY", "1"),
        (7, "KWD", "7.000"),
    ],
)
def test_halves_are_rounded_away_from_zero(value: D | Fraction | int, currency: str, rounded: str) -> None:
    assert str(round_half_up(value, currency)) == rounded


@pytest.mark.parametrize("value", [1.5, "1.50", None, D("NaN"), D("Infinity"), D("1e60"), D("1e18"), True])
def test_only_finite_decimals_of_sane_size_are_amounts(value: object) -> None:
    with pytest.raises(NotAnAmount):
        Money(value, "GBP")  # type: ignore[arg-type]


def test_a_float_is_never_rounded_into_money() -> None:
    with pytest.raises(NotAnAmount):
        round_half_up(0.1, "GBP")  # type: ignore[arg-type]


@pytest.mark.parametrize(("amount", "currency"), [("0.5", "JPY"), ("1.005", "GBP"), ("1.0001", "KWD")])
def test_too_many_decimals_are_refused_never_rounded(amount: str, currency: str) -> None:
    with pytest.raises(TooManyDecimals):
        check_amount(D(amount), currency)


def test_trailing_zeros_are_no_extra_decimals() -> None:
    assert amount_text(D("1.500000"), "GBP") == "1.50"


@pytest.mark.parametrize(
    "text", ["", " 5", "5 ", "1e3", "1,50", "١", "0x1", "+1", "1.", ".5", "NaN", "1_000", "9" * 16]
)
def test_only_plain_digits_are_read(text: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_number(text)


@pytest.mark.parametrize("value", [10, 1.5, True, None, ["1"]])
def test_a_number_that_is_no_text_is_told_how_to_be_written(value: object) -> None:
    with pytest.raises(NotAnAmount, match="written as text"):
        parse_number(value)


def test_less_than_nothing_at_all_is_nothing() -> None:
    assert [str(parse_number("-0")), str(parse_amount("-0.0", "GBP"))] == ["0", "0.00"]


def test_endless_text_is_not_repeated_in_the_answer() -> None:
    with pytest.raises(NotAnAmount) as refusal:
        parse_number("9" * 100_000)
    assert len(str(refusal.value)) < 100


def test_an_amount_is_read_in_its_currency() -> None:
    assert [parse_amount("12.5", "GBP"), parse_amount("-1000", "JPY"), parse_amount("1.250", "KWD")] == [
        D("12.50"),
        D("-1000"),
        D("1.250"),
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("12.50", "GBP", 1250), ("1000", "JPY", 1000), ("1.25", "KWD", 1250)]
)
def test_minor_units_and_back(amount: str, currency: str, minor: int) -> None:
    assert to_minor(D(amount), currency) == minor
    assert from_minor(minor, currency) == D(amount)


def test_minor_units_are_whole() -> None:
    with pytest.raises(NotAnAmount):
        from_minor(1.0, "GBP")  # type: ignore[arg-type]


class TestMoney:
    def test_one_currency_adds_up(self) -> None:
        five, two = Money(D("5.00"), "GBP"), Money(D("2.50"), "GBP")
        assert [str(five + two), str(five - two), str(-two), str(two * 3), five > two] == [
            "7.50 GBP",
            "2.50 GBP",
            "-2.50 GBP",
            "7.50 GBP",
            True,
        ]

    @pytest.mark.parametrize("mix", ["__add__", "__sub__", "__lt__"])
    def test_two_currencies_never_meet(self, mix: str) -> None:
        with pytest.raises(CurrencyMismatch):
            getattr(Money(D(1), "GBP"), mix)(Money(D(1), "EUR"))

    @pytest.mark.parametrize("other", [1, D(1), 1.0, "1"])
    def test_a_bare_number_is_no_money(self, other: object) -> None:
        with pytest.raises(NotAnAmount):
            Money(D(1), "GBP") + other  # type: ignore[operator]

    def test_it_is_multiplied_by_whole_numbers_only(self) -> None:
        with pytest.raises(NotAnAmount):
            Money(D(1), "GBP") * D("0.5")  # type: ignore[operator]

    def test_it_cannot_be_changed(self) -> None:
        with pytest.raises(AttributeError):
            Money(D(1), "GBP").amount = D(2)  # type: ignore[misc]

    def test_equal_amounts_of_different_currencies_differ(self) -> None:
        assert Money(D(1), "GBP") != Money(D(1), "EUR")
        assert Money(D("1"), "GBP") == Money(D("1.00"), "GBP")

    def test_it_splits_without_losing_a_cent(self) -> None:
        assert [str(part) for part in Money(D("10.00"), "GBP").split([1, 1, 1])] == ["3.34 GBP", "3.33 GBP", "3.33 GBP"]

    def test_the_sum_of_nothing_is_zero(self) -> None:
        assert Money.total([], "KWD") == Money.zero("KWD")

    def test_zero_is_false(self) -> None:
        assert [bool(Money.zero("GBP")), bool(Money.from_minor(1, "GBP"))] == [False, True]


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [0, 0], [5, 5]),
        (11, [0, 0], [6, 5]),
        (1000, [1, 1, 1], [334, 333, 333]),
        (-10, [1, 1, 1], [-4, -3, -3]),
        (100, [6, 4], [60, 40]),
        (7, [0, 5], [0, 7]),
        (0, [3, 4], [0, 0]),
        (2, [1, 1, 1], [1, 1, 0]),
        (5, [1, 2, 2], [1, 2, 2]),
        (10, [7], [10]),
    ],
)
def test_largest_remainder(total: int, weights: list[int], shares: list[int]) -> None:
    assert allocate(total, weights) == shares


@pytest.mark.parametrize("weights", [[], [-1, 2]])
def test_what_cannot_be_split_over(weights: list[int]) -> None:
    with pytest.raises(MoneyError):
        allocate(10, weights)


@many
@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_shares_add_up_and_stay_within_one_unit_of_exact(total: int, weights: list[int]) -> None:
    shares = allocate(total, weights)
    scale = sum(weights) or len(weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights if sum(weights) else [1] * len(weights), strict=True):
        assert abs(Fraction(total * weight, scale) - share) < 1


@many
@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
def test_a_ratio_is_rounded_half_away_from_zero(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    nearest = round_ratio(numerator, denominator)
    assert abs(nearest - exact) <= Fraction(1, 2)
    if abs(nearest - exact) == Fraction(1, 2):
        assert abs(nearest) > abs(exact)


def test_w1b_three_units_of_290() -> None:
    assert [units_value(D("290.00"), 3, unit, unit + 1, "GBP") for unit in range(3)] == [
        D("96.67"),
        D("96.66"),
        D("96.67"),
    ]


@many
@given(st.integers(0, 10**9), st.integers(1, 200))
def test_the_units_of_a_line_add_up_and_differ_by_at_most_one(total: int, quantity: int) -> None:
    values = [unit_value(total, quantity, unit) for unit in range(quantity)]
    assert sum(values) == total
    assert max(values) - min(values) <= 1


@pytest.mark.parametrize("unit", [-1, 3])
def test_there_is_no_unit_beyond_the_line(unit: int) -> None:
    with pytest.raises(MoneyError):
        unit_value(100, 3, unit)


@pytest.mark.parametrize(("first", "last"), [(-1, 1), (2, 1), (0, 4)])
def test_a_range_stays_inside_the_line(first: int, last: int) -> None:
    with pytest.raises(MoneyError):
        units_value(D("1.00"), 3, first, last, "GBP")


def test_a_line_of_a_million_units_needs_no_loop() -> None:
    assert cumulative(123_456_789, 1_000_000, 1_000_000) == 123_456_789
