"""What happened to a return, event by event, in words; and the messages sent about it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications.catalogue import LABELS
from notifications.models import Message
from notifications.states import MEANING as MESSAGE_MEANING
from oms.models import Event
from oms.views.words import Clock, actor_names
from returns.forms.desk import CancellationForm, RejectionForm
from returns.models import RMA
from returns.states import Resolution

HOLD_BUTTONS = {
    "overturn": gettext_lazy("Accept it after all"),
    "uphold": gettext_lazy("Uphold the refusal"),
    "send_back": gettext_lazy("Send it back to the customer"),
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
    "rma.verdict_given": (gettext_lazy("Looked at; booked within a minute"), "", "inspect"),
    "rma.verdict_taken_back": (gettext_lazy("What inspection decided was taken back"), "careful", "undo"),
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
    "parcel.pickup_arranged": (gettext_lazy("A day to collect it is arranged"), "moving", "truck"),
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


def messages(rma: RMA, clock: Clock) -> list[dict[str, Any]]:
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


def story(events: list[Event], clock: Clock) -> list[dict[str, Any]]:
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
