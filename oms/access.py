"""Guards of views: who gets in, by the table of `oms.roles`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from oms.roles import PERMISSIONS, allowed


def may(phrase: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Guard a staff view: signed in, with a second factor, in a role that has this permission.

    Anonymous → log-in; no second factor yet → the page that sets one up; wrong role → 403.
    """
    PERMISSIONS[phrase]  # a misspelled phrase fails at import

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not has_second_factor(request):
                return redirect("mfa_index")
            if not allowed(request.user, phrase):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.permission = phrase  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view as meant for everyone (portal, health, webhooks): a test refuses views with neither mark."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def has_second_factor(request: HttpRequest) -> bool:
    """Say whether this session was opened with a second factor (R139)."""
    methods = request.session.get("account_authentication_methods", [])
    return any(record.get("method") == "mfa" for record in methods)
