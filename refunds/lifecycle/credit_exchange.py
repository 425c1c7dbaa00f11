"""What an exchange costs more, paid with the customer's own store credit (R84)."""

from datetime import datetime
from decimal import Decimal

from oms import orders
from oms.models import Order, Payment
from oms.orders import NewPayment, left_to_pay
from oms.states import PaymentMethod
from oms.verbs import verb
from refunds.lifecycle.credit_spending import credit_of, spend
from refunds.lifecycle.exchanging import advance
from refunds.models import PaymentLink, StoreCreditEntry
from refunds.refusals import NothingToPay
from refunds.states import LinkStatus
from refunds.store_credit import EntryKind
from refunds.store_credit.refusals import PageIsOpen
from returns.lifecycle.dispatching import active
from returns.lifecycle.locking import lock
from returns.models import RMA, Dispatch
from returns.states import DispatchStatus


@verb
def pay_rest_with_credit(rma_number: str, *, by: str, at: datetime) -> Payment:
    """Pay what is left of an exchange from the customer's credit, as far as that goes; paid in full, the goods leave.

    Once per order that goes out: a repeat returns the payment made. Raises NothingToPay, also where there is no credit,
    and PageIsOpen while the provider's page could be paid as well.
    """
    rma = lock(rma_number)
    dispatch = active(rma)
    if dispatch is None:
        raise NothingToPay
    order = Order.objects.for_update().get(pk=dispatch.order_id)
    cause = f"exchange/{order.number}"
    if earlier := StoreCreditEntry.objects.filter(kind=EntryKind.CAPTURE, cause=cause).first():
        return order.payments.get(method=PaymentMethod.STORE_CREDIT, provider_id=earlier.reference)
    amount = payable_with_credit(rma, dispatch, at=at)
    if not amount:
        raise NothingToPay
    if PaymentLink.objects.filter(order=order, status=LinkStatus.OPEN).exists():
        raise PageIsOpen
    entry = spend(rma.order.customer, amount, rma.currency, cause=cause, order=order, by=by, at=at)
    payment = orders.pay(order.number, NewPayment(PaymentMethod.STORE_CREDIT, entry.reference, amount), by=by, at=at)
    advance(rma, by=by, at=at)
    return payment


def payable_with_credit(rma: RMA, dispatch: Dispatch, *, at: datetime) -> Decimal:
    """How much of what is left to pay the customer's credit covers; zero while nothing is to be paid."""
    owed = left_to_pay(dispatch.order) if dispatch.status == DispatchStatus.HELD else Decimal(0)
    account = credit_of(rma.order.customer, rma.currency) if owed else None
    if account is None:
        return Decimal(0)
    return min(owed, sum((grant.spendable(at) for grant in account.grants.all()), Decimal(0)))
