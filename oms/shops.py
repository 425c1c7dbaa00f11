"""The shop's settings, read on every page."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from oms import outbox
from oms.models import Shop
from oms.remembered import forget, remembered
from oms.verbs import verb

STREAM = "settings"
FIELDS = frozenset(
    {
        "company",
        "legal_address",
        "accent",
        "sender_name",
        "sender_email",
        "support_email",
        "support_phone",
        "support_hours",
        "chat_url",
        "accounting_email",
        "time_zone",
        "processing_days",
        "tender_order",
        "approval_above",
        "credit_bonus",
        "goodwill_most",
        "buyers_make_gift_links",
        "tells_buyer_of_gifts",
        "return_rate_notice",
        "return_rate_alarm",
    }
)


@remembered
def current() -> Shop:
    """Return the one row of settings, not to be changed; defaults until somebody saves them."""
    return Shop.objects.filter(pk=1).first() or Shop()


def afresh() -> Shop:
    """Read the settings for a form, which may put anything into what it is given."""
    return Shop.objects.filter(pk=1).first() or Shop()


@verb
def change(values: Mapping[str, Any], *, by: str, at: datetime, logo: bytes | None = None) -> Shop:
    """Save settings; the event names the changed fields, never their values. `logo` is a PNG, b"" takes it away.

    Nothing changed is nothing recorded. Raises LookupError for a field that is no setting.
    """
    if unknown := set(values) - FIELDS:
        raise LookupError(f"no settings: {', '.join(sorted(unknown))}")
    Shop.objects.bulk_create([Shop(pk=1)], ignore_conflicts=True)
    shop = Shop.objects.select_for_update().get(pk=1)
    changed = [name for name, value in values.items() if getattr(shop, name) != value]
    for name in changed:
        setattr(shop, name, values[name])
    if logo is not None and logo != bytes(shop.logo):
        shop.logo, shop.logo_type, shop.logo_ref = logo, "image/png" if logo else "", uuid.uuid4()
        changed += ["logo"]
    if not changed:
        return shop
    shop.save()
    transaction.on_commit(forget)
    outbox.record_on(STREAM, "shop.changed", by=by, at=at, fields=sorted(changed))
    return shop
