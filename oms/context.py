"""What every template may use: the shop, and the way around for staff."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from oms import shops
from oms.access import has_second_factor
from oms.roles import PERMISSIONS

# Groups of work, each with entries of: label, URL name, permission, icon
NAVIGATION: tuple[tuple[Any, tuple[tuple[Any, str, str, str], ...]], ...] = (
    (
        "",
        (
            (_("Dashboard"), "reporting:dashboard", "see reports", "chart"),
            (_("Needs review"), "returns:review", "decide returns", "inbox"),
            (_("Returns"), "returns:list", "see returns", "return"),
            (_("Orders"), "orders:list", "see orders", "bag"),
            (_("Parcels in trouble"), "returns:cases", "see returns", "alert"),
            (_("Messages"), "notifications:list", "see messages", "mail"),
        ),
    ),
    (
        _("Warehouse"),
        (
            (_("Dock"), "admin:dock_today", "see returns", "warehouse"),
            (_("Scan station"), "admin:dock_scan", "receive parcels", "scan"),
            (_("Inspection"), "admin:dock_inspection", "inspect goods", "inspect"),
            (_("Putaway"), "admin:dock_tray", "inspect goods", "boxes"),
            (_("Found goods"), "admin:dock_found", "see returns", "question"),
            (_("Set aside"), "admin:goods", "move stock", "repair"),
            (_("Packing"), "admin:packing", "pack goods", "parcel"),
            (_("Stock"), "inventory:stock", "see stock", "boxes"),
        ),
    ),
    (
        _("Money"),
        (
            (_("Refunds"), "refunds:list", "see refunds", "money"),
            (_("Approvals"), "refunds:approvals", "approve refunds", "check"),
            (_("Store credit"), "refunds:store_credits", "see store credit", "credit"),
            (_("Reconciliation"), "reconciliation:worklist", "see reconciliation", "search"),
            (_("Books"), "books:balance", "see books", "books"),
        ),
    ),
    (
        _("Shop"),
        (
            (_("Policy"), "returns:policy", "change policy", "rules"),
            (_("Settings"), "settings:shop", "change settings", "gear"),
            (_("People"), "settings:users", "manage users", "people"),
        ),
    ),
)


def shop(request: HttpRequest) -> dict[str, Any]:
    return {"shop": SimpleLazyObject(shops.current)}


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The left navigation: what this person's role may open."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not has_second_factor(request):
        return {}
    urls = [url for _title, entries in _groups(user.role) for url, _label, _icon in entries]
    # The longest that fits: /returns/review/ is not /returns/.
    here = max((url for url in urls if request.path.startswith(url)), key=len, default="")
    return {"navigation": _drawn(user.role, here, get_language())}


@cache
def _groups(role: str) -> list[tuple[Any, list[tuple[str, Any, str]]]]:
    """What this role may open, by groups with a title: address, label, icon."""
    groups = [
        (title, [(reverse(name), label, icon) for label, name, phrase, icon in entries if role in PERMISSIONS[phrase]])
        for title, entries in NAVIGATION
    ]
    return [(title, entries) for title, entries in groups if entries]


@cache
def _drawn(role: str, here: str, language: str) -> SafeString:
    """The groups as HTML, the entry at `here` marked: on every page, so each is drawn once per process."""
    return render_to_string("components/navigation.html", {"groups": _groups(role), "here": here})
