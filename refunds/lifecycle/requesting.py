"""Money becomes owed: a credit memo says what and why, refunds say from which payment it goes back.

Each of these verbs may be called again at any time: what stands on a memo is not owed a second time, and PostgreSQL
refuses the second memo line of an outcome, an advance or a canceled claim.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from oms import outbox, shops
from oms.identifiers import new_number
from oms.models import Order, Payment, UnitClaim
from oms.money import amount_text, check_amount
from oms.states import OrderKind, PaymentMethod
from oms.verbs import verb
from refunds.amounts import ClaimedLine, Quote, price_units
from refunds.lifecycle.exchanging import advance, as_far_as_paid, ways_of, ways_of_canceled
from refunds.lifecycle.locking import paid_to, set_aside, tell_started
from refunds.lifecycle.owing import Owed, owed_to
from refunds.lifecycle.reasons import goodwill_of, reasons_for, standing, with_standing
from refunds.lifecycle.turning import turn_all
from refunds.models import CreditMemo, CreditMemoLine, Refund
from refunds.refusals import GoodwillCapped, NotPositive
from refunds.states import REFUND_MACHINE, GoodwillReason, RefundDestination, RefundSource, RefundStatus
from refunds.tenders import PaymentTerms, Tender, share_out, share_over
from returns import lifecycle as returns
from returns.lifecycle.locking import lock
from returns.models import RMA
from returns.states import Resolution, RMASource, Settlement

SHIPPING = "shipping"
ZERO = Decimal(0)
# Where the value of a return goes that is not settled in money.
WAY_OF = {Resolution.STORE_CREDIT: RefundDestination.STORE_CREDIT}


@verb
def request_for_return(rma_number: str, *, by: str, at: datetime) -> list[Refund]:
    """Ask for what the return is owed by now: per accepted outcome, or in advance where the policy pays earlier.

    Consequences, in order: one credit memo with a line per outcome; its total set aside on the order's payments, oldest
    first; one refund per payment, approved, or waiting for a second person above the limit; the return's settlement
    starts. Nothing newly owed: a finished return is closed, nothing else happens. Returns all refunds of the return.
    Raises RMA.DoesNotExist, PaymentsExhausted.
    """
    rma = lock(rma_number)
    turn_all(rma, by=by, at=at)
    owed = owed_to(rma) if rma.source != RMASource.IMPORTED else None
    if owed is None:
        _conclude(rma, by=by, at=at)
    else:
        _issue_for_return(rma, owed, by=by, at=at)
    return list(rma.refunds.order_by("pk"))


def _conclude(rma: RMA, *, by: str, at: datetime) -> None:
    """Nothing new is to be paid: what is due was paid in advance or kept as fees, or everything is done."""
    unpaid = rma.refunds.standing().exclude(status=RefundStatus.SETTLED)
    if rma.settlement == Settlement.DUE and rma.credit_memos.exists() and not unpaid.exists():
        returns.settle(rma, total=paid_to(rma), by=by, at=at)
    else:
        returns.close_if_finished(rma, by=by, at=at)
    advance(rma, by=by, at=at)


def _issue_for_return(rma: RMA, owed: Owed, *, by: str, at: datetime) -> None:
    lines = [
        CreditMemoLine(
            order_line=share.line.order_line,
            outcome=share.outcome,
            lost=share.lost,
            advance_for=None if share.outcome or share.lost else share.line,
            quantity=share.quantity,
            gross=quoted.gross,
            tax=quoted.tax,
        )
        for share, quoted in zip(owed.shares, owed.quote.lines, strict=True)
    ]
    lines += [CreditMemoLine(quantity=1, gross=entry.gross, tax=entry.tax) for entry in owed.quote.shipping]
    working = owed.quote.to_json() | {"differences": list(owed.differences)}
    memo = write_memo(rma.order, RefundSource.RETURN, owed.quote, lines, working, rma=rma, at=at)
    refunds = _make_refunds(memo, lines, ways=_ways(rma, memo.total), by=by, at=at)
    if refunds:
        tell_started(refunds[0], by=by, at=at, rma=rma)
        advance(rma, by=by, at=at)
    else:
        _conclude(rma, by=by, at=at)


def _ways(rma: RMA, total: Decimal) -> list[tuple[RefundDestination, Decimal]]:
    if rma.resolution == Resolution.EXCHANGE:
        return ways_of(rma, total)
    return [(WAY_OF.get(Resolution(rma.resolution), RefundDestination.ORIGINAL), total)]


@verb
def request_for_cancellation(order_number: str, claims: Sequence[int], *, by: str, at: datetime) -> list[Refund]:
    """Ask for what canceled units cost, without a return; with the last of an order its shipping comes back too.

    `claims` are the claims of the canceled units. Claims paid before are skipped. Returns the refunds made.
    """
    order = Order.objects.for_update().get(number=order_number)
    fresh = (
        UnitClaim.objects.filter(pk__in=claims, order_line__order=order, active=True)
        .filter(credit_memo_line=None, return_line=None)
        .select_related("order_line")
        .order_by("pk")
    )
    found = list(fresh)
    if not found:
        return []
    canceled = _canceled(order, found)
    if not canceled:
        return []
    quote = price_units(canceled, (), order.currency, shipping=_shipping(order))
    by_line = {str(claim.order_line_id): claim for claim in found}
    lines = [
        CreditMemoLine(
            order_line=by_line[quoted.key].order_line,
            claim=by_line[quoted.key],
            quantity=by_line[quoted.key].quantity,
            gross=quoted.gross,
            tax=quoted.tax,
        )
        for quoted in quote.lines
    ]
    lines += [CreditMemoLine(quantity=1, gross=entry.gross, tax=entry.tax) for entry in quote.shipping]
    memo = write_memo(order, RefundSource.CANCELLATION, quote, lines, quote.to_json(), at=at)
    ways = () if order.kind == OrderKind.SALE else ways_of_canceled(order, memo.total)
    return _make_refunds(memo, lines, ways=ways, by=by, at=at)


@verb
def request_overpaid(order_number: str, amount: Decimal, tax: Decimal, *, by: str, at: datetime) -> list[Refund]:
    """Give back what was paid for an order after nothing of it was to go out any more."""
    order = Order.objects.for_update().get(number=order_number)
    unit = ClaimedLine(
        key="", description=order.number, line_gross=amount, line_tax=tax, line_quantity=1, units=((0, 1),)
    )
    quote = price_units([unit], (), order.currency)
    lines = [CreditMemoLine(quantity=1, gross=amount, tax=tax)]
    memo = write_memo(order, RefundSource.CANCELLATION, quote, lines, quote.to_json(), at=at)
    return _make_refunds(memo, lines, by=by, at=at)


def _canceled(order: Order, claims: Sequence[UnitClaim]) -> Sequence[ClaimedLine]:
    if order.kind != OrderKind.SALE:
        return as_far_as_paid(order, claims)
    return [
        ClaimedLine(
            key=str(claim.order_line_id),
            description=claim.order_line.description,
            line_gross=claim.order_line.gross,
            line_tax=claim.order_line.tax,
            line_quantity=claim.order_line.quantity,
            units=claim.units,
            tax_rate=claim.order_line.tax_rate,
        )
        for claim in claims
    ]


def _shipping(order: Order) -> list[ClaimedLine]:
    """The shipping of an order of which nothing is sent any more, unless it went back already."""
    kept = any(line.canceled < line.quantity for line in order.lines.all())
    paid = CreditMemoLine.objects.filter(memo__order=order, memo__source=RefundSource.CANCELLATION, claim=None)
    if kept or not order.shipping_total or paid.exists():
        return []
    return [ClaimedLine(SHIPPING, SHIPPING, order.shipping_total, order.shipping_tax, 1, ((0, 1),))]


@verb
def request_goodwill(
    order_number: str,
    amount: Decimal,
    *,
    form_token: UUID,
    by: str,
    at: datetime,
    reason: GoodwillReason = GoodwillReason.OTHER,
) -> list[Refund]:
    """Ask for an amount without goods (R86): always waits for a second person. One form makes one request (p2).

    Raises Order.DoesNotExist, NotPositive, GoodwillCapped, PaymentsExhausted; MoneyError for more decimals than the
    currency has.
    """
    order = Order.objects.for_update().get(number=order_number)
    if earlier := CreditMemo.objects.filter(form_token=form_token).first():
        return list(earlier.refunds.order_by("pk"))
    amount = check_amount(amount, order.currency)
    if amount <= 0:
        raise NotPositive(what=order_number)
    _refuse_beyond_cap(order, amount)
    _shares(order, amount, at)  # what the payments do not have is refused before anything is written
    lines = [CreditMemoLine(quantity=1, gross=amount)]
    quote = Quote(order.currency, ())
    working = quote.to_json() | {name: amount_text(amount, order.currency) for name in ("net", "returned", "total")}
    working["reason"] = GoodwillReason(reason).value
    memo = write_memo(order, RefundSource.GOODWILL, quote, lines, working, total=amount, form_token=form_token, at=at)
    return _make_refunds(memo, lines, by=by, at=at)


def _refuse_beyond_cap(order: Order, amount: Decimal) -> None:
    """All goodwill of an order that was not refused, this included, stays within the shop's part of it (p22)."""
    given, most = goodwill_of(order)
    if most is not None and given + amount > most:
        raise GoodwillCapped(
            most=amount_text(most, order.currency),
            given=amount_text(given, order.currency),
            asked=amount_text(amount, order.currency),
        )


# ── The document and its payments ─────────────────────────────────────────────────────────────────────────────────


def write_memo(
    order: Order,
    source: RefundSource,
    quote: Quote,
    lines: Sequence[CreditMemoLine],
    working: Mapping[str, Any],
    *,
    at: datetime,
    rma: RMA | None = None,
    total: Decimal | None = None,
    form_token: UUID | None = None,
) -> CreditMemo:
    memo = CreditMemo.objects.create(
        number=new_number("C"),
        order=order,
        rma=rma,
        source=source,
        currency=order.currency,
        net=quote.net if total is None else total,
        tax=quote.tax,
        total=quote.total if total is None else total,
        fees=quote.fees_total,
        quote=dict(working),
        form_token=form_token,
        issued_at=at,
    )
    for line in lines:
        line.memo = memo
    CreditMemoLine.objects.bulk_create(lines)
    return memo


def _make_refunds(
    memo: CreditMemo,
    lines: Sequence[CreditMemoLine],
    *,
    by: str,
    at: datetime,
    ways: Sequence[tuple[RefundDestination, Decimal]] = (),
) -> list[Refund]:
    """One refund, with an event of its own, per payment and destination: each may settle or fail alone.

    `ways` are (destination, amount) coming to the memo's total, in the order in which they take from the payments; none
    named, everything goes back to where it came from. Which payment comes first is a setting of the shop.
    """
    if not memo.total:
        return []
    ways = ways or [(RefundDestination.ORIGINAL, memo.total)]
    payments, tenders = _shares(memo.order, memo.total, at, rma=memo.rma)
    made = []
    for way, tender in share_over(tenders, ways):
        made.append(a_refund(memo, payments[tender.payment], tender.amount, way, at=at))
    reasons = reasons_for(memo, made, standing(payments.values()))
    ask_for(made, reasons, lines, by=by, at=at)
    return made


def _shares(
    order: Order, total: Decimal, at: datetime, *, rma: RMA | None = None
) -> tuple[dict[str, Payment], tuple[Tender, ...]]:
    """The payments of an order by id, and what each of them pays of `total`. Raises PaymentsExhausted."""
    payments = {str(one.pk): one for one in with_standing(order, at, rma=rma)}
    terms = [terms_of(one) for one in payments.values()]
    return payments, share_out(total, terms, order.currency, shops.current().tender_order)


def a_refund(memo: CreditMemo, payment: Payment, amount: Decimal, way: RefundDestination, *, at: datetime) -> Refund:
    """One part of what the memo pays, not saved yet."""
    is_gift = memo.rma is not None and memo.rma.recipient_id is not None
    if way == RefundDestination.STORE_CREDIT and payment.method in PaymentMethod.store_credit() and not is_gift:
        way = RefundDestination.ORIGINAL  # it goes back to the credit it came from, not into new credit
    return Refund(
        number=new_number("F"),
        memo=memo,
        order=memo.order,
        rma=memo.rma,
        payment=payment,
        amount=amount,
        currency=memo.currency,
        source=memo.source,
        destination=way,
        correlation=memo.rma.correlation if memo.rma else outbox.correlation.get() or uuid4(),
        requested_at=at,
    )


def ask_for(
    refunds: Sequence[Refund], reasons: list[str], lines: Sequence[CreditMemoLine], *, by: str, at: datetime
) -> None:
    """Set their amounts aside; for any of `reasons` a second person lets them out."""
    status = RefundStatus.AWAITING_APPROVAL if reasons else RefundStatus.APPROVED
    REFUND_MACHINE.check("request", "", status)
    for refund in refunds:
        set_aside(refund.payment, refund.amount)
        refund.status, refund.approval_reasons = status, reasons
        outbox.record(refund, "refund.requested", by=by, at=at, **_facts(refund, lines))


def terms_of(payment: Payment, held: Decimal = ZERO) -> PaymentTerms:
    """A payment in the words of the arithmetic; `held` of what is set aside on it counts as free."""
    in_flight = payment.in_flight - held
    return PaymentTerms(str(payment.pk), payment.method, payment.captured, payment.refunded, in_flight)


def _facts(refund: Refund, lines: Sequence[CreditMemoLine]) -> dict[str, Any]:
    return {
        "memo": refund.memo.number,
        "rma": refund.rma.number if refund.rma else None,
        "order": refund.order.number,
        "payment": refund.payment_id,
        "amount": amount_text(refund.amount, refund.currency),
        "currency": refund.currency,
        "source": refund.source,
        "destination": refund.destination,
        "status": refund.status,
        "lines": [
            {
                "order_line": line.order_line_id,
                "outcome": line.outcome_id,
                "quantity": line.quantity,
                "gross": amount_text(line.gross, refund.currency),
            }
            for line in lines
        ],
    }
