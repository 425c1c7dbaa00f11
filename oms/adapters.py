import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oms import log_ins, outbox
from oms.models import User
from oms.prepared import prepared


@prepared
def _user(pk: int) -> QuerySet[User]:
    return User.objects.filter(pk=pk)


class StaffBackend(AuthenticationBackend):
    """allauth's, reading the person of each request of the staff with one prepared query."""

    def get_user(self, user_id: int) -> User | None:
        return next((user for user in _user(int(user_id)) if self.user_can_authenticate(user)), None)


class StaffAccountAdapter(DefaultAccountAdapter):
    """Accounts are for staff and made by invitation: nobody signs up. Passwords are judged a few times, then not."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("This e-mail address and this password do not belong together."),
        "unknown_email": _("Nobody here has this e-mail address."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Nothing: the limit of allauth lives in the cache and shuts the person out everywhere."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        account = str(credentials.get("email") or "").strip().lower()
        try:
            tried = log_ins.begin(account, address=log_ins.address_of(request), at=timezone.now())
        except log_ins.TooManyTries as refused:
            raise ValidationError(str(refused), code=refused.code) from None
        user = super().authenticate(request, **credentials)
        if user is not None:
            log_ins.forgive(tried)
            log_ins.remember(user, tried, at=timezone.now())
        return user

    def post_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse:
        """Reached after the second factor, where there is one."""
        with transaction.atomic():
            outbox.record_on(f"log-in/{user.pk}", "user.logged_in", by=user.actor, at=timezone.now(), user=user.pk)
        return super().post_login(request, user, **how)

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Ask for the password again before a second factor is changed, unless it was given minutes ago."""
        if not super().is_reauthentication_required(app=app):
            return False
        records = get_authentication_records(context.request, context.request.user)
        newest = max((record.get("at", 0) for record in records), default=0)
        return bool(time.time() - newest >= app_settings.REAUTHENTICATION_TIMEOUT)
