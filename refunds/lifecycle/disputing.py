"""A payment is disputed: nothing more goes back on it until that is decided, and nothing at all when it is lost.

The bank gives the customer the money of a lost dispute, so a refund beside it would be the same money twice. What it
takes from us is booked in the same transaction.
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from oms import orders, outbox
from oms.models import Order, Payment
from oms.money import from_minor
from oms.verbs import verb
from refunds.gateways.base import DisputeNews
from refunds.lifecycle.locking import release, tell_failed
from refunds.models import PaymentDispute, Refund
from refunds.refusals import NotOurs
from refunds.states import DISPUTE_MACHINE, REFUND_MACHINE, DisputeStatus, RefundStatus

NOT_SENT = (RefundStatus.REQUESTED, RefundStatus.AWAITING_APPROVAL, RefundStatus.APPROVED)
DECIDED = (DisputeStatus.WON, DisputeStatus.LOST)
LOST = "dispute_lost"


@verb
def hear_dispute(news: DisputeNews, *, by: str, at: datetime) -> PaymentDispute:
    """Take what the provider says about a dispute; what is known already, or was decided, changes nothing.

    Opened: refunds that are not sent yet wait. Decided for us: they go on. Decided for the customer: they are called
    off, since the bank has paid, and what it took from us is booked. What the provider charges for it is booked, each
    movement once. Raises NotOurs for a payment we do not have, and for money lost in another currency than was paid.
    """
    payment = Payment.objects.filter(provider_id__in=news.payments, carried_from=None).order_by("pk").first()
    if payment is None:
        raise NotOurs("unknown_payment")
    # What it paid for may be an exchange by now: those orders' refunds go back on the same payment.
    touched = Order.objects.filter(Q(pk=payment.order_id) | Q(payments__carried_from=payment)).values("pk")
    locked = {order.pk: order for order in Order.objects.for_update().filter(pk__in=touched).order_by("pk")}
    dispute = PaymentDispute.objects.filter(external_id=news.external_id).first()
    if dispute is not None and dispute.status in (news.status, *DECIDED):
        _book_fees(locked[payment.order_id], payment, news, at=at)
        return dispute
    before = dispute.status if dispute else ""
    DISPUTE_MACHINE.check("open" if news.status == DisputeStatus.OPEN else "decide", before, news.status)
    dispute = dispute or PaymentDispute(payment=payment, external_id=news.external_id, opened_at=at)
    dispute.status, dispute.reason = news.status, news.reason[:80]
    dispute.closed_at = None if news.status == DisputeStatus.OPEN else at
    dispute.lost = _lost(payment, news)
    dispute.save()
    _book_fees(locked[payment.order_id], payment, news, at=at)
    if dispute.lost:
        orders.charge_back(locked[payment.order_id], payment, dispute.lost, dispute=dispute.external_id, by=by, at=at)
    for refund in _not_sent(payment):
        _follow(refund, dispute, by=by, at=at)
    return dispute


def _book_fees(order: Order, payment: Payment, news: DisputeNews, *, at: datetime) -> None:
    """What the provider charges us for the dispute, or gives back; each movement once, whatever was decided by then."""
    for fee in news.fees:
        amount = from_minor(fee.amount_minor, fee.currency)
        orders.book_fee(order, payment, amount, fee.currency, movement=fee.movement, at=at)


def _lost(payment: Payment, news: DisputeNews) -> Decimal:
    """What a lost dispute takes, in the payment's currency: what the provider says, else all that was not given back.

    It may be more than is left, when a refund was out already: that money is gone twice, and the books say so.
    """
    if news.status != DisputeStatus.LOST:
        return Decimal(0)
    if not news.amount_minor:
        payment.refresh_from_db()
        return payment.captured - payment.refunded
    if news.currency != payment.currency:
        raise NotOurs("other_currency")
    return from_minor(news.amount_minor, payment.currency)


def _not_sent(payment: Payment) -> list[Refund]:
    on_it = Q(payment=payment) | Q(payment__carried_from=payment)
    waiting = Refund.objects.filter(on_it, status__in=NOT_SENT).order_by("pk")
    return list(waiting.select_for_update(no_key=True, of=("self",)).select_related("order", "payment", "memo", "rma"))


def _follow(refund: Refund, dispute: PaymentDispute, *, by: str, at: datetime) -> None:
    if dispute.status == DisputeStatus.OPEN:
        outbox.record(refund, "refund.held", by=by, at=at, dispute=dispute.external_id)
    elif dispute.status == DisputeStatus.LOST:
        REFUND_MACHINE.check("lose", refund.status, RefundStatus.CANCELED)
        refund.status, refund.provider_reason = RefundStatus.CANCELED, LOST
        release(refund)
        outbox.record(
            refund, "refund.canceled", by=by, at=at, changed=("status", "provider_reason"), dispute=dispute.external_id
        )
        tell_failed(refund, reason=LOST, by=by, at=at)
    elif refund.status == RefundStatus.APPROVED and not PaymentDispute.standing_in_the_way(refund.payment_id).exists():
        outbox.record(refund, "refund.resumed", by=by, at=at, dispute=dispute.external_id)
