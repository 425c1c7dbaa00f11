"""Imported orders that were paid with store credit: the row names the credit, the ledger says whether it may."""

from datetime import datetime

from oms.importing.documents import ZERO, Sale
from oms.importing.report import BadRow
from oms.models import Customer
from oms.money import MoneyError
from oms.refusals import Refused
from refunds import lifecycle

ACTOR = "import"


class CreditSpent:
    """Spends the credit that sales name, each once: the order's number is the cause."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now

    def pay(self, sale: Sale, customer: int | None) -> str:
        """Spend the whole order's total; returns the reference its payment keeps. Raises BadRow with the rule's words.

        What counts for the expiry is when the order was placed.
        """
        if not sale.payment_id:
            raise BadRow("payment_id", "Name the store credit that pays this order.")
        total = sum((line.gross for line in sale.lines), sale.shipping + ZERO)
        try:
            entry = lifecycle.spend(
                None if customer is None else Customer(pk=customer),
                total,
                sale.currency,
                number=sale.payment_id,
                cause=f"order/{sale.number}",
                by=ACTOR,
                at=min(sale.placed_at, self.now),
            )
        except (Refused, MoneyError) as refused:
            raise BadRow("payment_id", str(refused)) from None
        return entry.reference
