"""Money that comes for an order after it was placed: what an exchange costs on top; or goes in a dispute."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from oms import journal, outbox
from oms.models import JournalEntry, Order, Payment
from oms.money import amount_text
from oms.orders.creation import NewPayment, capture
from oms.orders.refusals import MoreThanOwed


def pay(order_number: str, new: NewPayment, *, by: str, at: datetime) -> Payment:
    """Keep a payment of this order and book it; the provider's same payment again is the one that is known.

    Raises MoreThanOwed, Order.DoesNotExist.
    """
    with transaction.atomic():
        order = Order.objects.for_update().get(number=order_number)
        known = order.payments.filter(method=new.method, provider_id=new.provider_id, carried_from=new.carried_from)
        if new.provider_id and new.carried_from is None and (earlier := known.first()):
            return earlier
        owed = left_to_pay(order)
        amount = owed if new.captured is None else new.captured
        if amount <= 0 or amount > owed:
            raise MoreThanOwed(number=order.number, owed=amount_text(owed, order.currency), currency=order.currency)
        payment = capture(order, replace(new, captured=amount), at=at)
        outbox.record(
            order, "order.paid", by=by, at=at,
            payment=payment.pk, amount=amount_text(payment.captured, order.currency), currency=order.currency,
        )  # fmt: skip
        return payment


def charge_back(order: Order, payment: Payment, amount: Decimal, *, dispute: str, by: str, at: datetime) -> None:
    """Book what the bank or PayPal took from us because a dispute was lost, in the payment's currency.

    It left from where the payment was paid in, and is an expense: the sale and its tax stand, since no goods need have
    come back. What the provider charges for the dispute itself is `book_fee`. Call it under the order's lock.
    """
    journal.post(
        f"dispute/{dispute}/lost",
        [(journal.Account.CHARGEBACKS, amount), (journal.paid_into(payment.method), -amount)],
        currency=payment.currency,
        at=at,
        order=order,
    )
    outbox.record(
        order, "order.charged_back", by=by, at=at,
        payment=payment.pk, dispute=dispute, amount=amount_text(amount, payment.currency), currency=payment.currency,
    )  # fmt: skip


def book_fee(order: Order, payment: Payment, amount: Decimal, currency: str, *, movement: str, at: datetime) -> None:
    """Book what a provider charges us about a payment, once per `movement` of its own book; negative: it gave it back.

    It is an expense in the provider's currency, which need not be the order's, and takes nothing from the customer.
    """
    cause = f"provider_fee/{movement}"
    if not amount or JournalEntry.objects.filter(cause=cause).exists():
        return
    books = [(journal.Account.PROVIDER_FEES, amount), (journal.paid_into(payment.method), -amount)]
    journal.post(cause, books, currency=currency, at=at, order=order)


def left_to_pay(order: Order) -> Decimal:
    """What of the order's total no payment has captured."""
    captured = order.payments.aggregate(sum=Sum("captured"))["sum"] or Decimal(0)
    return max(Decimal(0), order.total - captured)
