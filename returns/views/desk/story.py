"""Everything the page of one return shows, read in at most twelve statements."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications.catalogue import LABELS
from notifications.models import Message
from notifications.states import MEANING as MESSAGE_MEANING
from oms.models import Event, User
from oms.roles import allowed
from oms.views.words import Clock, actor_names
from refunds.models import Refund
from refunds.states import MEANING as REFUND_MEANING
from refunds.states import RefundStatus
from returns import evidence
from returns.forms.desk import ApprovalForm, CancellationForm, QuestionForm, RejectionForm, ResolutionForm
from returns.models import RMA, Hold, Outcome, PhotoMatch, ReturnLine, ReturnPhoto
from returns.policy import Decision, Verdict
from returns.policy.decision import Severity
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
from returns.views.desk import economics, outgoing, parcel_cases, parcel_facts
from returns.views.desk.listing import age, staff_label, value_of
from returns.views.portal import boxes, offers
from returns.views.portal.choosing import TITLES

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
HOLD_BUTTONS = {
    "overturn": gettext_lazy("Accept it after all"),
    "uphold": gettext_lazy("Uphold the refusal"),
    "send_back": gettext_lazy("Send it back to the customer"),
}
VERDICTS = {
    Verdict.APPROVE: (gettext_lazy("approved by the policy"), "good"),
    Verdict.REVIEW: (gettext_lazy("put before a person"), "waiting"),
    Verdict.DENY: (gettext_lazy("refused by the policy"), "bad"),
}
# What happened, its meaning, its picture.
HAPPENED = {
    "rma.requested": (gettext_lazy("Asked for"), "", "return"),
    "rma.imported": (gettext_lazy("Taken over from earlier records"), "", "books"),
    "rma.approved": (gettext_lazy("Approved"), "good", "check"),
    "rma.rejected": (gettext_lazy("Rejected"), "bad", "cross"),
    "rma.info_asked": (gettext_lazy("We asked for more"), "careful", "chat"),
    "rma.info_given": (gettext_lazy("The customer answered"), "", "chat"),
    "rma.resolution_changed": (gettext_lazy("The customer gets something else"), "careful", "note"),
    "rma.opened_for_parcel": (gettext_lazy("Opened because of a parcel to the customer"), "careful", "alert"),
    "rma.loss_taken": (gettext_lazy("The carrier lost it: our risk"), "careful", "alert"),
    "label.given_back": (gettext_lazy("The unused label was given back"), "", "label"),
    "label.answered": (gettext_lazy("The carrier decided about the unused label"), "", "money"),
    "rma.shipped": (gettext_lazy("The carrier has it"), "moving", "truck"),
    "rma.delivered": (gettext_lazy("The carrier delivered it"), "moving", "home"),
    "rma.received": (gettext_lazy("Counted at the dock"), "moving", "scan"),
    "rma.receipts_taken_back": (gettext_lazy("A count was taken back"), "careful", "undo"),
    "rma.inspected": (gettext_lazy("Inspected"), "good", "inspect"),
    "rma.hold_answered": (gettext_lazy("The customer answered about refused goods"), "careful", "chat"),
    "rma.hold_decided": (gettext_lazy("Decided about refused goods"), "good", "check"),
    "rma.disposition_changed": (gettext_lazy("Something else becomes of goods"), "", "boxes"),
    "rma.phone_paired": (gettext_lazy("A phone may add photos"), "", "phone"),
    "rma.phone_ended": (gettext_lazy("The phone adds no more photos"), "", "phone"),
    "rma.photo_added": (gettext_lazy("A photo from the station's phone"), "", "camera"),
    "rma.regraded": (gettext_lazy("Graded a second time"), "", "inspect"),
    "evidence.asked": (gettext_lazy("A pack of evidence was asked for"), "", "books"),
    "evidence.built": (gettext_lazy("The pack of evidence is ready"), "good", "books"),
    "evidence.fetched": (gettext_lazy("The pack of evidence was downloaded"), "", "download"),
    "rma.goods_sold_off": (gettext_lazy("Returned goods were sold off"), "good", "money"),
    "rma.settlement_started": (gettext_lazy("Refund started"), "moving", "money"),
    "rma.settled": (gettext_lazy("Paid back"), "good", "money"),
    "rma.settlement_failed": (gettext_lazy("The refund failed"), "bad", "alert"),
    "rma.closed": (gettext_lazy("Closed"), "good", "done"),
    "rma.canceled": (gettext_lazy("Canceled"), "", "stop"),
    "rma.reminded": (gettext_lazy("Reminded to post it"), "", "mail"),
    "rma.expired": (gettext_lazy("Ran out, nothing was posted"), "", "clock"),
    "rma.photo_recognized": (gettext_lazy("A photo was used in another return too"), "careful", "alert"),
    "rma.surveyed": (gettext_lazy("The customer told us how it went"), "", "note"),
    "parcel.labeled": (gettext_lazy("Label bought"), "moving", "label"),
    "rma.spread": (gettext_lazy("Divided among parcels"), "", "boxes"),
    "label_file.asked": (gettext_lazy("Label asked for in another form"), "", "label"),
    "label_file.fetched": (gettext_lazy("Label fetched in another form"), "moving", "label"),
    "label_file.refused": (gettext_lazy("The carrier does not make this form"), "careful", "label"),
    "parcel.label_held": (gettext_lazy("No label yet: a person has to look"), "careful", "alert"),
    "parcel.label_wanted": (gettext_lazy("The label is tried for again"), "", "label"),
    "parcel.announced": (gettext_lazy("The customer sends it themselves"), "moving", "truck"),
    "parcel.number_refused": (gettext_lazy("The number given was an older parcel's"), "careful", "alert"),
    "parcel.moved": (gettext_lazy("News from the carrier"), "moving", "truck"),
    "parcel.in_trouble": (gettext_lazy("The carrier reports trouble"), "careful", "alert"),
    "dispatch.planned": (gettext_lazy("Something else goes out"), "", "exchange"),
    "dispatch.held": (gettext_lazy("Goods wait for payment"), "careful", "card"),
    "dispatch.ran_short": (gettext_lazy("Goods are out of stock"), "bad", "alert"),
    "dispatch.released": (gettext_lazy("Goods may leave"), "moving", "boxes"),
    "dispatch.lapsed": (gettext_lazy("Goods are no longer set aside"), "careful", "clock"),
    "dispatch.packed": (gettext_lazy("Packed"), "moving", "parcel"),
    "dispatch.labeled": (gettext_lazy("Label of what goes out bought"), "moving", "label"),
    "dispatch.shipped": (gettext_lazy("Goods left with the carrier"), "moving", "truck"),
    "dispatch.delivered": (gettext_lazy("Goods were delivered"), "good", "home"),
    "dispatch.in_trouble": (gettext_lazy("Goods come back or are lost"), "bad", "alert"),
    "dispatch.canceled": (gettext_lazy("Money instead of goods"), "careful", "money"),
}
_CODES = {
    **dict(RejectionForm.REASONS),
    **dict(CancellationForm.REASONS),
    **HOLD_BUTTONS,
    "customer": gettext_lazy("by the customer"),
    "accept": gettext_lazy("accepts"),
    "dispute": gettext_lazy("disputes"),
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
        "sees_people": sees_people,
        "lines": lines,
        "outcomes": [_outcome(outcome, clock, sees_people=sees_people) for outcome in outcomes],
        "holds": [_hold(outcome, clock, user) for outcome in outcomes if hasattr(outcome, "hold")],
        "photos": _photos(photos) if allowed(user, "see photos") else None,
        "seen_before": _seen_before(photos) if photos and allowed(user, "see photos") else (),
        "value": value_of(rma),
        "decision": _decision(rma),
        "receipt": _receipt(rma, lines, outcomes),
        "refunds": _refunds(rma, clock) if allowed(user, "see refunds") else None,
        "may_send_own": rma.status == RMAStatus.APPROVED and rma.comes_back and allowed(user, "decide returns"),
        "cases": parcel_cases.of_return(rma, events),
        "parcels": [parcel_facts.told(rma, parcel, lines, clock) for parcel in rma.parcels.all()],
        "may_decide": allowed(user, "decide returns"),
        "may_change_products": allowed(user, "change settings"),
        "may_spread": allowed(user, "decide returns") and boxes.may_spread(rma, boxes.told(rma, lines), lines),
        "messages_sent": _messages(rma, clock) if allowed(user, "see messages") else None,
        "story": _story(events, clock),
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


# ── Why it was decided so ─────────────────────────────────────────────────────────────────────────────────────────


def _decision(rma: RMA) -> dict[str, Any] | None:
    """The decision receipt: version, rule fired, every reason, the facts used, what would turn it round."""
    if not rma.decision.get("verdict"):
        return None
    decision = Decision.from_json(rma.decision)
    words, meaning = VERDICTS[decision.verdict]
    zone = ZoneInfo(rma.policy.time_zone if rma.policy else "UTC")
    fired = decision.fired
    informed = [finding.sentence for finding in decision.all_findings if finding.severity is Severity.INFO]
    return {
        "words": words,
        "meaning": meaning,
        "version": decision.version,
        "title": rma.policy.title if rma.policy else "",
        "at": offers.long_day(decision.decided_at, zone),
        "rule": fired.rule if fired else "",
        "fired": fired.sentence if fired else "",
        "reasons": decision.reasons,
        "informed": list(dict.fromkeys(informed)),
        "ways": [(TITLES[one.resolution], one.allowed, one.sentence) for one in decision.choices],
        "flips": list(dict.fromkeys(flip.sentence for flip in decision.flips)),
        "facts": list(_facts(decision.facts)),
    }


def _facts(facts: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, str]]:
    """The facts used, flat, as names and plain values; empty ones are left out."""
    for name, value in facts.items():
        label = f"{path}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _facts(value, f"{label}, ")
        elif isinstance(value, list):
            for number, one in enumerate(value, start=1):
                if isinstance(one, Mapping):
                    yield from _facts(one, f"{label} {number}, " if len(value) > 1 else f"{label}, ")
                else:
                    yield label, str(one)
        elif value not in (None, "", False):
            yield label, _("yes") if value is True else str(value)


# ── What happened ─────────────────────────────────────────────────────────────────────────────────────────────────


def _messages(rma: RMA, clock: Clock) -> list[dict[str, Any]]:
    found = Message.objects.filter(rma=rma).only("pk", "template", "status", "audience", "composed_at", "sent_at")
    return [
        {
            "message": message,
            "label": LABELS.get(message.template, message.template),
            "meaning": MESSAGE_MEANING.get(message.status, ""),
            "at": clock.text(message.sent_at or message.composed_at),
        }
        for message in found.order_by("-composed_at", "-id")
    ]


def _story(events: list[Event], clock: Clock) -> list[dict[str, Any]]:
    names = actor_names(event.actor for event in events) | {"policy": _("the policy")}
    told = []
    for event in events:
        what, meaning, icon = HAPPENED.get(event.name, (event.name, "", ""))
        told.append(
            {
                "what": what,
                "at": clock.text(event.occurred_at),
                "more": _more(event.name, event.facts),
                "by": names.get(event.actor, event.actor),
                "meaning": meaning,
                "icon": icon,
            }
        )
    return told


def _more(name: str, facts: Mapping[str, Any]) -> str:
    if name == "rma.received":
        pieces = sum(one["quantity"] for one in facts.get("receipts", ()))
        text = ngettext("%(count)s piece", "%(count)s pieces", pieces) % {"count": pieces}
        return text if facts.get("complete") else _("%(pieces)s, more to come") % {"pieces": text}
    if name == "rma.inspected":
        accepted = sum(one["quantity"] for one in facts.get("outcomes", ()) if one["acceptance"] == "accepted")
        refused = sum(one["quantity"] for one in facts.get("outcomes", ()) if one["acceptance"] != "accepted")
        return _("%(accepted)s accepted, %(refused)s refused") % {"accepted": accepted, "refused": refused}
    if name == "parcel.labeled":
        return f"{facts.get('carrier', '')} {facts.get('service', '')}, {facts.get('price')} {facts.get('currency')}"
    if name in ("rma.requested", "rma.settled", "rma.imported", "rma.opened_for_parcel") and facts.get("total"):
        return f"{facts['total']} {facts.get('currency', '')}"
    if name == "rma.resolution_changed":
        return f"{Resolution(facts['chosen']).label}: {facts['reason']}"
    code = facts.get("reason") or facts.get("decision") or facts.get("answer") or facts.get("status") or ""
    return str(_CODES.get(code, str(code).replace("_", " ")))
