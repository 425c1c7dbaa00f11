"""What a mail may say beside its words: names, numbers, dates, amounts, links. One function per template that needs
more than all have."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from notifications import letterhead
from notifications.catalogue import Entry
from notifications.contents import dock, money, way
from notifications.contents.parts import of_return
from notifications.occasions import Occasion
from notifications.states import Audience
from oms.models import Shop


def contents(entry: Entry, occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """Everything `templates/mail/<template>` shows of this occasion."""
    if entry.audience == Audience.BUYER:
        return _for_the_buyer(occasion, shop)
    found = {
        "shop": letterhead.context(shop),
        "reply_to": shop.support_email,
        "reason": _why(entry, occasion),
        "name": occasion.customer.name if occasion.customer else "",
        "order_number": occasion.order.number,
        "days": shop.processing_days,
    }
    if occasion.rma is not None:
        found |= of_return(occasion.rma, occasion)
    extra = EXTRA.get(entry.template)
    found |= extra(occasion, shop) if extra else {}
    is_gift = occasion.rma is not None and occasion.rma.recipient_id is not None
    return found | (_UNPRICED if is_gift and entry.audience == Audience.CUSTOMER else {})


# To whom the goods were given: neither what they cost nor the buyer's papers.
_UNPRICED: dict[str, Any] = {
    "receipt": {"lines": [], "total": None},
    "memo_url": "",
    "is_part": False,
    "differences": [],
}


def _for_the_buyer(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """Of a gift's return: that it came back. Not what, not by whom, no amount, and no link to a page that says so."""
    buyer, number = occasion.order.customer, occasion.order.number
    return {
        "shop": letterhead.context(shop),
        "reply_to": shop.support_email,
        "reason": _("You get this because you bought order %(order)s.") % {"order": number},
        "name": buyer.name if buyer else "",
        "order_number": number,
    }


def _why(entry: Entry, occasion: Occasion) -> str:
    if entry.audience == Audience.ACCOUNTING:
        return _("You get this because this is the accounting address in the settings.")
    if occasion.account is not None:
        return _("You get this because you have store credit with us.")
    if entry.template == "portal_link":
        return _("You get this because a link for this order was asked for with your details.")
    if occasion.rma is None and not (occasion.case and occasion.case.parcel):
        return _("You get this because of your order %(order)s.") % {"order": occasion.order.number}
    return _("You get this because of your return for order %(order)s.") % {"order": occasion.order.number}


EXTRA: dict[str, Callable[[Occasion, Shop], dict[str, Any]]] = {
    "received": way.received,
    "approved": way.approved,
    "pickup": way.pickup,
    "kept": way.kept,
    "rejected": way.rejected,
    "on_its_way": way.on_its_way,
    "trouble": way.on_its_way,
    "arrived": dock.arrived,
    "came_back": dock.came_back,
    "missing": dock.missing,
    "reminder": way.reminder,
    "not_delivered": way.parcel_case,
    "parcel_wrong": way.parcel_case,
    "inspected": dock.inspected,
    "held": dock.held,
    "hold_decided": dock.hold_decided,
    "refunded": money.refunded,
    "credited": money.credited,
    "credit_given": money.credit_given,
    "credit_ending": money.credit_ending,
    "refund_booked": money.accounting,
    "refund_failed": money.refunded,
    "refund_reversed": money.accounting,
    "exchange_held": way.outgoing,
    "exchange_short": way.outgoing,
    "exchange_sent": way.outgoing,
    "exchange_delivered": way.outgoing,
    "goods_back_sent": way.outgoing,
    "goods_back_delivered": way.outgoing,
    "survey": way.survey,
    "portal_link": way.portal_link,
}
