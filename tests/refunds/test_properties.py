"""What must hold for every order and every way back: the properties behind the arithmetic, on thousands of examples.

They are pure; races, crashes and stock have proofs of their own.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal as D

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms.money import from_minor
from refunds.amounts import ClaimedLine, Quote, price_units
from refunds.lifecycle.owing import fees_left
from refunds.models import CreditMemo
from refunds.pricing import quote_return
from refunds.quote_json import quote_value
from returns.policy import Fee
from returns.pricing import UnitsToPrice
from tests.proofs import k9

MANY = settings(
    max_examples=2_000,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
CURRENCIES = st.sampled_from(["JPY", "GBP", "KWD"])


@MANY
@given(st.integers(2**40, 2**60))
def test_everything_returned_pays_what_was_captured_less_the_declared_fees(seed: int) -> None:
    """Any order, any sequence of partial returns: to the cent per line, per tax rate, per payment."""
    rnd = random.Random(seed)
    case, paid = k9.make_case(rnd)
    found = quote_value(case)
    assert "error" not in found
    assert k9.adds_up(found, case, paid)


@MANY
@given(CURRENCIES, st.integers(0, 10**6), st.integers(0, 25), st.integers(1, 8), st.randoms(use_true_random=False))
def test_the_order_of_units_never_changes_the_total_and_none_pays_more_than_it_is_worth(
    currency: str, gross: int, rate: int, quantity: int, rnd: random.Random
) -> None:
    total, tax = from_minor(gross, currency), from_minor(gross * rate // (100 + rate), currency)
    forward, shuffled = list(range(quantity)), list(range(quantity))
    rnd.shuffle(shuffled)

    def one_by_one(numbers: Sequence[int]) -> list[Quote]:
        return [
            price_units([ClaimedLine("A", "", total, tax, quantity, ((at, at + 1),))], (), currency) for at in numbers
        ]

    sums = [
        (sum(one.total for one in found), sum(one.tax for one in found))
        for found in map(one_by_one, (forward, shuffled))
    ]
    assert sums == [(total, tax), (total, tax)]
    most = -(-gross // quantity)
    assert all(0 <= one.total <= from_minor(most, currency) for one in one_by_one(shuffled))


@dataclass(frozen=True)
class Asked:
    """A return as quoted: lines in declared conditions, and fees."""

    units: tuple[UnitsToPrice, ...]
    fees: tuple[Fee, ...]
    currency: str


@st.composite
def returns(draw: st.DrawFn) -> Asked:
    currency = draw(CURRENCIES)
    units = []
    for key in range(draw(st.integers(1, 3))):
        quantity = draw(st.integers(1, 5))
        gross = draw(st.integers(0, 10**5))
        first = draw(st.integers(0, quantity - 1))
        last = draw(st.integers(first + 1, quantity))
        percent = D(draw(st.sampled_from(["100", "85", "50", "33.33", "0"])))
        amounts = from_minor(gross, currency), from_minor(gross // 6, currency)
        units.append(UnitsToPrice(str(key), "", *amounts, quantity, ((first, last),), percent, D(20)))
    fees = []
    for code in range(draw(st.integers(0, 2))):
        flat = draw(st.booleans())
        fees.append(
            Fee(
                str(code),
                amount=from_minor(draw(st.integers(0, 2_000)), currency) if flat else None,
                percent=None if flat else D(draw(st.integers(0, 100))),
                per=draw(st.sampled_from(["unit", "line", "return"])),
                maximum=from_minor(draw(st.integers(0, 3_000)), currency) if draw(st.booleans()) else None,
                lines=(units[0].key,) if draw(st.booleans()) else (),
                tax_rate=D(20) if draw(st.booleans()) else None,
            )
        )
    return Asked(tuple(units), tuple(fees), currency)


@MANY
@given(returns(), st.randoms(use_true_random=False))
def test_the_refund_in_however_many_parts_is_the_quote(asked: Asked, rnd: random.Random) -> None:
    """Inspection confirms what was declared, piece by piece and line by line in any order: the parts are the quote.

    Only a last part that cannot bear its own fees, after others were paid, leaves the customer more than was promised.
    """
    promised = quote_return(asked.units, asked.fees, asked.currency)
    pieces = [
        UnitsToPrice(
            one.key,
            "",
            one.line_gross,
            one.line_tax,
            one.line_quantity,
            ((at, at + 1),),
            one.payout_percent,
            one.tax_rate,
        )
        for one in asked.units
        for first, last in one.units
        for at in range(first, last)
    ]
    rnd.shuffle(pieces)
    memos: list[CreditMemo] = []
    total = tax = D(0)
    seen: list[UnitsToPrice] = []
    while pieces:
        part = [pieces.pop() for _ in range(rnd.randint(1, len(pieces)))]
        to_date = quote_return([*seen, *part], asked.fees, asked.currency)
        lines = to_date.lines[len(seen) :]
        quote = Quote(asked.currency, lines, (), fees_left(to_date, memos, sum((one.gross for one in lines), D(0))))
        assert quote.total >= 0
        memos.append(CreditMemo(quote=quote.to_json()))
        total, tax = total + quote.total, tax + quote.tax
        seen += part
    assert (total, tax) == (promised.total, promised.tax) or (total > promised.total and quote.total == 0)
