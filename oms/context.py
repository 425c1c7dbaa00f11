"""What every template may use: the shop, and the way around for staff."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from oms import shops
from oms.access import has_second_factor
from oms.roles import allowed

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
    groups = [
        {"label": title, "entries": [entry for entry in (_entry(user, *one) for one in entries) if entry]}
        for title, entries in NAVIGATION
    ]
    # The longest that fits: /returns/review/ is not /returns/.
    urls = [entry["url"] for group in groups for entry in group["entries"]]
    here = max((url for url in urls if request.path.startswith(url)), key=len, default="")
    for group in groups:
        for entry in group["entries"]:
            entry["current"] = entry["url"] == here
    return {"navigation": [group for group in groups if group["entries"]]}


def _entry(user: Any, label: Any, name: str, phrase: str, icon: str) -> dict[str, Any] | None:
    if not allowed(user, phrase):
        return None
    try:
        return {"label": label, "url": reverse(name), "icon": icon}
    except NoReverseMatch:
        return None
