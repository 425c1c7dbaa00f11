"""Members of staff to test pages with: one person per role, logged in with a second factor."""

from datetime import UTC, datetime

from django.test import Client

from oms.models import User
from oms.roles import Role

SECOND_FACTOR = {"method": "mfa", "type": "totp", "at": datetime(2026, 1, 1, tzinfo=UTC).timestamp()}


def a_member(role: str = Role.AGENT, *, name: str = "") -> User:
    """The person of this role; the same one when asked again."""
    email = f"{role}@staff.example"
    found = User.objects.filter(email=email).first()
    return found or User.objects.create_user(email, "not used", name=name or f"{Role(role).label} person", role=role)


def staff_client(role: str = Role.AGENT, *, second_factor: bool = True) -> Client:
    """A browser in which the person of this role has logged in."""
    client = Client()
    client.force_login(a_member(role))
    if second_factor:
        session = client.session
        session["account_authentication_methods"] = [SECOND_FACTOR]
        session.save()
    return client
