"""What returned units are worth, in the words `returns` asks in (`returns.pricing.Price`).

The portal's preview, the confirmed quote and the refund all come through here.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from oms import shops
from oms.money import amount_text, round_half_up
from refunds.amounts import ClaimedLine, Quote, fee_terms, price_units
from returns.policy import Fee
from returns.pricing import UnitsToPrice


def price_return(
    units: Sequence[UnitsToPrice], fees: Sequence[Fee], currency: str, shipping: Sequence[UnitsToPrice] = ()
) -> dict[str, Any]:
    """The quote as JSON: amounts as text in the currency's decimals, `total` what the customer gets, tax included.

    `bonus`, where the shop gives one: what comes on top if the total is taken as store credit, and its percent.
    """
    quote = quote_return(units, fees, currency, shipping)
    percent = shops.current().credit_bonus
    bonus = bonus_on(quote.total, percent, currency)
    promised = {"bonus": {"percent": f"{percent:f}", "amount": amount_text(bonus, currency)}} if bonus > 0 else {}
    return quote.to_json() | promised


def bonus_on(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    """What comes on top of `amount` taken as store credit instead of money."""
    return round_half_up(amount * percent / 100, currency)


def quote_return(
    units: Sequence[UnitsToPrice], fees: Sequence[Fee], currency: str, shipping: Sequence[UnitsToPrice] = ()
) -> Quote:
    """The same quote as an object; its lines stand in the order of `units`."""
    return price_units(
        [claimed(one) for one in units], fee_terms(fees), currency, shipping=[claimed(one) for one in shipping]
    )


def claimed(one: UnitsToPrice) -> ClaimedLine:
    """The same units in the words of the arithmetic."""
    return ClaimedLine(
        key=one.key,
        description=one.description,
        line_gross=one.line_gross,
        line_tax=one.line_tax,
        line_quantity=one.line_quantity,
        units=one.units,
        payout_percent=one.payout_percent,
        tax_rate=one.tax_rate,
    )
