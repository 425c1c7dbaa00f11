"""Every address of the product says who may open it, and means it."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from oms.roles import PERMISSIONS, Role, allowed
from tests.staff import a_member, staff_client

# Not ours: the admin guards each of its pages itself (oms/admin_site.py), allauth's are for logging in.
ADMIN = "admin"
STAFF = [role for role in Role if role != Role.CUSTOMER]
VALUES: dict[str, Any] = {
    "int": 987654321,
    "str": "NOPE",
    "slug": "nope",
    "uuid": uuid.UUID(int=7),
    "path": "nope",
}


def walk(
    patterns: list[Any], route: str = "", namespaces: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...], URLPattern]]:
    for one in patterns:
        here = route + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = (*namespaces, one.namespace) if one.namespace else namespaces
            yield from walk(one.url_patterns, here, inner)
        else:
            yield here, namespaces, one


def is_foreign(namespaces: tuple[str, ...], pattern: URLPattern) -> bool:
    if ADMIN in namespaces:
        return not hasattr(pattern.callback, "permission") and not _is_own_admin_page(pattern)
    module = getattr(pattern.callback, "__module__", "")
    return module.startswith("allauth.") and not hasattr(pattern.callback, "permission")


def _is_own_admin_page(pattern: URLPattern) -> bool:
    return pattern.name in {page.name for page in getattr(admin.site, "_pages", ())}


EVERY = list(walk(get_resolver().url_patterns))
OURS = [
    (route, ":".join((*namespaces, pattern.name or "")), pattern)
    for route, namespaces, pattern in EVERY
    if not is_foreign(namespaces, pattern)
]
GUARDED = [
    (route, name, pattern)
    for route, name, pattern in OURS
    if getattr(pattern.callback, "permission", None) is not None and not name.startswith(f"{ADMIN}:")
]


def address(name: str, pattern: URLPattern) -> str:
    """The address with values nobody has: whoever gets past the guard finds a 404, or a page."""
    parts = {key: VALUES[_kind(converter)] for key, converter in pattern.pattern.converters.items()}
    return reverse(name, kwargs=parts)


def _kind(converter: Any) -> str:
    return type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")


@pytest.mark.parametrize(("route", "name", "pattern"), OURS, ids=[name or route for route, name, _pattern in OURS])
def test_every_view_says_who_may_open_it(route: str, name: str, pattern: URLPattern) -> None:
    view = pattern.callback
    inner = view
    while not hasattr(inner, "permission") and hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    assert hasattr(inner, "permission"), f"/{route} has neither @may nor @public"
    assert inner.permission is None or inner.permission in PERMISSIONS


def test_nothing_is_left_out_by_mistake() -> None:
    left_out = {
        pattern.callback.__module__.split(".")[0] for _route, spaces, pattern in EVERY if is_foreign(spaces, pattern)
    }
    assert left_out <= {"allauth", "django", "oms", "inventory", "returns", "refunds", "notifications", "reporting"}
    assert len(GUARDED) >= 40


@pytest.mark.django_db
def test_each_staff_page_lets_in_whom_the_table_names() -> None:
    """Anonymous → log-in; no second factor → the page that sets one up; wrong role → 403; right role → not 403.

    Each page is opened by one of those it lets in, in turns: who they are is read from the table in one place.
    """
    anonymous, single = Client(), staff_client(Role.ADMINISTRATOR, second_factor=False)
    people = {role: (a_member(role), staff_client(role)) for role in STAFF}
    wrong = []
    for turn, (_route, name, pattern) in enumerate(GUARDED):
        path, phrase = address(name, pattern), pattern.callback.permission
        refused = [role for role, (person, _client) in people.items() if not allowed(person, phrase)]
        let_in = [role for role in people if role not in refused]
        opener = let_in[turn % len(let_in)]
        method, status = "get", people[opener][1].get(path).status_code
        if status == 405:
            method, status = "post", people[opener][1].post(path).status_code
        if status == 403 or status >= 500:
            wrong.append((path, opener, status))
        first = getattr(anonymous, method)(path)
        second = getattr(single, method)(path)
        if first.status_code != 302 or not first.url.startswith(reverse("account_login")):
            wrong.append((path, "anonymous", first.status_code))
        if second.status_code != 302 or second.url != reverse("mfa_index"):
            wrong.append((path, "without a second factor", second.status_code))
        for role in refused:
            status = getattr(people[role][1], method)(path).status_code
            if status != 403:
                wrong.append((path, role, status))
    assert wrong == []
