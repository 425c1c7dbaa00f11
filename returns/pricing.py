"""How a return asks what its units are worth.

Prices are reckoned in `refunds`, to our left; pages hand `refunds.pricing.price_return` in as the `Price`, so the
portal's preview, the confirmed quote and the refund are one function on the same inputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms.models.claims import Units
from returns.policy import Fee


@dataclass(frozen=True, slots=True)
class UnitsToPrice:
    """Units of one order line in one condition. `line_gross`, `line_tax`: the whole line's totals in its currency."""

    key: str
    description: str
    line_gross: Decimal
    line_tax: Decimal
    line_quantity: int
    units: Units
    payout_percent: Decimal
    tax_rate: Decimal


SHIPPING = "shipping"
"""The key of what was paid for sending, where the key of an order line stands."""

# (units, fees, currency, shipping) → the quote as JSON: {"lines": […], "fees": […], "total": "16.17", …}
Price = Callable[[Sequence[UnitsToPrice], Sequence[Fee], str, Sequence[UnitsToPrice]], dict[str, Any]]
