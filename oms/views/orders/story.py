"""Everything the page of one order shows, read with few statements."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oms.journal import Account
from oms.models import Event, Order, OrderLine, Posting, Shipment, User
from oms.orders.shipping import unshipped
from oms.orders.status import MEANINGS
from oms.roles import allowed
from oms.states import OrderKind, OrderStatus, ShipmentStatus
from oms.views.orders.forms import CancellationForm
from oms.views.words import Clock, actor_names
from refunds.models import Refund
from refunds.states import MEANING
from returns.models import RMA, ParcelCase
from returns.situation import situation, with_facts

SHOWN_LINES = 200  # a wholesale order may have a thousand
HAPPENED = {
    "order.imported": (gettext_lazy("Taken over from earlier records"), "", "books"),
    "order.placed": (gettext_lazy("Placed"), "", "bag"),
    "order.paid": (gettext_lazy("Paid"), "good", "money"),
    "order.charged_back": (gettext_lazy("Money lost in a dispute"), "bad", "money"),
    "order.shipped": (gettext_lazy("Shipped"), "moving", "truck"),
    "order.delivered": (gettext_lazy("Delivered"), "good", "home"),
    "order.refused": (gettext_lazy("Not delivered, comes back"), "bad", "undo"),
    "order.lost": (gettext_lazy("Lost on the way"), "bad", "alert"),
    "order.lines_canceled": (gettext_lazy("Canceled before shipping"), "careful", "stop"),
    "gift.link_made": (gettext_lazy("A gift link was made"), "", "link"),
    "gift.link_withdrawn": (gettext_lazy("A gift link was withdrawn"), "", "link"),
    "gift.begun": (gettext_lazy("Who was given it began a return"), "", "return"),
}


def page_of(order: Order, user: User, form: CancellationForm | None) -> dict[str, Any]:
    """Return the context of orders/detail.html."""
    clock, status = Clock(), OrderStatus(order.status)
    lines = list(order.lines.order_by("position"))
    rmas = list(with_facts(RMA.objects.visible_to(user).filter(order=order)).order_by("-requested_at", "-id"))
    goes_out, shipments = goes_out_for(order), list(order.shipments.order_by("pk"))
    may_cancel = not goes_out and allowed(user, "cancel order lines") and any(unshipped(line) > 0 for line in lines)
    if form is None and may_cancel:
        form = CancellationForm(lines=lines)
    return {
        "shop": clock.shop,  # the base template would read it once more
        "title": _("Order %(number)s") % {"number": order.number},
        "order": order,
        "status": status.label,
        "meaning": MEANINGS[status],
        "placed": clock.text(order.placed_at),
        "person": order.customer if allowed(user, "see personal data") else None,
        "lines": [_line(line) for line in lines[:SHOWN_LINES]],
        "more_lines": max(len(lines) - SHOWN_LINES, 0),
        "payments": [(payment, clock.text(payment.captured_at)) for payment in order.payments.order_by("pk")],
        "shipments": [
            (shipment, clock.text(shipment.shipped_at), clock.text(shipment.delivered_at)) for shipment in shipments
        ],
        "cases": _cases(order, shipments) if allowed(user, "see returns") else (),
        "goes_out_for": goes_out,
        "rmas": _returns(rmas, clock),
        "may_open": allowed(user, "open returns"),
        "may_give": allowed(user, "grant store credit") and order.customer_id is not None,
        "refunds": _refunds(order, clock) if allowed(user, "see refunds") else [],
        "entries": _entries(order, clock) if allowed(user, "see refunds") else [],
        "story": _story(order, clock),
        "form": form,
        "may_cancel": may_cancel,
    }


def _cases(order: Order, shipments: Sequence[Shipment]) -> Sequence[ParcelCase]:
    """What went wrong with its parcels; those that simply arrived are not asked for."""
    if all(shipment.status == ShipmentStatus.DELIVERED for shipment in shipments):
        return ()
    return ParcelCase.objects.filter(order=order).order_by("pk")


def goes_out_for(order: Order) -> RMA | None:
    """The return because of which this order goes out; its goods and money are decided there."""
    return RMA.objects.filter(dispatches__order=order).only("number").first() if order.kind != OrderKind.SALE else None


def _line(line: OrderLine) -> dict[str, Any]:
    return {"line": line, "open": unshipped(line)}


def _returns(rmas: Sequence[RMA], clock: Clock) -> list[dict[str, Any]]:
    now, told = timezone.now(), []
    for rma in rmas:
        found = situation(rma, now, shop=clock.shop)
        told.append({"rma": rma, "at": clock.text(rma.requested_at), "label": found.label, "meaning": found.meaning})
    return told


def _refunds(order: Order, clock: Clock) -> list[dict[str, Any]]:
    return [
        {"refund": refund, "at": clock.text(refund.requested_at), "meaning": MEANING[refund.status]}
        for refund in Refund.objects.standing().filter(order=order).order_by("-requested_at", "-id")
    ]


def _entries(order: Order, clock: Clock) -> list[dict[str, Any]]:
    postings = Posting.objects.filter(entry__order=order).select_related("entry").order_by("entry_id", "id")
    return [
        {
            "cause": posting.entry.cause,
            "at": clock.text(posting.entry.booked_at),
            "account": Account(posting.account).label,
            "amount": posting.amount,
            "currency": posting.currency,
        }
        for posting in postings
    ]


def _story(order: Order, clock: Clock) -> list[dict[str, Any]]:
    events = list(Event.objects.filter(stream=order.stream).order_by("-sequence"))
    names = actor_names(event.actor for event in events)
    told = []
    for event in events:
        what, meaning, icon = HAPPENED.get(event.name, (event.name, "", ""))
        told.append(
            {
                "what": what,
                "at": clock.text(event.occurred_at),
                "more": _more(event),
                "by": names.get(event.actor, event.actor),
                "meaning": meaning,
                "icon": icon,
            }
        )
    return told


def _more(event: Event) -> str:
    if event.name == "order.charged_back":
        return f"{event.facts['amount']} {event.facts['currency']}"
    if reason := event.facts.get("reason"):
        return str(reason)
    lines = event.facts.get("lines")
    count = len(lines) if isinstance(lines, list) else lines
    return ngettext("%(count)s line", "%(count)s lines", count) % {"count": count} if count else ""
