"""Refunds that pay for the goods of an exchange: settled by ourselves, in the transaction that settles them."""

from datetime import datetime

from refunds.lifecycle.exchanging import carry_over
from refunds.models import Refund


class ExchangeHouse:
    """The value moves to the order that goes out; no money leaves."""

    name = "exchange"

    def give(self, refund: Refund, *, by: str, at: datetime) -> str:
        """Returns our number of the payment it became. Raises NothingGoesOut."""
        return carry_over(refund, by=by, at=at)
