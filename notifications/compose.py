"""An event becomes messages: rendered, in the customer's language, and kept sealed. Runs inside the delivery."""

import re
import textwrap
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation

from notifications import lifecycle, occasions
from notifications.catalogue import Entry, entries_for
from notifications.contents import contents
from notifications.models import Message
from notifications.occasions import Occasion
from notifications.quiet_hours import next_polite
from notifications.states import Audience
from oms import shops
from oms.models import Event, Shop

WIDTH = 72  # characters of a line of plain text


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
    if not message.recipient:
        lifecycle.withhold(message)
    elif settings.EMAIL_URL or message.send_after > occasion.at:
        lifecycle.compose(message)
    else:
        lifecycle.file(message, at=occasion.at)
    return message


def _rendered(entry: Entry, occasion: Occasion, shop: Shop) -> Message:
    customer = occasion.customer if entry.audience == Audience.CUSTOMER else None
    if customer is not None and customer.wrapped_key is None:  # erased: nothing can be sealed for them any more
        customer = None
    with translation.override(_language(customer.language if customer else settings.LANGUAGE_CODE)):
        said = contents(entry, occasion, shop)
        numbers = {"order": occasion.order.number, "rma": occasion.rma.number if occasion.rma else ""}
        said["subject"] = str(entry.subject) % numbers
        return Message(
            event=occasion.event,
            template=entry.template,
            audience=entry.audience,
            customer=customer,
            order=occasion.order,
            rma=occasion.rma,
            recipient=_address(shop.accounting_email if customer is None else customer.email)
            if customer is not None or entry.audience == Audience.ACCOUNTING
            else "",
            subject=said["subject"],
            html=_tidy_html(render_to_string(f"mail/{entry.template}.html", said)),
            text=_tidy_text(render_to_string(f"mail/{entry.template}.txt", said)),
            composed_at=occasion.at,
        )


def _language(code: str) -> str:
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _address(text: str) -> str:
    """An address that can be written to, or nothing: what customers once typed is not always one."""
    try:
        validate_email(text.strip())
    except ValidationError:
        return ""
    return text.strip()


def _send_after(entry: Entry, occasion: Occasion) -> datetime:
    if not (entry.delay or entry.can_wait):
        return occasion.at
    zone: ZoneInfo = occasion.calendar.zone
    return next_polite(occasion.event.occurred_at + entry.delay, zone)


# ── As mails are written ──────────────────────────────────────────────────────────────────────────────────────────


def _tidy_html(html: str) -> str:
    """Without the indentation of the templates: half the bytes, and what a mail program clips comes later."""
    return re.sub(r"\s*\n\s*", "\n", html).strip() + "\n"


def _tidy_text(text: str) -> str:
    """Lines of at most 72 characters, addresses whole; one empty line between paragraphs."""
    lines = "\n".join(_wrapped(text.strip().splitlines()))
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _wrapped(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        line = line.rstrip() if line != "-- " else line  # "-- " begins a signature
        if len(line) <= WIDTH:
            yield line
        else:
            indent = " " * (len(line) - len(line.lstrip()))
            yield from textwrap.wrap(
                line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
