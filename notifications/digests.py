"""Mails to our own people: an event that is about no order, told to the one it names."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from notifications import letterhead
from notifications.catalogue import CATALOGUE
from notifications.models import Message
from notifications.rendering import keep, render
from notifications.states import Audience
from oms import shops
from oms.models import Event, Product, User

ENTRIES = {entry.event: entry for entry in CATALOGUE if entry.audience == Audience.STAFF}


def compose(event: Event, *, at: datetime) -> list[Message]:
    """Keep the mail to the manager an event names; who left meanwhile is told nothing. Twice is once."""
    manager = User.objects.filter(pk=event.facts["manager"], is_active=True).first()
    entry, shop = ENTRIES[event.name], shops.current()
    message = Message(event=event, template=entry.template, audience=entry.audience, composed_at=at, send_after=at)
    with translation.override(settings.LANGUAGE_CODE):
        said = _stock(event) | {
            "shop": letterhead.context(shop),
            "reply_to": shop.support_email,
            "reason": _("You get this because you are a manager of this shop; it comes when something changed."),
            "name": manager.name if manager else "",
            "subject": str(entry.subject),
        }
        render(message, said, to=manager.email if manager else "")
    keep(message, at=at)
    return [message]


def _stock(event: Event) -> dict[str, Any]:
    facts = event.facts
    titles = dict(Product.objects.filter(sku__in=[row["sku"] for row in facts["rows"]]).values_list("sku", "title"))
    rows = [{**row, "title": titles.get(row["sku"], ""), "soon": Decimal(row["soon"])} for row in facts["rows"]]
    return {
        "low": len(facts["low"]),
        "high": len(facts["high"]),
        "groups": [
            (_("Too few, even with what comes back"), [row for row in rows if row["kind"] == "low"]),
            (_("Too many, with what comes back"), [row for row in rows if row["kind"] == "high"]),
        ],
        "more": len(facts["low"]) + len(facts["high"]) - len(rows),
        "ended": facts["ended"][:40],
        "url": settings.PUBLIC_URL + reverse("inventory:shelf"),
    }
