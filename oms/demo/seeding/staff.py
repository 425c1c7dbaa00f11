"""One log-in per role, each with a second factor ready."""

import base64
import json
import os
import secrets
from pathlib import Path

from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import make_password

from oms.models import User
from oms.roles import Role

PEOPLE = {
    Role.AGENT: "Ana Agent",
    Role.DOCK: "Dov Dock",
    Role.FINANCE: "Fay Finance",
    Role.MANAGER: "Mo Manager",
    Role.AUDITOR: "Ada Auditor",
    Role.ADMINISTRATOR: "Ira Administrator",
}


def make_staff(data: Path) -> None:
    """Make the people and leave their log-ins in `demo.json`, readable by the owner of the data folder only."""
    password = secrets.token_urlsafe(12)  # one for all: each has a second factor of their own, and hashing is slow
    hashed = make_password(password)
    log_ins = [_log_in(role, name, hashed) | {"password": password} for role, name in PEOPLE.items()]
    fresh = data / "demo.json.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(log_ins, out, indent=1)
    fresh.replace(data / "demo.json")


def _log_in(role: Role, name: str, hashed: str) -> dict[str, str]:
    email = f"{role.value}@homeward.example"
    user = User.objects.filter(email=email).first() or User(email=email)
    user.name, user.role, user.is_superuser = name, role, role == Role.ADMINISTRATOR
    user.password = hashed
    user.save()
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    user.authenticator_set.all().delete()
    secret = base64.b32encode(os.urandom(20)).decode()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return {"role": role.value, "name": name, "email": email, "totp_secret": secret}
