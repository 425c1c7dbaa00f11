"""Where a member of staff starts: the first page their role works on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from oms.access import may
from oms.roles import Role

FIRST_PAGES = {
    Role.AGENT: "returns:review",
    Role.DOCK: "admin:dock_scan",
    Role.FINANCE: "refunds:list",
    Role.MANAGER: "reporting:dashboard",
    Role.AUDITOR: "reporting:dashboard",
    Role.ADMINISTRATOR: "reporting:dashboard",
}


@may("see orders")  # every role of staff may
def home(request: HttpRequest) -> HttpResponse:
    try:
        return redirect(reverse(FIRST_PAGES[Role(request.user.role)]))
    except NoReverseMatch:  # an installation without that page
        return redirect("orders:list")
