"""The first beat of every verb, the money set aside meanwhile, and who hears of it."""

from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum

from oms.models import Order, Payment
from oms.money import amount_text
from refunds.models import CreditMemo, Refund
from refunds.refusals import PaymentsExhausted
from refunds.states import RefundStatus
from returns import lifecycle as returns
from returns.models import RMA
from returns.states import SETTLEMENT_MACHINE, Settlement


def lock(number: str) -> Refund:
    """Lock the order's row, then read the refund as it is now. Raises Refund.DoesNotExist."""
    try:
        order = Order.objects.for_update().get(refunds__number=number)
    except Order.DoesNotExist:
        raise Refund.DoesNotExist(number) from None
    refund = Refund.objects.select_related("memo", "payment", "rma").get(number=number)
    refund.order = order
    return refund


# ── Money on the payment: every step one conditional UPDATE, behind it the CHECK of the table (p3, p4) ───────────────


def set_aside(payment: Payment, amount: Decimal) -> None:
    """Promise so much of the payment. Raises PaymentsExhausted."""
    _change(payment, amount, captured__gte=F("refunded") + F("in_flight") + amount, in_flight=F("in_flight") + amount)


def pay_out(refund: Refund) -> None:
    """What was promised is paid."""
    _change(
        refund.payment,
        refund.amount,
        in_flight__gte=refund.amount,
        in_flight=F("in_flight") - refund.amount,
        refunded=F("refunded") + refund.amount,
    )


def pay_out_after_all(refund: Refund) -> None:
    """Paid although nothing was promised any more: the provider did it after we had given up."""
    room = F("refunded") + F("in_flight") + refund.amount
    _change(refund.payment, refund.amount, captured__gte=room, refunded=F("refunded") + refund.amount)


def release(refund: Refund) -> None:
    """The promise ends unpaid."""
    _change(refund.payment, refund.amount, in_flight__gte=refund.amount, in_flight=F("in_flight") - refund.amount)


def take_back(refund: Refund) -> None:
    """What counted as paid has come back to us."""
    _change(refund.payment, refund.amount, refunded__gte=refund.amount, refunded=F("refunded") - refund.amount)


def _change(payment: Payment, amount: Decimal, **words: object) -> None:
    """Words with a lookup are the condition, the others what is set."""
    condition = {word: value for word, value in words.items() if "__" in word}
    change = {word: value for word, value in words.items() if "__" not in word}
    if not Payment.objects.filter(pk=payment.pk, **condition).update(**change):
        payment.refresh_from_db()
        currency = payment.currency
        raise PaymentsExhausted(asked=amount_text(amount, currency), left=amount_text(payment.refundable, currency))


# ── The return hears of its money ─────────────────────────────────────────────────────────────────────────────────


def tell_started(rma: RMA | None, refund: Refund, *, by: str, at: datetime) -> None:
    """Money is on its way. Another part of it already being so, there is nothing to say."""
    if rma is not None and SETTLEMENT_MACHINE.allows("start", _settlement(rma)):
        returns.start_settlement(rma.number, refund=refund.number, by=by, at=at)


def tell_settled(refund: Refund, *, by: str, at: datetime) -> None:
    """Everything this return was owed so far is paid."""
    if refund.rma is None:
        return
    if refund.rma.refunds.exclude(status=RefundStatus.SETTLED).exists():
        return
    if SETTLEMENT_MACHINE.allows("settle", _settlement(refund.rma)):
        returns.settle(refund.rma.number, total=paid_to(refund.rma), by=by, at=at)


def tell_failed(refund: Refund, *, reason: str, by: str, at: datetime) -> None:
    if refund.rma is not None and SETTLEMENT_MACHINE.allows("fail", _settlement(refund.rma)):
        returns.fail_settlement(refund.rma.number, refund=refund.number, reason=reason[:60], by=by, at=at)


def paid_to(rma: RMA) -> Decimal:
    """What this return's credit memos come to."""
    return CreditMemo.objects.filter(rma=rma).aggregate(total=Sum("total"))["total"] or Decimal(0)


def _settlement(rma: RMA) -> Settlement:
    return Settlement(RMA.objects.values_list("settlement", flat=True).get(pk=rma.pk))
