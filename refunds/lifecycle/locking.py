"""The first beat of every verb, the money set aside meanwhile, and who hears of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum

from oms.models import Payment
from oms.money import amount_text
from oms.prepared import prepared
from refunds.models import CreditMemo, ExternalRefund, PaymentDispute, Refund
from refunds.refusals import PaymentsExhausted
from refunds.states import RefundStatus
from returns import lifecycle as returns
from returns.models import RMA
from returns.states import SETTLEMENT_MACHINE


def lock(number: str) -> Refund:
    """Lock the order's row, then refund and payment, and read them as they are now, in this order; then the attempts.

    `is_disputed` says whether a dispute of its payment stands in its way. Of its return only what never changes is to
    be trusted. Raises Refund.DoesNotExist.
    """
    return _locked.one(number)


@prepared
def _locked(number: str) -> QuerySet[Refund]:
    locked = Refund.objects.select_for_update(no_key=True, of=("order", "self", "payment")).annotate(
        is_disputed=Exists(PaymentDispute.standing_in_the_way(OuterRef("payment")))
    )
    found = locked.select_related("order", "memo", "payment", "rma").defer("rma__quote", "rma__decision")
    return found.prefetch_related("attempts").filter(number=number)


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


def release_held(external: ExternalRefund) -> None:
    """A refund that somebody made at the provider came back."""
    held = external.held
    if held:
        _change(external.payment, held, in_flight__gte=held, in_flight=F("in_flight") - held)


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


def tell_started(refund: Refund, *, by: str, at: datetime, rma: RMA | None = None) -> None:
    """Money is on its way. Another part of it already being so, there is nothing to say. `rma`: locked already."""
    rma = rma or _return_of(refund)
    if rma is not None and SETTLEMENT_MACHINE.allows("start", rma.settlement):
        returns.start_settlement(rma, refund=refund.number, by=by, at=at)


def tell_settled(refund: Refund, *, by: str, at: datetime) -> None:
    """Everything this return was owed so far is paid."""
    rma = _return_of(refund)
    if rma is not None and not rma.is_unpaid and SETTLEMENT_MACHINE.allows("settle", rma.settlement):
        returns.settle(rma, total=rma.on_memos or Decimal(0), by=by, at=at)


def tell_failed(refund: Refund, *, reason: str, by: str, at: datetime) -> None:
    rma = _return_of(refund)
    if rma is not None and SETTLEMENT_MACHINE.allows("fail", rma.settlement):
        returns.fail_settlement(rma, refund=refund.number, reason=reason[:60], by=by, at=at)


def paid_to(rma: RMA) -> Decimal:
    """What this return's credit memos come to."""
    return CreditMemo.objects.filter(rma=rma).aggregate(total=Sum("total"))["total"] or Decimal(0)


@prepared
def _with_sums(rma: int) -> QuerySet[RMA]:
    memos = CreditMemo.objects.filter(rma=OuterRef("pk")).order_by().values("rma").annotate(sum=Sum("total"))
    unpaid = Refund.objects.standing().filter(rma=OuterRef("pk")).exclude(status=RefundStatus.SETTLED)
    return RMA.objects.annotate(on_memos=Subquery(memos.values("sum")), is_unpaid=Exists(unpaid)).filter(pk=rma)


def _return_of(refund: Refund) -> Any:
    """The return as it is now, under the order's lock, with `on_memos`, what its memos come to, and `is_unpaid`."""
    if refund.rma_id is None:
        return None
    rma = _with_sums.one(refund.rma_id)
    rma.order = refund.order
    return rma
