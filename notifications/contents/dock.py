"""What mails say of goods that are here: arrived, missing, inspected, held."""

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from notifications.contents.parts import day
from notifications.occasions import Occasion
from oms.models import Shop
from oms.prepared import prepared
from returns.models import Outcome, ReturnLine
from returns.states import ReceiptResult


def arrived(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    calendar = occasion.calendar
    return {
        "complete": occasion.event.facts["complete"],
        "arrived_on": day(occasion.event.occurred_at, occasion),
        "looked_at_by": day(calendar.after(occasion.event.occurred_at, shop.processing_days), occasion),
    }


def came_back(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """Of goods that were paid for the money follows; what replaced them, or was the customer's own, is asked about."""
    assert occasion.rma is not None
    case = occasion.rma.cases.select_related("order").order_by("pk").first()
    return arrived(occasion, shop) | {"is_paid_back": case is None or case.is_paid_back}


def missing(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    facts = occasion.event.facts["receipts"]
    lines = {line.pk: line for line in ReturnLine.objects.filter(rma=occasion.rma).select_related("order_line")}
    gone = [one for one in facts if one["result"] == ReceiptResult.SHORT]
    return {
        "counted_on": day(occasion.event.occurred_at, occasion),
        "missing": [f"{one['quantity']} × {lines[one['line']].order_line.description}" for one in gone],
    }


def inspected(occasion: Occasion, shop: Shop) -> dict[str, Any]:
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
                "respond_by": day(hold.respond_by, occasion) if hold else "",
            }
        )
    return found


def held(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    told = inspected(occasion, shop)
    held = [one for one in told["found"] if one["held"]]
    fine = [one for one in told["found"] if not one["held"]]
    return told | {
        "held": held,
        "fine": fine,
        "respond_by": held[0]["respond_by"] if held else "",
        "pays": any(one["pays"] for one in held),
    }


def hold_decided(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    facts = occasion.event.facts
    return {"decision": facts["decision"], "found": _found(occasion, [facts["outcome"]])}
