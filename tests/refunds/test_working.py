"""Where each cent of a quote comes from, as people read it."""

from decimal import Decimal as D

import pytest

from oms.models import OrderLine
from refunds.amounts import ClaimedLine, FeeTerm, price_units
from refunds.views.working import working
from tests.builders import Sold, an_order


def test_a_cent_that_does_not_divide_has_a_name() -> None:
    line = ClaimedLine("7", "Blue mug", D("10.00"), D("1.67"), 3, ((1, 2),), tax_rate=D(20))
    assert working(price_units([line], (), "GBP")) == [
        "Blue mug: you paid £10.00 for 3, after discounts and with tax.",
        "In it is £1.67 tax at 20 %.",
        "£10.00 does not divide by 3: piece 2 is worth £3.34, the others £3.33.",
        "Piece 2 of 3 is worth £3.34.",
        "1 piece before it is worth £3.33 and was returned or is kept apart from this.",
    ]


def test_condition_shipping_and_fees_say_what_they_are_of() -> None:
    line = ClaimedLine("7", "Blue mug", D("20.00"), D("0.00"), 1, ((0, 1),), D(50))
    shipping = ClaimedLine("shipping", "", D("6.00"), D("1.00"), 1, ((0, 1),), tax_rate=D(20))
    fee = FeeTerm("restocking", percent=D(30), maximum=D("2.00"), tax_rate=D(20))
    quote = price_units([line], [fee], "GBP", shipping=[shipping])
    inputs = {"fees": [{"percent": "30", "amount": None, "maximum": "2.00", "lines": []}]}
    assert working(quote, inputs=inputs)[1:] == [
        "Of £20.00 this condition pays 50 %: £10.00.",
        "For shipping you paid £6.00, with £1.00 tax in it; of it £6.00 comes back.",
        "Restocking fee: 30 % of £10.00 is £2.00.",
        "It is never more than £2.00.",
        "In this fee is £0.33 tax at 20 %.",
    ]


def test_a_fee_that_could_not_be_taken_whole_says_so() -> None:
    line = ClaimedLine("7", "Tea", D("3.00"), D("0.00"), 1, ((0, 1),))
    quote = price_units([line], [FeeTerm("return_label", amount=D("4.95"))], "GBP")
    assert working(quote)[-2:] == [
        "Return label: £3.00.",
        "£1.95 of it is not charged: a fee never takes more than what comes back.",
    ]


@pytest.mark.django_db
def test_the_share_of_discounts_is_named_where_the_price_is_known() -> None:
    order = an_order(lines=[Sold(quantity=2, gross="18.50")])
    OrderLine.objects.update(unit_price=D("10.00"))
    line = order.lines.get()
    claim = ClaimedLine(str(line.pk), "Blue mug", line.gross, D("0.00"), 2, ((0, 2),))
    told = working(price_units([claim], (), "GBP"), lines={str(line.pk): line})
    assert told[0] == "Blue mug: £20.00 for 2, less £1.50 of discounts, so you paid £18.50."
