"""Members of staff to test pages with: one person per role, logged in with a second factor."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from oms.models import User
from oms.roles import Role
from oms.sessions import SessionStore

SECOND_FACTOR = {"method": "mfa", "type": "totp", "at": datetime(2026, 1, 1, tzinfo=UTC).timestamp()}


def a_member(role: str = Role.AGENT, *, name: str = "") -> User:
    """The person of this role; the same one when asked again."""
    email = f"{role}@staff.example"
    found = User.objects.filter(email=email).first()
    return found or User.objects.create_user(email, "not used", name=name or f"{Role(role).label} person", role=role)


def staff_client(role: str = Role.AGENT, *, second_factor: bool = True) -> Client:
    """A browser in which the person of this role has logged in: one row; `force_login` takes fifteen statements."""
    person = a_member(role)
    noted = {
        SESSION_KEY: str(person.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: person.get_session_auth_hash(),
    }
    if second_factor:
        noted["account_authentication_methods"] = [SECOND_FACTOR]
    session = Session.objects.create(
        session_key=uuid4().hex,
        session_data=SessionStore().encode(noted),
        expire_date=timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client
