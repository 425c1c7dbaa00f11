"""The addresses of named servers, refused with a sentence where a driver would fail with a riddle, or much later."""

from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_HINT = "In names and passwords, write what is no letter or digit as % and two digits: %40 for @."


def postgres(url: str) -> dict[str, Any]:
    """Return the settings of the database at this address. Raises ImproperlyConfigured."""
    try:
        if urlsplit(url).scheme in ("postgres", "postgresql"):
            named = environ.Env.db_url_config(url)
            if named["NAME"] and not urlsplit(url).fragment:
                return named
    except ValueError:
        pass
    raise ImproperlyConfigured(
        f"DATABASE_URL is not an address like postgres://user:password@host:5432/database. {_HINT}"
    )


def redis(url: str) -> str:
    """Return the address as it is; empty stays empty. Raises ImproperlyConfigured."""
    try:
        parts = urlsplit(url)
        is_remote = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0 and not parts.fragment
        if not url or parts.scheme == "unix" or (is_remote and (parts.path.strip("/") or "0").isdecimal()):
            return url
    except ValueError:
        pass
    raise ImproperlyConfigured(f"REDIS_URL is not an address like redis://:password@host:6379/0. {_HINT}")
