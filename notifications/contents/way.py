"""What mails say from the request until the goods are here, and of goods that go out."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from notifications.contents.parts import day, page, receipt
from notifications.occasions import Occasion
from oms.models import Shop
from oms.money import Money
from returns.carriers.offers import offered
from returns.lifecycle.dispatching import PAY_WITHIN
from returns.models import RMA, Parcel
from returns.parcels import packed
from returns.policy import Decision
from returns.states import LabelKind, ParcelStatus, Resolution, RMAStatus


def received(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    rma, facts = occasion.rma, occasion.event.facts
    assert rma is not None
    return {
        "approved": facts["status"] == RMAStatus.APPROVED,
        "with_label": bool(facts.get("parcel")),
        "collected": rma.is_collected,
        "answer_by": day(occasion.calendar.after(rma.requested_at, shop.processing_days), occasion),
        "receipt": receipt(rma.quote),
    }


def approved(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    rma, parcel = occasion.rma, occasion.parcel
    assert rma is not None
    return {
        "label_url": _label(rma, parcel) if parcel else "",
        "box": _box(rma, parcel) if parcel and parcel.plan else "",
        "other_forms": bool(parcel and parcel.shipment_id),
        "counter_code": bool(parcel) and LabelKind.CODE in offered(parcel.carrier, rma),
        "slip_url": page(rma, "slip"),
        "post_by": day(rma.expires_at, occasion),
        "warehouse": rma.warehouse,
        "receipt": receipt(rma.quote),
        **_tracking(occasion),
    }


def _label(rma: RMA, parcel: Parcel) -> str:
    return page(rma, "parcel_label", parcel.pk) if parcel.plan else page(rma, "label")


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


def pickup(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """The day on which it is collected, or by when that day is told."""
    rma, on = occasion.rma, occasion.event.facts.get("on")
    assert rma is not None
    answer_by = occasion.calendar.after(occasion.event.occurred_at, shop.processing_days)
    return {
        "pickup_on": day(date.fromisoformat(on), occasion) if on else "",
        "carrier": occasion.event.facts.get("carrier", ""),
        "slip_url": page(rma, "slip"),
        "answer_by": day(answer_by, occasion),
    }


def kept(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    assert occasion.rma is not None
    return {"receipt": receipt(occasion.rma.quote)}


def _tracking(occasion: Occasion) -> dict[str, Any]:
    parcel, rma = occasion.parcel, occasion.rma
    assert rma is not None
    return {
        "carrier": parcel.carrier if parcel else "",
        "tracking_number": parcel.tracking_number if parcel else "",
        # The carrier's page where it has one; ours follows the parcel too.
        "tracking_url": (parcel.tracking_url if parcel else "") or rma.get_portal_url(),
        "expected_on": day(parcel.expected_on, occasion) if parcel else "",
    }


def on_its_way(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    return _tracking(occasion)


def rejected(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """Why not: a person's words, or the sentences of the rules (R48)."""
    rma = occasion.rma
    assert rma is not None
    decided_by_person = occasion.event.name == "rma.rejected"
    stored = rma.decision if rma.decision.get("verdict") and not decided_by_person else None
    if not stored:
        return {"reasons": []}
    decision = Decision.from_json(stored)
    return {"reasons": list(decision.reasons if rma.recipient_id is None else decision.unpriced().reasons)}


def reminder(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    rma = occasion.rma
    assert rma is not None
    return {"post_by": day(rma.expires_at, occasion), "own_label": rma.decision.get("label") == "own"}


def parcel_case(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """A parcel that went wrong: which one, and the page where the customer says why."""
    case = occasion.case
    assert case is not None
    return {
        "kind": case.kind,
        "is_outbound": case.shipment is not None,
        "is_paid_back": case.is_paid_back,
        "carrier": case.carrier,
        "tracking_number": case.tracking_number,
        "case_url": case.get_portal_url(),
        "rma_number": case.rma.number if case.parcel and case.rma else "",
    }


def outgoing(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """What goes out: what it is, where it is, and what is left to pay."""
    rma, dispatch, facts = occasion.rma, occasion.dispatch, occasion.event.facts
    assert rma is not None
    assert dispatch is not None
    lines = [one for one in dispatch.order.lines.order_by("position") if one.quantity]
    return {
        "goods": [f"{one.quantity} × {one.description}" for one in lines],
        "is_replacement": rma.resolution == Resolution.REPLACEMENT,
        "owed": Money(Decimal(facts["owed"]), facts["currency"]) if facts.get("owed") else None,
        "payment_url": page(rma, "payment") if facts.get("owed") else "",
        "pay_by": day(occasion.event.occurred_at + PAY_WITHIN, occasion),
        "carrier": dispatch.carrier,
        "tracking_number": dispatch.tracking_number,
        "tracking_url": dispatch.tracking_url or rma.get_portal_url(),
    }


def survey(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    return {"survey_url": page(occasion.rma, "survey")}


def portal_link(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    assert occasion.draft is not None
    return {"link_url": settings.PUBLIC_URL + reverse("portal:items", args=[occasion.draft.ref])}
