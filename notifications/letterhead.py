"""What every mail says of the shop: who writes, how to answer."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from oms.models import Shop


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
