"""Members of staff: invited, given a role, shut out, let in again. Events name them by number, never by name."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from oms import outbox
from oms.models import User
from oms.refusals import Refused
from oms.roles import Role


class EmailTaken(Refused):
    code = "email_taken"
    sentence = _("Somebody with this e-mail address works here already.")


class UnknownRole(Refused):
    code = "unknown_role"
    sentence = _("Choose one of the roles.")


class OwnAccount(Refused):
    """Nobody takes rights from themselves by mistake; another administrator does it."""

    code = "own_account"
    sentence = _("You cannot do this to your own account. Ask another administrator.")


class LastAdministrator(Refused):
    code = "last_administrator"
    sentence = _("This is the last administrator. Make somebody else one first.")


class Disabled(Refused):
    code = "disabled"
    sentence = _("This account is disabled. Enable it first.")


@transaction.atomic
def invite(email: str, *, name: str, role: str, by: str, at: datetime) -> User:
    """Make an account without a password; the link that sets one is mailed, or shown to who invites.

    Raises EmailTaken, UnknownRole.
    """
    _check_role(role)
    if User.objects.filter(email__iexact=email).exists():
        raise EmailTaken
    user = User.objects.create_user(email, None, name=name, role=role)
    user.is_superuser = role == Role.ADMINISTRATOR
    user.save(update_fields=["is_superuser"])
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    outbox.record_on(f"user/{user.pk}", "user.invited", by=by, at=at, user=user.pk, role=role)
    return user


@transaction.atomic
def invite_again(user_id: int, *, by: str, at: datetime) -> User:
    """Ask for a new link to set a password. Raises Disabled."""
    user = _lock(user_id)
    if not user.is_active:
        raise Disabled
    outbox.record_on(f"user/{user.pk}", "user.invited", by=by, at=at, user=user.pk, role=user.role)
    return user


@transaction.atomic
def change_role(user_id: int, role: str, *, by: str, at: datetime) -> User:
    """Give another role; the same one changes nothing. Raises UnknownRole, OwnAccount, LastAdministrator."""
    _check_role(role)
    user = _lock(user_id)
    if user.role == role:
        return user
    _keep_an_administrator(user, by)
    user.role = role
    user.is_superuser = role == Role.ADMINISTRATOR
    user.save(update_fields=["role", "is_superuser"])
    return _changed(user, "role", by=by, at=at)


@transaction.atomic
def disable(user_id: int, *, by: str, at: datetime) -> User:
    """Shut out at once, open sessions included. Raises OwnAccount, LastAdministrator."""
    user = _lock(user_id)
    if not user.is_active:
        return user
    _keep_an_administrator(user, by)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _end_sessions(user, at)
    return _changed(user, "is_active", by=by, at=at)


@transaction.atomic
def enable(user_id: int, *, by: str, at: datetime) -> User:
    """Let in again, with the password and second factor of before."""
    user = _lock(user_id)
    if user.is_active:
        return user
    user.is_active = True
    user.save(update_fields=["is_active"])
    return _changed(user, "is_active", by=by, at=at)


@transaction.atomic
def reset_second_factor(user_id: int, *, by: str, at: datetime) -> User:
    """The phone is lost: the next log-in sets up a new one. Recovery codes go too, open sessions end.

    Raises OwnAccount: your own is changed on your own page, where the password is asked for.
    """
    user = _lock(user_id)
    if by == user.actor:
        raise OwnAccount
    Authenticator.objects.filter(user=user).delete()
    _end_sessions(user, at)
    outbox.record_on(f"user/{user.pk}", "user.second_factor_reset", by=by, at=at, user=user.pk)
    return user


def _lock(user_id: int) -> User:
    """Lock this account and every administrator, in one order: two cannot demote each other at the same moment."""
    rows = User.objects.select_for_update(no_key=True).order_by("pk")
    found = {user.pk: user for user in rows.filter(role=Role.ADMINISTRATOR) | rows.filter(pk=user_id)}
    if user_id not in found:
        raise User.DoesNotExist(user_id)
    return found[user_id]


def _keep_an_administrator(user: User, by: str) -> None:
    if by == user.actor:
        raise OwnAccount
    others = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk=user.pk)
    if user.role == Role.ADMINISTRATOR and user.is_active and not others.exists():
        raise LastAdministrator


def _check_role(role: str) -> None:
    if role not in dict(Role.staff_choices()):
        raise UnknownRole


def _changed(user: User, field: str, *, by: str, at: datetime) -> User:
    outbox.record_on(f"user/{user.pk}", "user.changed", by=by, at=at, user=user.pk, fields=[field])
    return user


def _end_sessions(user: User, at: datetime) -> None:
    """Sessions say nowhere but inside whose they are; those of staff are few."""
    for session in Session.objects.filter(expire_date__gt=at):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
