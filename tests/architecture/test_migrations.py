"""Migrations say in their names what they are for, and can be taken back."""

import re

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

OWN = ("oms", "inventory", "returns", "refunds", "notifications", "reporting")


def own_migrations() -> list[tuple[str, str]]:
    return sorted(key for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations if key[0] in OWN)


@pytest.mark.parametrize(("app", "name"), own_migrations())
def test_named_by_intent(app: str, name: str) -> None:
    assert re.fullmatch(r"\d{4}_[a-z0-9_]+", name)
    assert "_auto_" not in name
    assert not re.search(r"_alter_\w+_and_more", name)


def test_reversible() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    stuck = [
        f"{app}.{name}: {operation}"
        for app, name in own_migrations()
        for operation in loader.disk_migrations[app, name].operations
        if not operation.reversible
    ]
    assert stuck == []


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_the_database_has_the_triggers_that_refuse_rewriting() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal")
        found = set(cursor.fetchall())
    for model in ("oms.Event", "oms.Posting", "oms.JournalEntry", "inventory.StockMovement", "returns.Outcome"):
        assert (apps.get_model(model)._meta.db_table, "append_only") in found
    assert ("oms_posting", "balanced") in found
