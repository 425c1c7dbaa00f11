import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

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
