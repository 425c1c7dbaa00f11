import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import TransactionTestCase
from django.test.signals import template_rendered

from tests.database import Snapshot
from tests.processes import child_environment


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A test that commits finds the database as the migrations left it, and leaves it so (see `database.py`)."""
    with django_db_blocker.unblock():
        snapshot = Snapshot.take()
    patched = pytest.MonkeyPatch()
    patched.setattr(TransactionTestCase, "_fixture_setup", classmethod(lambda case: None))
    patched.setattr(TransactionTestCase, "_fixture_teardown", lambda case: snapshot.put_back())
    yield
    patched.undo()
    # A browser or a server that is still ending would keep the database from being dropped.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def pages_alone_are_kept(django_test_environment: None) -> None:
    """`response.context` is that of the page. Django keeps one per template, each option of each list being one."""

    def render(template: Template, context: Context) -> str:
        if context.template is template and not (template.name or "").startswith("django/forms/"):
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    Template._render = render


def pytest_collection_finish() -> None:
    """What is there by now stays: the collector of garbage need not look at it again and again."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several processes each begins with its part of what takes long: then none ends long after the others."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes == 1:
        return
    names = ("longest", "slow", "browser")
    long = [item for name in names for item in items if next(filter(item.get_closest_marker, names), "") == name]
    rest = [item for item in items if item not in set(long)]
    order: list[pytest.Item] = []
    for process in range(processes):  # as `--dist worksteal` deals them out: neighbors, in equal numbers
        part = long[process::processes]
        number = (len(items) - len(order)) // (processes - process) - len(part)
        order += [*part, *rest[:number]]
        del rest[:number]
    items[:] = order


@pytest.fixture
def processes(transactional_db: None) -> dict[str, str]:
    """Return the environment with which a worker or a command started as a process sees this test's database."""
    return child_environment()
