"""The first screen: which order is it?"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oms.access import public
from returns import lookups
from returns.forms.portal import LookupForm

NOT_FOUND = _("We cannot find that order with these details. Please check both and try again.")


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lookup(request: HttpRequest) -> HttpResponse:
    """One neutral answer for what is not there and what is not yours (p42)."""
    if request.method != "POST":
        return render(request, "portal/lookup.html", {"form": LookupForm()})
    form = LookupForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/lookup.html", {"form": form}, status=422)
    answer = lookups.look_up(
        form.cleaned_data["number"], form.cleaned_data["proof"], address=client_address(request), at=timezone.now()
    )
    if answer.draft is not None:
        return redirect("portal:items", answer.draft.ref)
    if answer.mailed:
        return render(request, "portal/link_mailed.html")
    form.add_error(None, NOT_FOUND)
    return render(request, "portal/lookup.html", {"form": form}, status=422)


def client_address(request: HttpRequest) -> str:
    """Where the request came from; behind a trusted proxy, what the proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or request.META["REMOTE_ADDR"]
    return request.META["REMOTE_ADDR"]
