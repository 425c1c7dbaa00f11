"""How often a password or code is judged (S12): at most TRIES in a quarter of an hour for each account.

Strangers share an account's tries; an address the account has logged in from before has tries of its own. So whoever
guesses from elsewhere stops themselves, and not the person they guess at. Counted in the database before anything is
judged: tries at the same moment cannot slip through, and a cache that vanishes forgets nothing.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from oms.encryption import blind_index
from oms.models import KnownAddress, LogInAttempt, User
from oms.refusals import Refused

TRIES = 10
TRIES_PER_ADDRESS = 30  # of all accounts together: an office may share one
WINDOW = timedelta(minutes=15)
REMEMBERED = timedelta(days=90)


class TooManyTries(Refused):
    code = "too_many_tries"
    sentence = _("Too many wrong tries. Please wait a quarter of an hour, then try again.")


@dataclass(frozen=True, slots=True)
class Try:
    """A try that counts until it is forgiven. `place` is the account at its address."""

    rows: Sequence[int]
    place: bytes


def address_of(request: HttpRequest) -> str:
    """Where the request came from; behind a trusted proxy, what the proxy saw."""
    seen = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or seen
    return seen


def begin(account: str, *, address: str, at: datetime) -> Try:
    """Count a try for this account (an e-mail address, or the number of a second factor's owner).

    Raises TooManyTries; then nothing may be judged.
    """
    place = blind_index("log-in-place", f"{account} {address}")
    known = KnownAddress.objects.filter(key=place, seen_at__gt=at - REMEMBERED).exists()
    limits = {
        (place if known else blind_index("log-in-account", account)): TRIES,
        blind_index("log-in-address", address): TRIES_PER_ADDRESS,
    }
    return Try([_count(key, limits[key], at) for key in sorted(limits)], place)


def forgive(done: Try) -> None:
    """It was right: that is no guess."""
    LogInAttempt.objects.filter(pk__in=done.rows).delete()


def remember(user: User, done: Try, *, at: datetime) -> None:
    """This person logs in from here."""
    KnownAddress.objects.update_or_create(key=done.place, defaults={"user": user, "seen_at": at})
    KnownAddress.objects.filter(user=user, seen_at__lt=at - REMEMBERED).delete()


@transaction.atomic
def _count(key: bytes, limit: int, at: datetime) -> int:
    with connection.cursor() as cursor:  # one after another for each key, so that the count is exact
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", struct.unpack(">q", key[:8]))
    recent = LogInAttempt.objects.filter(key=key, tried_at__gt=at - WINDOW)
    if recent.count() >= limit:
        raise TooManyTries
    LogInAttempt.objects.filter(key=key, tried_at__lte=at - WINDOW).delete()
    return LogInAttempt.objects.create(key=key, tried_at=at).pk
