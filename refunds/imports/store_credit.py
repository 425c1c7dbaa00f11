"""Imported orders that were paid with store credit: the row names the credit, the ledger says whether it may."""

from datetime import datetime
from decimal import Decimal

from oms.importing.documents import Sale
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

    def pay(self, sale: Sale, customer: int | None, number: str, amount: Decimal) -> str:
        """Spend `amount` of the credit; returns the reference its payment keeps. Raises BadRow with the rule's words.

        What counts for the expiry is when the order was placed.
        """
        column = "credit_number" if sale.credit else "payment_id"
        if not number:
            raise BadRow(column, "Name the store credit that pays this order.")
        try:
            entry = lifecycle.spend(
                None if customer is None else Customer(pk=customer),
                amount,
                sale.currency,
                number=number,
                cause=f"order/{sale.number}",
                by=ACTOR,
                at=min(sale.placed_at, self.now),
            )
        except (Refused, MoneyError) as refused:
            raise BadRow(column, str(refused)) from None
        return entry.reference
