"""What every mail says of the shop: who writes, how to answer. Kept for a few seconds, so that mails cost no SELECT."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from oms import shops
from oms.models import Shop

KEPT_FOR = 5.0  # seconds a change of the settings may take to reach the mails


@dataclass
class _Kept:
    shop: Shop | None = None
    until: float = 0.0


_kept = _Kept()


def current() -> Shop:
    """The shop's settings, at most a few seconds old."""
    if _kept.shop is None or time.monotonic() >= _kept.until:
        _kept.shop, _kept.until = shops.current(), time.monotonic() + KEPT_FOR
    return _kept.shop


def forget() -> None:
    """Read the settings anew next time."""
    _kept.shop = None


def context(shop: Shop) -> dict[str, Any]:
    """What `mail/base.html` calls `shop`: plain values, so that a template cannot reach into the row."""
    return {
        "name": shop.name,
        "company": shop.company,
        "logo_url": "",  # a mail needs no remote picture
        "support_email": shop.support_email,
        "support_phone": shop.support_phone,
        "support_hours": shop.support_hours,
        "chat_url": shop.chat_url,
        "policy_links": [{"label": _("Return rules"), "url": settings.PUBLIC_URL + reverse("portal:policy")}],
    }
