"""What the page of a return tells of each of its parcels."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from oms.money import Money
from oms.views.words import Clock
from returns import labels
from returns.models import RMA, ReturnLine
from returns.parcels import packed
from returns.states import LabelHold, ParcelStatus
from returns.views.portal import boxes

PARCEL_MEANING = {
    ParcelStatus.WANTED: "waiting",
    ParcelStatus.PROBLEM: "careful",
    ParcelStatus.ARRIVED: "good",
    ParcelStatus.VOIDED: "",
}


def told(rma: RMA, parcel: Any, lines: Sequence[ReturnLine], clock: Clock) -> dict[str, Any]:
    return {
        "parcel": parcel,
        "held": _held(rma, parcel, lines),
        "collects": parcel.held_for == LabelHold.PICKUP and parcel.status == ParcelStatus.WANTED,
        "contents": boxes.contents(parcel, lines) if parcel.plan else (),
        "forms": boxes.forms_of(rma, parcel),
        "meaning": PARCEL_MEANING.get(ParcelStatus(parcel.status), "moving"),
        "has_label": parcel.labeled_at is not None and parcel.label_type != "",
        "labeled": clock.text(parcel.labeled_at),
        "shipped": clock.text(parcel.shipped_at),
        "delivered": clock.text(parcel.delivered_at),
        "arrived": clock.text(parcel.arrived_at),
        "price": Money(parcel.price, parcel.currency) if parcel.price is not None else None,
        "offers": [
            {
                "words": f"{offer['carrier']} {offer['service']}",
                "price": Money(Decimal(offer["price"]), offer["currency"]),
                "days": offer["days"],
            }
            for offer in parcel.offers
        ],
    }


def _held(rma: RMA, parcel: Any, lines: Sequence[ReturnLine]) -> dict[str, Any] | None:
    """Why no label is bought, in a sentence, with the products somebody has to look after."""
    if parcel.held_for != LabelHold.CUSTOMS or parcel.status != ParcelStatus.WANTED:
        return None
    plan = {one["line"]: one["quantity"] for one in parcel.plan}
    missing = [one.line.order_line for one in labels.without_papers(rma, packed(plan, lines))]
    return {
        "missing": [line.sku for line in missing],
        "is_gift": rma.recipient_id is not None,
        "products": [line.product for line in missing if line.product is not None],
    }
