"""What must hold for every order and every way back: the properties behind the arithmetic, on thousands of examples.

Here: everything returned is everything captured less the fees; the order of units does not matter; the refund is the
quote. Beside them, each by itself: shares and rounding (`tests/oms/test_money.py`), lines (`test_amounts.py`), tenders
(`test_tenders.py`), parts of a memo (`test_books.py`), discounts (`tests/returns/test_promotions.py`), store credit
(`store_credit/test_order.py`). What needs rows: old orders keep their terms (`test_terms_stay.py`); workers, messages
and retries in any order (`bin/prove K3`, `K5`, `K6`); units and goods (`bin/prove K2`, `K6`).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal as D

from hypothesis import given
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
from tests.properties import many

SEEDS = st.integers(2**40, 2**60)
CURRENCIES = ("JPY", "GBP", "KWD")


@many
@given(SEEDS)
def test_everything_returned_pays_what_was_captured_less_the_declared_fees(seed: int) -> None:
    """Any order, any sequence of partial returns: to the cent per line, per tax rate, per payment."""
    rnd = random.Random(seed)
    case, paid = k9.make_case(rnd)
    found = quote_value(case)
    assert "error" not in found
    assert k9.adds_up(found, case, paid)


@many
@given(SEEDS)
def test_the_order_of_units_never_changes_the_total_and_none_pays_more_than_it_is_worth(seed: int) -> None:
    rnd = random.Random(seed)
    currency, quantity = rnd.choice(CURRENCIES), rnd.randint(1, 8)
    gross, rate = rnd.choice([rnd.randint(0, 20), rnd.randint(0, 10**6)]), rnd.randint(0, 25)
    total, tax = from_minor(gross, currency), from_minor(gross * rate // (100 + rate), currency)
    forward, shuffled = list(range(quantity)), list(range(quantity))
    rnd.shuffle(shuffled)

    def one_by_one(numbers: Sequence[int]) -> list[Quote]:
        return [
            price_units([ClaimedLine("A", "", total, tax, quantity, ((at, at + 1),))], (), currency) for at in numbers
        ]

    most = from_minor(-(-gross // quantity), currency)
    for found in map(one_by_one, (forward, shuffled)):
        assert (sum(one.total for one in found), sum(one.tax for one in found)) == (total, tax)
        assert all(0 <= one.total <= most for one in found)


@dataclass(frozen=True)
class Asked:
    """A return as quoted: lines in declared conditions, and fees."""

    units: tuple[UnitsToPrice, ...]
    fees: tuple[Fee, ...]
    currency: str


def a_return(rnd: random.Random) -> Asked:
    currency = rnd.choice(CURRENCIES)
    units = []
    for key in range(rnd.randint(1, 3)):
        quantity = rnd.randint(1, 5)
        gross = rnd.choice([rnd.randint(0, 20), rnd.randint(0, 10**5)])
        first = rnd.randint(0, quantity - 1)
        last = rnd.randint(first + 1, quantity)
        percent = D(rnd.choice(["100", "85", "50", "33.33", "0"]))
        amounts = from_minor(gross, currency), from_minor(gross // 6, currency)
        units.append(UnitsToPrice(str(key), "", *amounts, quantity, ((first, last),), percent, D(20)))
    fees = []
    for code in range(rnd.randint(0, 2)):
        flat = rnd.random() < 0.5
        fees.append(
            Fee(
                str(code),
                amount=from_minor(rnd.randint(0, 2_000), currency) if flat else None,
                percent=None if flat else D(rnd.randint(0, 100)),
                per=rnd.choice(["unit", "line", "return"]),
                maximum=from_minor(rnd.randint(0, 3_000), currency) if rnd.random() < 0.5 else None,
                lines=(units[0].key,) if rnd.random() < 0.5 else (),
                tax_rate=D(20) if rnd.random() < 0.5 else None,
            )
        )
    return Asked(tuple(units), tuple(fees), currency)


@many
@given(SEEDS)
def test_the_refund_in_however_many_parts_is_the_quote(seed: int) -> None:
    """Inspection confirms what was declared, piece by piece and line by line in any order: the parts are the quote.

    Only a last part that cannot bear its own fees, after others were paid, leaves the customer more than was promised.
    """
    rnd = random.Random(seed)
    asked = a_return(rnd)
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
