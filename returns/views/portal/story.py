"""What the status page tells: where it stands, the steps, the money, the papers, what was found."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms import shops
from oms.models import OrderLine
from oms.money import Money
from oms.prepared import prepared
from oms.roles import Role
from oms.states import PaymentMethod
from oms.templatetags.components import money as money_text
from refunds.lifecycle import credit_of
from refunds.models import Refund
from refunds.states import RefundDestination, RefundStatus
from refunds.store_credit import EntryKind
from returns import calendars, drop_off, photos, reference
from returns.models import RMA, Hold, Parcel, ReturnLine, ReturnPhoto, Survey
from returns.policy import Decision
from returns.situation import situation
from returns.states import RMA_MACHINE, HoldStatus, ParcelStatus, RMAStatus
from returns.steps import steps
from returns.views.portal import boxes, offers
from returns.views.portal.choosing import bonus_of


def tell(rma: RMA, now: datetime) -> dict[str, Any]:
    """Everything `portal/status.html` shows; a dozen statements however many lines there are."""
    shop, lines = shops.current(), lines_of(rma)
    parcels = boxes.told(rma, lines)
    unused = boxes.unused(rma, parcels)
    waits = waits_for_label(rma, parcel_of(rma)) or any(box["waiting"] for box in unused)
    pictures = photos.of(rma)
    holds = _holds(rma, pictures) if rma.received_at else []
    return {
        "shop": shop,
        "rma": rma,
        "situation": situation(rma, now, shop=shop),
        "steps": steps(rma, now),
        "lines": lines,
        "own_photos": [photo for photo in pictures if photo.outcome_id is None],
        "parcels": parcels,
        "boxes": unused,
        "has_label": any(box["has_label"] for box in unused),
        "waiting_for_label": waits,
        "asks_at": next((box["label_url"] for box in unused if box["waiting"]), path(rma, "label")),
        "looks_again": waits or any(box["fetching"] for box in unused),
        "places": drop_off.places(rma, [box["parcel"].carrier for box in unused if box["has_label"]]),
        "may_spread": boxes.may_spread(rma, parcels, lines),
        "to_pack": (rma.status == RMAStatus.APPROVED and rma.comes_back) or bool(unused),
        "warehouse": rma.warehouse,
        "can_send_own": rma.status == RMAStatus.APPROVED and rma.decision.get("label") not in ("charged", "pickup"),
        "holds": holds,
        "can_cancel": _can_cancel(rma),
        "can_survey": rma.status == RMAStatus.CLOSED and not Survey.objects.filter(rma=rma).exists(),
        "processing_days": shop.processing_days,
        **(_money if rma.recipient_id is None else _gift)(rma, [line.order_line for line in lines]),
        **_decision(rma),
    }


def waits_for_label(rma: RMA, parcel: Parcel | None) -> bool:
    """Say whether the carrier is still to make the label of this return, whose newest parcel this is."""
    ours = rma.status == RMAStatus.APPROVED and rma.comes_back and rma.decision.get("label") != "own"
    return ours and (parcel is None or (parcel.status == ParcelStatus.WANTED and not parcel.held_for))


def _can_cancel(rma: RMA) -> bool:
    paid_at_once = rma.status == RMAStatus.APPROVED and not rma.comes_back
    return "cancel" in RMA_MACHINE.verbs_for(rma.status, Role.CUSTOMER) and not paid_at_once


def path(rma: RMA, name: str, **more: Any) -> str:
    return reverse(f"portal:{name}", kwargs={"number": rma.number, "signature": rma.signature, **more})


@prepared
def _lines(rma: int) -> QuerySet[ReturnLine]:
    related = ReturnLine.objects.select_related("order_line__product", "reason", "declared_condition")
    return related.filter(rma=rma).order_by("id")


@prepared
def _refunds(rma: int) -> QuerySet[Refund]:
    return Refund.objects.standing().filter(rma=rma).select_related("payment", "memo").order_by("requested_at", "id")


def lines_of(rma: RMA) -> list[ReturnLine]:
    lines = _lines(rma.pk)
    for line in lines:
        line.rma = rma  # its note is unsealed with the customer's key, which is here already
        line.order_line.order = rma.order
    return lines


def parcel_of(rma: RMA) -> Parcel | None:
    """The newest parcel that was not voided."""
    parcels = [parcel for parcel in rma.parcels.all() if parcel.status != ParcelStatus.VOIDED]
    return max(parcels, key=lambda parcel: parcel.pk, default=None)


def _decision(rma: RMA) -> dict[str, Any]:
    """Why it was decided as it was: in sentences, only while that is the question."""
    if not rma.decision.get("verdict") or rma.status not in (RMAStatus.REJECTED, RMAStatus.NEEDS_REVIEW):
        return {"reasons": (), "flips": ()}
    zone = ZoneInfo(rma.policy.time_zone if rma.policy else "UTC")
    say = offers.decided if rma.recipient_id is None else offers.unpriced
    told = say(Decision.from_json(rma.decision), zone)
    return {"reasons": told["reasons"], "flips": told["flips"] if rma.status == RMAStatus.REJECTED else ()}


def _money(rma: RMA, sold: list[OrderLine]) -> dict[str, Any]:
    """What was promised and, once it moves, what was paid; a difference is said."""
    refunds = [refund for refund in _refunds(rma.pk) if refund.status not in (RefundStatus.CANCELED,)]
    paid = sum((refund.amount for refund in refunds if refund.status == RefundStatus.SETTLED), start=Decimal(0))
    promised = rma.quote.get("total")
    quote = rma.quote if promised is not None and rma.quote.get("lines") else None
    memos = list({refund.memo_id: refund.memo for refund in refunds}.values())
    for memo in memos:
        memo.rma = rma  # here already
    shown = memos[-1].quote if memos and memos[-1].quote.get("lines") else quote
    conditions = reference.conditions() if shown else {}
    bonus = bonus_of(rma.resolution, rma.quote) if quote is not None and shown is quote else None
    whole = {"inputs": rma.quote.get("inputs", {})} | dict(shown or {})
    receipt = offers.receipt(whole, conditions, sold=sold, bonus=bonus) if shown else None
    calendar = calendars.of(rma.warehouse)
    return {
        "receipt": receipt,
        "is_promise": shown is quote,
        "is_paid": bool(paid),
        "paid": Money(paid, rma.currency) if paid else None,
        "promised": Money(Decimal(promised), rma.currency) if quote else None,
        "differs": bool(paid) and quote is not None and paid != Decimal(promised),
        "refunds": [
            {
                "amount": _amount(refund),
                "method": _method(refund),
                "at": offers.long_day(refund.settled_at, calendar.zone) if refund.settled_at else "",
                "status": refund.get_status_display(),
            }
            for refund in refunds
        ],
        "credit": _credit(rma, refunds),
        "papers": [{"number": memo.document, "url": memo.get_portal_path()} for memo in memos if memo.document],
    }


def _gift(rma: RMA, sold: list[OrderLine]) -> dict[str, Any]:
    """To whom the goods were given: the credit once it is there, no price and no paper of the buyer's."""
    told, given = _money(rma, sold), []
    for refund in _refunds(rma.pk):
        if refund.status == RefundStatus.SETTLED:
            given.append({"amount": _amount(refund), "method": _method(refund), "status": "", "at": ""})
    kept = {"is_paid": told["is_paid"], "paid": told["paid"], "credit": told["credit"], "refunds": given}
    return {"receipt": None, "is_promise": False, "promised": None, "differs": False, "papers": []} | kept


def _method(refund: Refund) -> str:
    if refund.way == RefundDestination.STORE_CREDIT:
        return str(refund.way.label)
    if refund.destination == RefundDestination.EXCHANGE or refund.payment.method == PaymentMethod.IMPORTED:
        return ""
    return refund.payment.get_method_display()


def _credit(rma: RMA, refunds: list[Refund]) -> dict[str, Any] | None:
    """Where the customer sees the store credit this return has brought, and what came on top of it."""
    given = [
        one.number
        for one in refunds
        if one.way == RefundDestination.STORE_CREDIT and one.status == RefundStatus.SETTLED
    ]
    account = credit_of(rma.sender, rma.currency) if given else None
    if account is None:
        return None
    bonus = account.entries.filter(kind=EntryKind.GRANT, cause__in=[f"refund/{number}/bonus" for number in given])
    on_top = bonus.aggregate(sum=Sum("amount"))["sum"]
    return {
        "number": account.number,
        "url": account.get_portal_url(),
        "bonus": money_text(Money(on_top, rma.currency)) if on_top else "",
    }


def _amount(refund: Refund) -> str:
    text = money_text(Money(refund.amount, refund.currency))
    if refund.destination == RefundDestination.EXCHANGE:
        return gettext("%(amount)s for your exchange") % {"amount": text}
    return text


# As the customer reads it; staff read the status itself.
_HOLDS_TOLD: dict[HoldStatus, Any] = {
    HoldStatus.ACCEPTED: _("You accepted what we found"),
    HoldStatus.DISPUTED: _("You see it differently"),
    HoldStatus.SENT_BACK: _("It goes back to you"),
    HoldStatus.OVERTURNED: _("We looked again, and we take it back after all"),
    HoldStatus.UPHELD: _("We looked again, and it stays as we found it"),
}


def _holds(rma: RMA, photos: list[ReturnPhoto]) -> list[dict[str, Any]]:
    """Goods we could not accept: what was found, the dock's photos, and what the customer may answer."""
    found = (
        Hold.objects.filter(outcome__receipt__line__rma=rma)
        .select_related("outcome__condition", "outcome__receipt__line__order_line")
        .order_by("id")
    )
    calendar = calendars.of(rma.warehouse)
    told = []
    for hold in found:
        hold.outcome.receipt.line.rma = rma
        told.append(
            {
                "id": hold.pk,
                "title": hold.outcome.receipt.line.order_line.description,
                "quantity": hold.outcome.quantity,
                "condition": hold.outcome.condition.customer_label,
                "note": hold.outcome.note,
                "pays": f"{hold.outcome.payout_percent.normalize():f}" if hold.outcome.payout_percent else "",
                "photos": [
                    {"url": path(rma, "photo", photo=photo.ref), "width": photo.width, "height": photo.height}
                    for photo in photos
                    if photo.outcome_id == hold.outcome_id
                ],
                "waiting": hold.status == HoldStatus.WAITING,
                "undecided": hold.status in (HoldStatus.WAITING, HoldStatus.DISPUTED),
                "status": _HOLDS_TOLD.get(HoldStatus(hold.status), ""),
                "answer": hold.answer,
                "respond_by": offers.long_day(hold.respond_by, calendar.zone),
                "url": path(rma, "hold_answer", hold=hold.pk),
            }
        )
    return told
