"""What a mail may say beside its words: names, numbers, dates, amounts, links. One function per template that needs
more than all have."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import letterhead
from notifications.catalogue import Entry
from notifications.occasions import Occasion
from notifications.states import Audience
from oms.models import Shop
from oms.money import Money
from oms.prepared import prepared
from oms.states import PaymentMethod
from refunds.models import StoreCreditEntry
from refunds.states import RefundSource
from refunds.store_credit import EntryKind
from returns.carriers.offers import offered
from returns.lifecycle.dispatching import PAY_WITHIN
from returns.models import RMA, Outcome, Parcel, ReturnLine
from returns.parcels import packed
from returns.policy import Decision
from returns.states import LabelKind, ParcelStatus, ReceiptResult, Resolution, RMAStatus, Settlement

GOODS = (Resolution.EXCHANGE, Resolution.REPLACEMENT)

PAID_TO = {
    PaymentMethod.CARD: gettext_lazy("the card you paid with"),
    PaymentMethod.PAYPAL: gettext_lazy("your PayPal account"),
    PaymentMethod.STORE_CREDIT: gettext_lazy("your store credit"),
    PaymentMethod.GIFT_CARD: gettext_lazy("your gift card"),
}
SHOWS_AFTER = {
    PaymentMethod.CARD: gettext_lazy("Banks usually need 3–5 business days to show it on your statement."),
    PaymentMethod.PAYPAL: gettext_lazy("PayPal usually shows it the same day."),
    PaymentMethod.STORE_CREDIT: gettext_lazy("You can use it at once."),
    PaymentMethod.GIFT_CARD: gettext_lazy("You can use it at once."),
}


def contents(entry: Entry, occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """Everything `templates/mail/<template>` shows of this occasion."""
    found = {
        "shop": letterhead.context(shop),
        "reply_to": shop.support_email,
        "reason": _why(entry, occasion),
        "name": occasion.customer.name if occasion.customer else "",
        "order_number": occasion.order.number,
        "days": shop.processing_days,
    }
    if occasion.rma is not None:
        found |= _return(occasion.rma, occasion)
    extra = _EXTRA.get(entry.template)
    return found | (extra(occasion, shop) if extra else {})


def _why(entry: Entry, occasion: Occasion) -> str:
    if entry.audience == Audience.ACCOUNTING:
        return _("You get this because this is the accounting address in the settings.")
    if occasion.account is not None:
        return _("You get this because you have store credit with us.")
    if entry.template == "portal_link":
        return _("You get this because a link for this order was asked for with your details.")
    if occasion.rma is None:
        return _("You get this because of your order %(order)s.") % {"order": occasion.order.number}
    return _("You get this because of your return for order %(order)s.") % {"order": occasion.order.number}


# ── What all mails about a return may say ─────────────────────────────────────────────────────────────────────────


def _return(rma: RMA, occasion: Occasion) -> dict[str, Any]:
    return {
        "rma_number": rma.number,
        "status_url": rma.get_portal_url(),
        "items": _items(rma.quote),
        "instead": _items(rma.quote.get("exchange", {})) if rma.resolution in GOODS else [],
        "note": rma.decision_note,
        "is_paid": rma.settlement == Settlement.SETTLED,
        "is_owed": rma.settlement in (Settlement.DUE, Settlement.IN_PROGRESS, Settlement.FAILED),
    }


def _items(quote: Mapping[str, Any]) -> list[str]:
    return [f"{line['quantity']} × {line['description']}" for line in quote.get("lines", ())]


def _page(rma: RMA | None, name: str, *more: int) -> str:
    assert rma is not None
    return settings.PUBLIC_URL + reverse(f"portal:{name}", args=[rma.number, rma.signature, *more])


def _day(at: datetime | date | None, occasion: Occasion) -> str:
    """Wednesday 2 December: a mail may be read days later, so no "tomorrow"."""
    if at is None:
        return ""
    return date_format(occasion.calendar.local(at) if isinstance(at, datetime) else at, "l j F")


def _receipt(quote: Mapping[str, Any]) -> dict[str, Any]:
    """A stored quote as `mail/components/receipt.html` wants it."""
    if not quote.get("lines"):
        return {"lines": [], "total": None}
    currency = quote["currency"]

    def money(amount: str) -> Money:
        return Money(Decimal(amount), currency)

    lines: list[dict[str, Any]] = []
    for line in quote["lines"]:
        lines.append({"label": f"{line['quantity']} × {line['description']}", "money": money(line["value"])})
        if Decimal(line["deduction"]):
            lines.append({"label": _("Deducted for its condition"), "money": -money(line["deduction"])})
    lines += [{"label": _("Shipping"), "money": money(one["gross"])} for one in quote.get("shipping", ())]
    lines += [
        {"label": _fee(fee["code"]), "money": -money(fee["gross"])}
        for fee in quote.get("fees", ())
        if Decimal(fee["gross"])
    ]
    return {"lines": lines, "total": money(quote["total"])}


def _fee(code: str) -> str:
    return {
        "restocking": _("Restocking fee"),
        "return_label": _("Return label"),
        "promotion": _("Discount that no longer applies"),
    }.get(code, _("Fee"))


# ── What single mails say beside that ─────────────────────────────────────────────────────────────────────────────


def _received(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    rma, facts = occasion.rma, occasion.event.facts
    assert rma is not None
    return {
        "approved": facts["status"] == RMAStatus.APPROVED,
        "with_label": bool(facts.get("parcel")),
        "collected": rma.is_collected,
        "answer_by": _day(occasion.calendar.after(rma.requested_at, shop.processing_days), occasion),
        "receipt": _receipt(rma.quote),
    }


def _approved(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    rma, parcel = occasion.rma, occasion.parcel
    assert rma is not None
    return {
        "label_url": _label(rma, parcel) if parcel else "",
        "box": _box(rma, parcel) if parcel and parcel.plan else "",
        "other_forms": bool(parcel and parcel.shipment_id),
        "counter_code": bool(parcel) and LabelKind.CODE in offered(parcel.carrier, rma),
        "slip_url": _page(rma, "slip"),
        "post_by": _day(rma.expires_at, occasion),
        "warehouse": rma.warehouse,
        "receipt": _receipt(rma.quote),
        **_tracking(occasion),
    }


def _label(rma: RMA, parcel: Parcel) -> str:
    return _page(rma, "parcel_label", parcel.pk) if parcel.plan else _page(rma, "label")


def _box(rma: RMA, parcel: Parcel) -> str:
    """Parcel 2 of 3: 1 × Lamp, 2 × Cup"""
    others = [*rma.parcels.exclude(status=ParcelStatus.VOIDED).order_by("pk").values_list("pk", flat=True)]
    number = others.index(parcel.pk) + 1 if parcel.pk in others else len(others)
    lines = list(rma.lines.select_related("order_line").order_by("pk"))
    goods = packed({one["line"]: one["quantity"] for one in parcel.plan}, lines)
    return _("Parcel %(number)s of %(of)s: %(goods)s") % {
        "number": number,
        "of": len(others),
        "goods": ", ".join(f"{one.quantity} × {one.line.order_line.description}" for one in goods),
    }


def _pickup(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """The day on which it is collected, or by when that day is told."""
    rma, on = occasion.rma, occasion.event.facts.get("on")
    assert rma is not None
    answer_by = occasion.calendar.after(occasion.event.occurred_at, shop.processing_days)
    return {
        "pickup_on": _day(date.fromisoformat(on), occasion) if on else "",
        "carrier": occasion.event.facts.get("carrier", ""),
        "slip_url": _page(rma, "slip"),
        "answer_by": _day(answer_by, occasion),
    }


def _kept(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    assert occasion.rma is not None
    return {"receipt": _receipt(occasion.rma.quote)}


def _tracking(occasion: Occasion) -> dict[str, Any]:
    parcel, rma = occasion.parcel, occasion.rma
    assert rma is not None
    return {
        "carrier": parcel.carrier if parcel else "",
        "tracking_number": parcel.tracking_number if parcel else "",
        # The carrier's page where it has one; ours follows the parcel too.
        "tracking_url": (parcel.tracking_url if parcel else "") or rma.get_portal_url(),
        "expected_on": _day(parcel.expected_on, occasion) if parcel else "",
    }


def _on_its_way(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    return _tracking(occasion)


def _rejected(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """Why not: a person's words, or the sentences of the rules (R48)."""
    rma = occasion.rma
    assert rma is not None
    decided_by_person = occasion.event.name == "rma.rejected"
    stored = rma.decision if rma.decision.get("verdict") and not decided_by_person else None
    return {"reasons": list(Decision.from_json(stored).reasons) if stored else []}


def _arrived(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    calendar = occasion.calendar
    return {
        "complete": occasion.event.facts["complete"],
        "arrived_on": _day(occasion.event.occurred_at, occasion),
        "looked_at_by": _day(calendar.after(occasion.event.occurred_at, shop.processing_days), occasion),
    }


def _missing(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    facts = occasion.event.facts["receipts"]
    lines = {line.pk: line for line in ReturnLine.objects.filter(rma=occasion.rma).select_related("order_line")}
    gone = [one for one in facts if one["result"] == ReceiptResult.SHORT]
    return {
        "counted_on": _day(occasion.event.occurred_at, occasion),
        "missing": [f"{one['quantity']} × {lines[one['line']].order_line.description}" for one in gone],
    }


def _inspected(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    facts = occasion.event.facts
    numbers = [one["outcome"] for one in facts["outcomes"]]
    return {"found": _found(occasion, numbers), "complete": facts["complete"]}


@prepared
def _outcomes(rma: int) -> QuerySet[Outcome]:
    found = Outcome.objects.filter(receipt__line__rma=rma)
    return found.select_related("condition", "receipt__line__order_line", "hold").order_by("pk")


def _found(occasion: Occasion, outcomes: Collection[int]) -> list[dict[str, Any]]:
    """What inspection found, per outcome: what, how many, in which condition, and until when an answer is awaited."""
    found = []
    for outcome in _outcomes(occasion.rma.pk):
        if outcome.pk not in outcomes:
            continue
        outcome.receipt.line.rma = occasion.rma  # its note is sealed with the customer's key, which is here already
        hold = getattr(outcome, "hold", None)
        found.append(
            {
                "label": f"{outcome.quantity} × {outcome.receipt.line.order_line.description}",
                "condition": outcome.condition.customer_label,
                "note": outcome.note,
                "held": hold is not None,
                "pays": f"{outcome.payout_percent.normalize():f}"
                if hold is not None and outcome.payout_percent
                else "",
                "respond_by": _day(hold.respond_by, occasion) if hold else "",
            }
        )
    return found


def _held(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    told = _inspected(occasion, shop)
    held = [one for one in told["found"] if one["held"]]
    fine = [one for one in told["found"] if not one["held"]]
    return told | {
        "held": held,
        "fine": fine,
        "respond_by": held[0]["respond_by"] if held else "",
        "pays": any(one["pays"] for one in held),
    }


def _hold_decided(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    facts = occasion.event.facts
    return {"decision": facts["decision"], "found": _found(occasion, [facts["outcome"]])}


def _refunded(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    refund = occasion.refund
    assert refund is not None
    method = refund.payment.method
    memo = refund.memo
    memo.rma = refund.rma  # its link depends on the return's
    return {
        "memo_url": memo.get_portal_url() if refund.source != RefundSource.IMPORTED else "",
        "amount": Money(refund.amount, refund.currency),
        "refund_number": refund.number,
        "paid_to": str(PAID_TO.get(PaymentMethod(method), _("the way you paid"))),
        "shows_after": str(SHOWS_AFTER.get(PaymentMethod(method), _("It usually arrives within 3–5 business days."))),
        "receipt": _receipt(memo.quote),
        "is_part": refund.amount != memo.total,
        "memo_total": Money(memo.total, memo.currency),
        "differences": _differences(memo.quote, refund.currency),
    }


def _credited(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """A refund that became store credit: how much, on which credit, until when, and what came on top."""
    refund = occasion.refund
    assert refund is not None
    entries = StoreCreditEntry.objects.select_related("account").filter(kind__in=(EntryKind.GRANT, EntryKind.RELEASE))
    given = {one.cause: one for one in entries.filter(cause__startswith=f"refund/{refund.number}")}
    entry, bonus = given[f"refund/{refund.number}"], given.get(f"refund/{refund.number}/bonus")
    told = _refunded(occasion, shop) | _credit(entry, occasion)
    told["added"] = told["amount"]
    if bonus is not None:
        on_top = Money(bonus.amount, refund.currency)
        told["bonus"], told["bonus_until"] = on_top, _credit(bonus, occasion)["until"]
        told["added"] += on_top
    return told | {"is_back": entry.kind == EntryKind.RELEASE}


def _credit_given(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    assert occasion.credit is not None
    return _credit(occasion.credit, occasion)


def _credit_ending(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """What ends soon, and the last day of each part; the first of them and the whole for the headline."""
    account, facts = occasion.account, occasion.event.facts
    assert account is not None
    ends = [(datetime.fromisoformat(one["at"]), Decimal(one["amount"])) for one in facts["ends"]]
    parts = [{"until": _last_day(end, occasion), "amount": Money(left, account.currency)} for end, left in ends]
    return {
        "amount": Money(sum((left for _end, left in ends), Decimal(0)), account.currency),
        "until": parts[0]["until"],
        "parts": parts if len(parts) > 1 else [],
        "credit_number": account.number,
        "credit_url": account.get_portal_url(),
    }


def _last_day(end: datetime, occasion: Occasion) -> str:
    """Of what can no longer be spent from `end` on, the last day on which it can."""
    return date_format(occasion.calendar.local(end - timedelta(seconds=1)), "j F Y")


def _credit(entry: StoreCreditEntry, occasion: Occasion) -> dict[str, Any]:
    ends = entry.parts.aggregate(ends=Min("grant__expires_at"))["ends"]
    return {
        "amount": Money(entry.amount, entry.account.currency),
        "credit_number": entry.account.number,
        "credit_url": entry.account.get_portal_url(),
        "until": _last_day(ends, occasion) if ends else "",
    }


def _differences(quote: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """Where inspection pays another amount than was promised."""
    return [
        {
            "label": f"{one['quantity']} × {one['description']}",
            "promised": Money(Decimal(one["promised"]), currency),
            "pays": Money(Decimal(one["pays"]), currency),
        }
        for one in quote.get("differences", ())
    ]


def _accounting(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """Numbers and amounts; accounting needs nobody's name (R95)."""
    refund = occasion.refund
    assert refund is not None
    memo, facts = refund.memo, occasion.event.facts
    return {
        "name": "",
        "amount": Money(refund.amount, refund.currency),
        "refund_number": refund.number,
        "memo_number": memo.number,
        "memo_total": Money(memo.total, memo.currency),
        "memo_tax": Money(memo.tax, memo.currency),
        "memo_fees": Money(memo.fees, memo.currency),
        "method": refund.payment.get_method_display(),
        "provider_id": facts.get("provider_id", ""),
        "provider_reason": facts.get("reason", ""),
        "happened_at": date_format(occasion.event.occurred_at.astimezone(occasion.calendar.zone), "j F Y, H:i"),
        "zone": occasion.calendar.zone.key,
    }


def _survey(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    return {"survey_url": _page(occasion.rma, "survey")}


def _portal_link(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    assert occasion.draft is not None
    return {"link_url": settings.PUBLIC_URL + reverse("portal:items", args=[occasion.draft.ref])}


def _outgoing(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """What goes out: what it is, where it is, and what is left to pay."""
    rma, dispatch, facts = occasion.rma, occasion.dispatch, occasion.event.facts
    assert rma is not None
    assert dispatch is not None
    lines = [one for one in dispatch.order.lines.order_by("position") if one.quantity]
    return {
        "goods": [f"{one.quantity} × {one.description}" for one in lines],
        "is_replacement": rma.resolution == Resolution.REPLACEMENT,
        "owed": Money(Decimal(facts["owed"]), facts["currency"]) if facts.get("owed") else None,
        "payment_url": _page(rma, "payment") if facts.get("owed") else "",
        "pay_by": _day(occasion.event.occurred_at + PAY_WITHIN, occasion),
        "carrier": dispatch.carrier,
        "tracking_number": dispatch.tracking_number,
        "tracking_url": dispatch.tracking_url or rma.get_portal_url(),
    }


def _reminder(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    rma = occasion.rma
    assert rma is not None
    return {"post_by": _day(rma.expires_at, occasion), "own_label": rma.decision.get("label") == "own"}


def _parcel_case(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """A parcel that went wrong: which one, and the page where the customer says why."""
    case = occasion.case
    assert case is not None
    return {
        "kind": case.kind,
        "is_outbound": case.shipment is not None,
        "carrier": case.carrier,
        "tracking_number": case.tracking_number,
        "case_url": case.get_portal_url(),
        "rma_number": case.rma.number if case.parcel and case.rma else "",
    }


_EXTRA: dict[str, Callable[[Occasion, Shop], dict[str, Any]]] = {
    "received": _received,
    "approved": _approved,
    "pickup": _pickup,
    "kept": _kept,
    "rejected": _rejected,
    "on_its_way": _on_its_way,
    "trouble": _on_its_way,
    "arrived": _arrived,
    "came_back": _arrived,
    "missing": _missing,
    "reminder": _reminder,
    "not_delivered": _parcel_case,
    "parcel_wrong": _parcel_case,
    "inspected": _inspected,
    "held": _held,
    "hold_decided": _hold_decided,
    "refunded": _refunded,
    "credited": _credited,
    "credit_given": _credit_given,
    "credit_ending": _credit_ending,
    "refund_booked": _accounting,
    "refund_failed": _refunded,
    "refund_reversed": _accounting,
    "exchange_held": _outgoing,
    "exchange_short": _outgoing,
    "exchange_sent": _outgoing,
    "exchange_delivered": _outgoing,
    "goods_back_sent": _outgoing,
    "goods_back_delivered": _outgoing,
    "survey": _survey,
    "portal_link": _portal_link,
}
