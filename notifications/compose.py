"""An event becomes messages: rendered, in the customer's language, and kept sealed. Runs inside the delivery."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation

from notifications import occasions
from notifications.catalogue import Entry, entries_for
from notifications.contents import contents
from notifications.models import Message
from notifications.occasions import Occasion
from notifications.quiet_hours import next_polite
from notifications.rendering import keep, render
from notifications.states import Audience
from oms import shops
from oms.models import Event, Shop


def compose(event: Event, *, at: datetime) -> list[Message]:
    """Keep a message for each entry of the catalogue that this event meets; return them.

    Twice from the same event is once: the second finds the first in its place. A message is filed as sent when there
    is no mail server; withheld when there is nobody to send it to.
    """
    occasion = occasions.of(event, at=at)
    return [_keep(entry, occasion) for entry in entries_for(occasion)]


def _keep(entry: Entry, occasion: Occasion) -> Message:
    shop = shops.current()
    message = _rendered(entry, occasion, shop)
    message.send_after = _send_after(entry, occasion)
    keep(message, at=occasion.at)
    return message


def _rendered(entry: Entry, occasion: Occasion, shop: Shop) -> Message:
    told = {Audience.CUSTOMER: occasion.customer, Audience.BUYER: occasion.order.customer}
    customer = told.get(entry.audience)
    if customer is not None and customer.wrapped_key is None:  # erased: nothing can be sealed for them any more
        customer = None
    with translation.override(_language(customer.language if customer else settings.LANGUAGE_CODE)):
        said = contents(entry, occasion, shop)
        numbers = {"order": occasion.order.number, "rma": occasion.rma.number if occasion.rma else ""}
        said["subject"] = str(entry.subject) % numbers
        message = Message(
            event=occasion.event,
            template=entry.template,
            audience=entry.audience,
            customer=customer,
            order=occasion.order,
            rma=occasion.rma,
            composed_at=occasion.at,
        )
        to = shop.accounting_email if entry.audience == Audience.ACCOUNTING else customer.email if customer else ""
        return render(message, said, to=to)


def _language(code: str) -> str:
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _send_after(entry: Entry, occasion: Occasion) -> datetime:
    if not (entry.delay or entry.can_wait):
        return occasion.at
    zone: ZoneInfo = occasion.calendar.zone
    return next_polite(occasion.event.occurred_at + entry.delay, zone)
