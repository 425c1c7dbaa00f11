"""A return begins: the policy decides inside the verb, the quote is frozen with the units it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from oms import outbox
from oms.identifiers import new_number
from oms.models import Customer, Order, UnitClaim
from oms.prepared import prepared
from oms.templatetags.components import money as money_words
from oms.verbs import verb
from returns import destinations, eligibility, exchanges
from returns.eligibility import OrderFile, Preview, Wanted
from returns.exchanges import Instead, Outgoing
from returns.lifecycle import dispatching
from returns.lifecycle.locking import authorize
from returns.models import RMA, Dispatch, GiftLink, Parcel, ReturnLine, ReturnPhoto
from returns.policy import Verdict
from returns.pricing import Price
from returns.refusals import ForeignLine, GiftLinkEnded, GiftPaysCredit, QuoteChanged
from returns.states import RMA_MACHINE, RefundAt, ReleaseAt, Resolution, RMASource, RMAStatus, Settlement

STATUS_OF: Mapping[Verdict, RMAStatus] = {
    Verdict.APPROVE: RMAStatus.APPROVED,
    Verdict.REVIEW: RMAStatus.NEEDS_REVIEW,
    Verdict.DENY: RMAStatus.REJECTED,
}


@prepared
def _order(number: str) -> QuerySet[Order]:
    return Order.objects.for_update().select_related("customer").filter(number=number)


@prepared
def _asked_with(form_token: UUID) -> QuerySet[RMA]:
    return RMA.objects.filter(form_token=form_token)


@verb
def request(
    order_number: str,
    wanted: Sequence[Wanted],
    *,
    resolution: str,
    price: Price,
    form_token: UUID,
    by: str,
    at: datetime,
    source: RMASource = RMASource.PORTAL,
    note: str = "",
    confirmed_total: Decimal | None = None,
    override: str = "",
    override_reason: str = "",
    instead: Sequence[Instead] = (),
    confirmed_gross: Decimal | None = None,
    recipient: Customer | None = None,
    gift_link: GiftLink | None = None,
) -> RMA:
    """Open a return: decided by the policy at once, or put before a person (R20, R44, R50).

    The same `form_token` again gives the same return, whoever sends it and however often (p2). Photos of the draft
    with that token become the return's. `instead` is what goes out in exchange: an order of its own, its goods set
    aside in this transaction. A `recipient` was given the goods by the buyer, and has their `gift_link`: theirs is the
    return, and store credit is all that it can bring (p15). Raises GiftPaysCredit for another way, GiftLinkEnded when
    the link was withdrawn meanwhile, ForeignLine for what it does not cover, the refusals of `eligibility.judge` and
    `exchanges.outgoing`, NotAvailable, and QuoteChanged when the total differs from `confirmed_total`, or the price of
    what goes out from `confirmed_gross`; then nothing is written.
    """
    order = _order.one(order_number)
    if earlier := _asked_with(form_token):
        return earlier[0]
    file = eligibility.open_file(order, at=at)
    if recipient is not None and (resolution != Resolution.STORE_CREDIT or instead):
        raise GiftPaysCredit
    if gift_link is not None:
        _check_link(gift_link, wanted)
    given = Resolution.STORE_CREDIT.value if recipient is not None else override
    found = eligibility.judge(file, wanted, resolution=resolution, price=price, at=at, override=given)
    if recipient is not None:
        # Credit of whoever holds a link is no way back to the payment: the goods are seen first.
        found = replace(found, decision=found.decision.after_inspection())
    _refuse_changed(found.worth, confirmed_total, order.currency)
    outgoing = _outgoing(file, wanted, found, instead, found.decision.resolution or resolution)
    if outgoing is not None:
        _refuse_changed(outgoing.gross, confirmed_gross, order.currency)
    status = STATUS_OF[found.decision.verdict]
    RMA_MACHINE.check("request", "", status)
    # Of these no money follows.
    again = (found.decision.resolution or resolution) in (Resolution.REPLACEMENT, Resolution.REPAIR)
    rma = RMA(
        number=new_number("R"),
        order=order,
        recipient=recipient,
        gift_link=gift_link,
        correlation=outbox.correlation.get() or form_token,
        status=status,
        settlement=Settlement.NOTHING if status == RMAStatus.REJECTED else Settlement.NONE,
        source=source,
        resolution=found.decision.resolution or resolution or Resolution.REFUND,
        refund_at=RefundAt.INSPECTION if again else found.decision.refund_at,
        currency=order.currency,
        quote=found.quote,
        decision=_receipt(found, override, override_reason, by),
        policy=file.version,
        form_token=form_token,
        note=note,
        requested_at=at,
        expires_at=found.decision.expires_at,
    )
    if status != RMAStatus.REJECTED and rma.comes_back:
        rma.warehouse, rma.decision["destination"] = destinations.house_for(file, wanted)
    rma.save(force_insert=True)
    lines = _write_lines(rma, file, wanted, found)
    parcel = authorize(rma, lines, by=by, at=at) if status == RMAStatus.APPROVED else None
    _take_photos(rma, lines, form_token)
    dispatch = dispatching.plan(rma, outgoing, by=by, at=at) if outgoing is not None else None
    _record(rma, lines, parcel, found, dispatch, by=by, at=at)
    if status == RMAStatus.APPROVED:
        dispatching.reach(rma, ReleaseAt.APPROVAL, by=by, at=at)
    return rma


def _check_link(link: GiftLink, wanted: Sequence[Wanted]) -> None:
    """The order is locked: nobody withdraws the link from here on."""
    if GiftLink.objects.filter(pk=link.pk).exclude(ended_at=None).exists():
        raise GiftLinkEnded
    if not {one.order_line_id for one in wanted} <= set(link.lines):
        raise ForeignLine


def _outgoing(
    file: OrderFile, wanted: Sequence[Wanted], found: Preview, instead: Sequence[Instead], resolution: str
) -> Outgoing | None:
    """What goes out, as the customer agrees to it in the quote; nothing for what is refused."""
    if found.decision.verdict is Verdict.DENY:
        return None
    outgoing = exchanges.outgoing(file, wanted, found.units, instead, resolution)
    if outgoing is not None:
        found.quote["exchange"] = outgoing.to_json(file.order.currency)
    return outgoing


def _receipt(found: Preview, override: str, reason: str, by: str) -> dict[str, Any]:
    """The decision; with it who gave something beyond the policy, and why."""
    stored = found.decision.to_json()
    if override:
        stored["override"] = {"resolution": override, "reason": reason.strip()[:120], "by": by}
    return stored


def _refuse_changed(total: Decimal, confirmed: Decimal | None, currency: str) -> None:
    if confirmed is not None and confirmed != total:
        raise QuoteChanged(confirmed=money_words(confirmed, currency), total=money_words(total, currency))


def _write_lines(rma: RMA, file: OrderFile, wanted: Sequence[Wanted], found: Preview) -> list[ReturnLine]:
    claims = {line_id: UnitClaim(order_line=file.lines[line_id], units=units) for line_id, units in found.units.items()}
    UnitClaim.objects.bulk_create(claims.values())
    return ReturnLine.objects.bulk_create(
        ReturnLine(
            rma=rma,
            order_line=file.lines[one.order_line_id],
            claim=claims.get(one.order_line_id),
            quantity=one.quantity,
            reason=file.reasons[one.reason],
            declared_condition=eligibility.declared(file, one),
            note=one.note,
        )
        for one in wanted
    )


def _take_photos(rma: RMA, lines: Sequence[ReturnLine], form_token: UUID) -> None:
    if not any(line.reason.asks_photo for line in lines):
        return
    for line in lines:
        ReturnPhoto.objects.filter(draft__ref=form_token, order_line=line.order_line_id, rma=None).update(
            rma=rma, line=line
        )


def _record(
    rma: RMA,
    lines: Sequence[ReturnLine],
    parcel: Parcel | None,
    found: Preview,
    dispatch: Dispatch | None,
    *,
    by: str,
    at: datetime,
) -> None:
    fired = found.decision.fired
    facts: dict[str, Any] = {
        "order": rma.order.number,
        "lines": [
            {"line": line.pk, "sku": line.order_line.sku, "quantity": line.quantity, "reason": line.reason.code}
            for line in lines
        ],
        "resolution": rma.resolution,
        "total": found.quote["total"],
        "currency": rma.currency,
        "status": rma.status,
        "policy": str(rma.policy),
        "rules": [fired.code] if fired else [],
        "source": rma.source,
        "due": rma.settlement == Settlement.DUE,
    }
    if parcel is not None:
        facts["parcel"] = parcel.pk
    if dispatch is not None:
        facts["dispatch"] = dispatch.pk
    changed = ("status", "settlement", "approved_at", "warehouse", "expires_at")
    outbox.record(rma, "rma.requested", by=by, at=at, changed=changed, **facts)
