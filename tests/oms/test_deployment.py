import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from oms.checks import check_secrets

ROOT = Path(__file__).resolve().parent.parent.parent
READ = re.compile(r'(?:env\.\w+|_secret)\("([A-Z][A-Z_]+)"')


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_every_variable_that_settings_read_is_in_the_example() -> None:
    read = set(READ.findall((ROOT / "oms" / "settings.py").read_text()))
    listed = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read - listed == set()
    only_compose = {"POSTGRES_PASSWORD", "HOMEWARD_PORT"}
    assert listed - read - only_compose - {"HOMEWARD_DATA"} == set()


def test_the_example_holds_no_secret() -> None:
    given = dict(re.findall(r"^([A-Z][A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    secret = {name for name in given if name.endswith(("KEY", "KEYS", "SECRET", "PASSWORD"))}
    assert {name: given[name] for name in secret} == dict.fromkeys(secret, "")


def test_every_queue_has_its_worker(compose: dict) -> None:
    commands = [service.get("command", "") for service in compose["services"].values()]
    served = [found.group(1) for command in commands if (found := re.search(r"worker -Q (\S+)", command))]
    assert sorted(served) == sorted(settings.QUEUES)


def test_every_service_answers_for_its_health_and_has_no_privileges(compose: dict) -> None:
    services = compose["services"]
    image_checks_itself = {"web"}
    assert {name for name, service in services.items() if "healthcheck" not in service} == image_checks_itself
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
    assert "\nUSER homeward\n" in (ROOT / "Dockerfile").read_text()
    assert {name for name, service in services.items() if service.get("cap_drop") != ["ALL"]} == {"postgres"}


def test_the_example_marks_each_secret_that_production_refuses_to_start_without() -> None:
    marked = re.findall(r"^# \*.*\n(?:#.*\n)*([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    missing = {one.msg.removesuffix(" is not set.") for one in check_secrets() if one.id == "oms.E020"}
    assert missing - set(marked) == set()


def test_what_is_missing_is_named_before_anything_starts(compose: dict) -> None:
    """A key that is forgotten would be the empty one, and could never be changed again."""
    assert "manage.py check --deploy &&" in compose["services"]["migrate"]["command"]
    waiting = {name for name, service in compose["services"].items() if "migrate" in service.get("depends_on", {})}
    assert set(compose["services"]) - waiting == {"migrate", "postgres", "redis"}


@pytest.mark.parametrize("name", ["HOMEWARD_MASTER_KEYS", "HOMEWARD_INDEX_KEY", "HOMEWARD_CHAIN_KEY"])
@pytest.mark.parametrize("value", ["secret", "1:c2hvcnQ=", "c2hvcnQ=", "300:" + "A" * 43 + "="])
def test_a_key_of_another_shape_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv(name, value)
    settings.MASTER_KEYS = value
    assert [one.id for one in check_secrets() if one.msg.startswith(f"{name} is not") and "base64" in one.msg] == [
        "oms.E028"
    ]
