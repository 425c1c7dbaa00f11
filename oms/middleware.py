from collections.abc import Callable
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from oms import outbox


def correlation(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id that its events, tasks and vendor calls carry (K15)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = outbox.correlation.set(uuid4())
        try:
            return get_response(request)
        finally:
            outbox.correlation.reset(token)

    return middleware


def storable_paths(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 404 to an address with a zero byte: PostgreSQL stores none, so nothing can be there."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            raise Http404
        return get_response(request)

    return middleware


def ways_on(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Leave nobody at a dead end whose form came too late.

    The address of a form opened by itself (a reloaded answer, a tab a phone brings back, the way on from log-in) leads
    to the page it stands on; programs still get their 405. What was sent after the log-in had ended is said to be lost.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "GET" and response.status_code == 405 and "text/html" in request.headers.get("Accept", ""):
            return redirect(_page_above(request.path))
        if request.method == "POST" and _leads_to_log_in(response):
            messages.warning(request, _("You were no longer logged in, so what you sent was not saved."))
        return response

    return middleware


def _page_above(path: str) -> str:
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            if resolve(path).url_name:  # the admin answers to every other address with a view that has no name
                return path
        except Resolver404:
            continue
    return "/"


def _leads_to_log_in(response: HttpResponse) -> bool:
    where = response.headers.get("Location", "")
    return where.startswith((f"{resolve_url('account_login')}?", f"{resolve_url('admin:login')}?"))
