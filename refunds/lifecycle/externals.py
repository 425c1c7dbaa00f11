"""Refunds made in a provider's dashboard: found, kept, and attached to what they were for by a person (p44).

The money has left, so it counts from the moment we hear of it: what is found is set aside on its payment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from oms import outbox
from oms.identifiers import new_number
from oms.models import Order, OrderLine, Payment
from oms.models.claims import Units
from oms.money import amount_text, check_amount, from_minor
from oms.units import claim_last, count
from oms.verbs import verb
from refunds.amounts import Quote, QuotedLine
from refunds.amounts.fees import tax_in
from refunds.gateways.base import RefundAnswer
from refunds.lifecycle.books import book_settled
from refunds.lifecycle.locking import pay_out, release_held, set_aside
from refunds.lifecycle.requesting import write_memo
from refunds.models import CreditMemo, CreditMemoLine, ExternalRefund, Refund, RefundAttempt
from refunds.refusals import NotOurs, NotPositive, TermsUnusable, UnknownReference
from refunds.states import EXTERNAL_MACHINE, REFUND_MACHINE, AttemptResult, ExternalStatus, RefundSource, RefundStatus

GONE = (RefundStatus.FAILED, RefundStatus.CANCELED)


@dataclass(frozen=True, slots=True)
class For:
    """What part of an external refund was for: `gross` of an order line, for so many of its units (0: none)."""

    order_line: int
    quantity: int
    gross: Decimal


@verb
def find_external(answer: RefundAnswer, *, by: str, at: datetime) -> ExternalRefund | None:
    """Keep a refund at the provider that is none of ours; one that failed there before it was attached is undone.

    None for one that had failed before we heard of it. Raises NotOurs when its payment is not ours either, or the
    currency is another.
    """
    payment = Payment.objects.filter(provider_id=answer.payment, carried_from=None).first() if answer.payment else None
    if payment is None:
        raise NotOurs("not_ours")
    if answer.currency != payment.currency:
        raise NotOurs("other_currency")
    order = Order.objects.for_update().get(pk=payment.order_id)
    known = ExternalRefund.objects.filter(provider_id=answer.provider_id).first()
    if known is not None:
        return _hear_again(known, answer, by=by, at=at)
    if answer.status in GONE:
        return None
    payment.refresh_from_db()
    amount = from_minor(answer.amount_minor, answer.currency)
    found = ExternalRefund(
        number=new_number("X"),
        payment=payment,
        provider_id=answer.provider_id,
        amount=amount,
        currency=answer.currency,
        held=min(amount, payment.refundable),
        status=ExternalStatus.WAITING,
        correlation=outbox.correlation.get() or uuid4(),
        found_at=at,
    )
    EXTERNAL_MACHINE.check("find", "", found.status)
    if found.held:
        set_aside(payment, found.held)
    outbox.record(
        found,
        "external.found",
        by=by,
        at=at,
        order=order.number,
        payment=payment.pk,
        provider_id=found.provider_id,
        amount=amount_text(amount, found.currency),
        currency=found.currency,
        held=amount_text(found.held, found.currency),
    )
    return found


def _hear_again(known: ExternalRefund, answer: RefundAnswer, *, by: str, at: datetime) -> ExternalRefund:
    if known.status != ExternalStatus.WAITING or answer.status not in GONE:
        return known
    EXTERNAL_MACHINE.check("undo", known.status, ExternalStatus.UNDONE)
    release_held(known)
    known.status, known.held = ExternalStatus.UNDONE, Decimal(0)
    reason = (answer.reason or str(answer.status))[:60]
    outbox.record(known, "external.undone", by=by, at=at, changed=("status", "held"), reason=reason)
    return known


@verb
def attach_external(number: str, parts: Sequence[For], *, by: str, at: datetime) -> Refund:
    """Say what an external refund was for: a credit memo, a settled refund and its postings follow. Twice is once.

    The parts come to its amount. Units named are claimed, so they cannot be returned as well. Raises
    Order.DoesNotExist, TermsUnusable, UnknownReference, NotPositive, NotEnoughUnits, PaymentsExhausted when the payment
    has no room for it: then more went back than was captured, and the provider has to be asked.
    """
    order = Order.objects.for_update().get(payments__external_refunds__number=number)
    external = ExternalRefund.objects.select_related("payment", "refund").get(number=number)
    if external.refund is not None:
        return external.refund
    EXTERNAL_MACHINE.check("attach", external.status, ExternalStatus.ATTACHED)
    _check_total(external, parts)
    pairs = list(_lines(order, external.currency, parts))
    quote, lines = Quote(external.currency, tuple(quoted for quoted, _line in pairs)), [line for _quoted, line in pairs]
    memo = write_memo(order, RefundSource.EXTERNAL, quote, lines, quote.to_json(), at=at)
    if missing := external.amount - external.held:
        set_aside(external.payment, missing)
    refund = _settled(external, memo, lines, by=by, at=at)
    external.status, external.refund, external.held = ExternalStatus.ATTACHED, refund, Decimal(0)
    outbox.record(
        external, "external.attached", by=by, at=at, changed=("status", "refund", "held"), refund=refund.number
    )
    return refund


def _settled(
    external: ExternalRefund, memo: CreditMemo, lines: Sequence[CreditMemoLine], *, by: str, at: datetime
) -> Refund:
    """The refund as it stands at the provider, with the attempt somebody made there, so that it may still fail."""
    REFUND_MACHINE.check("attach", "", RefundStatus.SETTLED)
    refund = Refund(
        number=new_number("F"),
        memo=memo,
        order=memo.order,
        payment=external.payment,
        amount=external.amount,
        currency=external.currency,
        source=RefundSource.EXTERNAL,
        status=RefundStatus.SETTLED,
        provider_id=external.provider_id,
        correlation=external.correlation,
        requested_at=external.found_at,
        submitted_at=external.found_at,
        settled_at=at,
    )
    facts = [
        {"order_line": line.order_line_id, "quantity": line.quantity, "gross": amount_text(line.gross, refund.currency)}
        for line in lines
    ]
    outbox.record(
        refund,
        "refund.attached",
        by=by,
        at=at,
        memo=memo.number,
        order=memo.order.number,
        payment=external.payment_id,
        provider_id=external.provider_id,
        amount=amount_text(refund.amount, refund.currency),
        currency=refund.currency,
        lines=facts,
    )
    attempt = RefundAttempt(refund=refund, provider_id=external.provider_id, result=AttemptResult.ANSWERED)
    attempt.sent_at = attempt.answered_at = external.found_at
    attempt.save()
    pay_out(refund)
    book_settled(refund, at=at)
    return refund


def _check_total(external: ExternalRefund, parts: Sequence[For]) -> None:
    total, currency = sum((part.gross for part in parts), Decimal(0)), external.currency
    if total != external.amount:
        asked, found = amount_text(external.amount, currency), total.normalize()
        raise TermsUnusable(what=external.number, why=f"the parts come to {found:f}, not {asked}")
    if len({part.order_line for part in parts}) != len(parts):
        raise TermsUnusable(what=external.number, why="a line is named twice")


def _lines(order: Order, currency: str, parts: Sequence[For]) -> Iterator[tuple[QuotedLine, CreditMemoLine]]:
    """Each part as a line of a quote and of a memo, checked."""
    known = {line.pk: line for line in order.lines.all()}
    for part in sorted(parts, key=lambda one: one.order_line):
        line = known.get(part.order_line)
        if line is None:
            raise UnknownReference(what=f"Line {part.order_line}")
        if part.gross <= 0 or part.quantity < 0:
            raise NotPositive(what=line.sku)
        gross = check_amount(part.gross, currency)
        tax = tax_in(gross, line.tax_rate or Decimal(0), True, currency)
        claim = claim_last(line, part.quantity) if part.quantity else None
        quoted = _quoted(line, claim.units if claim else (), gross, tax)
        yield quoted, CreditMemoLine(order_line=line, claim=claim, quantity=part.quantity, gross=gross, tax=tax)


def _quoted(line: OrderLine, units: Units, gross: Decimal, tax: Decimal) -> QuotedLine:
    return QuotedLine(
        key=str(line.pk),
        description=line.description,
        quantity=count(units),
        value=gross,
        value_tax=tax,
        gross=gross,
        tax=tax,
        line_quantity=line.quantity,
        line_gross=line.gross,
        line_tax=line.tax,
        units=units,
        tax_rate=line.tax_rate,
    )
