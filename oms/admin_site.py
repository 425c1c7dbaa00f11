from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import URLPattern, URLResolver, path
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from oms.access import has_second_factor

# Records as people think of them, not as the code is cut; whatever is not named comes last.
GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("Returns"), ("RMA", "Parcel", "Receipt", "Outcome", "Hold", "Dispatch")),
    (_("Orders"), ("Order", "Customer", "Shipment", "Product")),
    (_("Money"), ("Refund", "CreditMemo", "Payment", "PaymentLink", "StoreCredit", "JournalEntry")),
    (
        _("Stock"),
        ("StockLevel", "Reservation", "StockMovement", "Unit", "LotMovement", "Placement", "WorkOrder", "VendorReturn"),
    ),
    (_("Rules"), ("PolicyVersion", "ReturnReason", "Condition", "GoodsTerms", "CarrierRule", "WarehouseRule")),
    (_("Places"), ("Warehouse", "Bin", "HandlingRate", "DropOffPoint", "CarrierLocator")),
    (_("Messages and jobs"), ("Message", "Event", "Delivery", "InboundWebhook")),
    (_("People"), ("User",)),
)


class StaffAdminSite(AdminSite):
    """The admin, behind the same log-in and second factor as every staff page."""

    site_header = site_title = "Homeward"
    index_title = _("All records")

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[URLPattern] = []

    def add_page(self, route: str, view: Callable[..., HttpResponse], name: str) -> None:
        """Give a view of our own an address inside the admin: `admin:<name>`, never cached, guarded like the rest."""
        self._pages.append(path(route, self.admin_view(view), name=name))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take our own records. What libraries bring asks for Django's permissions, which nobody here has."""
        module = getattr(admin_class, "__module__", "django.")
        if not module.startswith(("django.", "allauth.")):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [*self._pages, *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send whoever lacks something to where it can be had; who can never enter is refused, not sent in circles."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next", resolve_url("admin:index")))
        if not has_second_factor(request):
            return redirect("mfa_index")
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """What this person may see, in groups of work; of one application alone when its label is given."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        left = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = []
        for label, names in GROUPS:
            if models := [left.pop(name) for name in names if name in left]:
                groups.append(_group(label, models))
        return [*groups, _group(_("More"), list(left.values()))] if left else groups


def _group(label: Any, models: list[dict[str, Any]]) -> dict[str, Any]:
    key = slugify(label)
    return {"name": label, "app_label": key, "app_url": "", "has_module_perms": True, "models": models}
