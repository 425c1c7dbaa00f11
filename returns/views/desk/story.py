"""Everything the page of one return shows, read in at most twelve statements."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.models import Event, User
from oms.roles import allowed
from oms.views.words import Clock
from refunds.models import Refund
from refunds.states import MEANING as REFUND_MEANING
from refunds.states import RefundStatus
from returns import evidence
from returns.forms.desk import ApprovalForm, CancellationForm, QuestionForm, RejectionForm, ResolutionForm
from returns.models import RMA, Hold, Outcome, PhotoMatch, ReturnLine, ReturnPhoto
from returns.situation import situation
from returns.states import (
    HOLD_MACHINE,
    RMA_MACHINE,
    HoldStatus,
    Resolution,
    RMASource,
    RMAStatus,
    Settlement,
)
from returns.views.desk import decision_facts, economics, happened, outgoing, parcel_cases, parcel_facts
from returns.views.desk.happened import HOLD_BUTTONS
from returns.views.desk.listing import age, staff_label, value_of
from returns.views.portal import boxes, offers

GOODS = (Resolution.EXCHANGE, Resolution.REPLACEMENT, Resolution.REPAIR)
# What a verb needs beside the status table; verbs of the dock lead to its own pages.
PERMISSION = {
    "approve": "decide returns",
    "reject": "decide returns",
    "ask": "decide returns",
    "cancel": "decide returns",
    "receive": "receive parcels",
    "inspect": "inspect goods",
}
HOLD_MEANING = {
    HoldStatus.WAITING: "waiting",
    HoldStatus.DISPUTED: "careful",
    HoldStatus.UPHELD: "careful",
    HoldStatus.OVERTURNED: "good",
}


def tell(rma: RMA, user: User) -> dict[str, Any]:
    """The context of returns/desk/detail.html. `rma` comes with its facts, its order and customer, and its policy."""
    clock, now = Clock(), timezone.now()
    sees_people = allowed(user, "see personal data")
    lines = _lines(rma)
    outcomes = _outcomes(rma) if rma.received_at else []
    photos = list(ReturnPhoto.objects.filter(rma=rma).defer("content").order_by("id"))
    events = list(Event.objects.filter(stream=rma.stream).order_by("-sequence"))
    verbs = [
        verb
        for verb in RMA_MACHINE.verbs_for(rma.status, user.role)
        if verb in PERMISSION and allowed(user, PERMISSION[verb])
    ]
    person = rma.order.customer
    told = situation(rma, now, shop=clock.shop)
    return {
        "title": _("Return %(number)s") % {"number": rma.number},
        "shop": clock.shop,
        "rma": rma,
        "situation": told,
        "status_label": staff_label(rma, told),
        "age": age(rma.requested_at, now),
        "asked": clock.text(rma.requested_at),
        "post_by": clock.text(rma.expires_at) if rma.status == RMAStatus.APPROVED else "",
        "person": person if sees_people else None,
        "recipient": rma.recipient if sees_people else None,
        "sees_people": sees_people,
        "lines": lines,
        "outcomes": [_outcome(outcome, clock, sees_people=sees_people) for outcome in outcomes],
        "holds": [_hold(outcome, clock, user) for outcome in outcomes if hasattr(outcome, "hold")],
        "photos": _photos(photos) if allowed(user, "see photos") else None,
        "seen_before": _seen_before(photos) if photos and allowed(user, "see photos") else (),
        "value": value_of(rma),
        "decision": decision_facts.told(rma),
        "receipt": _receipt(rma, lines, outcomes),
        "refunds": _refunds(rma, clock) if allowed(user, "see refunds") else None,
        "may_send_own": rma.status == RMAStatus.APPROVED and rma.is_posted and allowed(user, "decide returns"),
        "cases": parcel_cases.of_return(rma, events),
        "parcels": [parcel_facts.told(rma, parcel, lines, clock) for parcel in rma.parcels.all()],
        "may_decide": allowed(user, "decide returns"),
        "may_change_products": allowed(user, "change settings"),
        "may_spread": allowed(user, "decide returns") and boxes.may_spread(rma, boxes.told(rma, lines), lines),
        "messages_sent": happened.messages(rma, clock) if allowed(user, "see messages") else None,
        "story": happened.story(events, clock),
        "verbs": verbs,
        "uses_evidence": allowed(user, "use evidence"),
        "economics": economics.told(rma, lines, now) if "approve" in verbs else None,
        "may_choose": _may_choose(rma, user),
        "outgoing": outgoing.told(rma, user) if _goes_out(rma, outcomes) else (),
    }


def _goes_out(rma: RMA, outcomes: Iterable[Outcome]) -> bool:
    """Whether anything may go out for it: goods instead of money, or the customer's own that were not accepted."""
    sent_back = any(hasattr(one, "hold") and one.hold.status == HoldStatus.SENT_BACK for one in outcomes)
    return sent_back or "exchange" in rma.quote or rma.resolution in GOODS


def _may_choose(rma: RMA, user: User) -> bool:
    """Whether this person may give something else: until money is due."""
    undecided = rma.status not in RMAStatus.terminal() and rma.settlement == Settlement.NONE
    undecided = undecided and rma.recipient_id is None
    return undecided and rma.source != RMASource.IMPORTED and allowed(user, "decide returns")


def forms(rma: RMA, bound: Mapping[str, Any]) -> dict[str, Any]:
    """The forms of the verbs, those of `bound` as they were sent."""
    fresh = {
        "approve": ApprovalForm,
        "reject": RejectionForm,
        "ask": QuestionForm,
        "cancel": CancellationForm,
        "choose": ResolutionForm,
    }
    return {f"{verb}_form": bound.get(verb) or form(prefix=verb) for verb, form in fresh.items()}


# ── Goods ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _lines(rma: RMA) -> list[ReturnLine]:
    lines = list(rma.lines.select_related("order_line__product", "reason", "declared_condition").order_by("id"))
    for line in lines:
        line.rma = rma  # its note is unsealed with the customer's key, which is here already
        line.order_line.order = rma.order
    return lines


def _outcomes(rma: RMA) -> list[Outcome]:
    found = list(
        Outcome.objects.filter(receipt__line__rma=rma)
        .select_related("condition", "hold", "receipt__line__order_line")
        .order_by("id")
    )
    for outcome in found:
        outcome.receipt.line.rma = rma
        if hasattr(outcome, "hold"):
            outcome.hold.outcome = outcome
    return found


def _outcome(outcome: Outcome, clock: Clock, *, sees_people: bool) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "title": outcome.receipt.line.order_line.description,
        "meaning": "good" if outcome.acceptance == "accepted" else "bad",
        "at": clock.text(outcome.inspected_at),
        "note": outcome.note if sees_people else "",
        "override": outcome.override_reason,
    }


def _hold(outcome: Outcome, clock: Clock, user: User) -> dict[str, Any]:
    hold: Hold = outcome.hold
    decides = allowed(user, "decide returns")
    return {
        "hold": hold,
        "title": outcome.receipt.line.order_line.description,
        "quantity": outcome.quantity,
        "condition": outcome.condition.label,
        "meaning": HOLD_MEANING.get(HoldStatus(hold.status), ""),
        "answer": hold.answer if allowed(user, "see personal data") else "",
        "respond_by": clock.text(hold.respond_by),
        "buttons": [
            (verb, HOLD_BUTTONS[verb])
            for verb in HOLD_MACHINE.verbs_for(hold.status, user.role)
            if verb in HOLD_BUTTONS and decides
        ],
    }


def _photos(photos: Iterable[ReturnPhoto]) -> dict[str, list[ReturnPhoto]]:
    """The customer's and the dock's, to stand side by side (R74)."""
    sides: dict[str, list[ReturnPhoto]] = {"customer": [], "dock": []}
    for photo in photos:
        sides["customer" if evidence.is_customers(photo) else "dock"].append(photo)
    return sides


def _seen_before(photos: Iterable[ReturnPhoto]) -> list[RMA]:
    """Returns of other orders that show one of these pictures too (R149)."""
    ours = [photo.pk for photo in photos]
    theirs = PhotoMatch.objects.filter(photo__in=ours).values("other")
    found = Q(photos__matches__other__in=ours) | Q(photos__in=theirs)
    return list(RMA.objects.filter(found).distinct().order_by("number"))


# ── Money ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _receipt(rma: RMA, lines: Iterable[ReturnLine], outcomes: Iterable[Outcome]) -> dict[str, Any] | None:
    if not rma.quote.get("lines"):
        return None
    conditions = {one.declared_condition.code: one.declared_condition for one in lines if one.declared_condition}
    conditions |= {one.condition.code: one.condition for one in outcomes}
    return offers.receipt(rma.quote, conditions, sold=[line.order_line for line in lines])


def _refunds(rma: RMA, clock: Clock) -> list[dict[str, Any]]:
    found = Refund.objects.standing().filter(rma=rma).select_related("payment").order_by("requested_at", "id")
    return [
        {
            "refund": refund,
            "meaning": REFUND_MEANING[RefundStatus(refund.status)],
            "at": clock.text(refund.settled_at or refund.requested_at),
        }
        for refund in found
    ]
