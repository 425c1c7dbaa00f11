"""Refunds that become store credit: given by ourselves, in the transaction that settles them."""

from datetime import datetime

from refunds.lifecycle.crediting import credit_refund
from refunds.models import Refund


class StoreCreditHouse:
    """Back to the credit it was spent from, or new credit where the customer chose that over money."""

    name = "store_credit"

    def give(self, refund: Refund, *, by: str, at: datetime) -> str:
        """Returns the reference of the credit's entry. Raises NobodysCredit and MoreThanWasTaken."""
        return credit_refund(refund, by=by, at=at).reference
