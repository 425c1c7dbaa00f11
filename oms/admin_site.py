from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from oms.access import has_second_factor


class StaffAdminSite(AdminSite):
    """The admin, behind the same log-in and second factor as every staff page."""

    site_header = site_title = "Homeward"
    index_title = _("Everything")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        return redirect(f"/accounts/login/?next={request.GET.get('next', '/admin/')}")
