import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from oms import embedded
from oms.demo import steps
from oms.demo.browser import Browser

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="homeward demo ") as folder:
        os.chmod(folder, 0o711)
        yield Path(folder).resolve() / "shop"


def environment(folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("DJANGO_SETTINGS_MODULE", "HOMEWARD_TESTS")}
    return kept | {"HOMEWARD_DATA": str(folder)}


def start(folder: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start the demo and return it with what it prints when it is ready."""
    command = [sys.executable, "manage.py", "demo", "--json"]
    demo = subprocess.Popen(command, cwd=ROOT, env=environment(folder), stdout=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    line = demo.stdout.readline()
    assert line, f"the demo ended with {demo.wait()}"
    return demo, json.loads(line)


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    demo, shown = start(folder)
    try:
        yield demo, shown
    finally:
        if demo.poll() is None:
            demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=120)


def processes_of(folder: Path) -> list[str]:
    """Everything that runs with this data folder: the servers name it on their command line, the parts in their
    environment."""
    shown = subprocess.run(["ps", "eww", "-e", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if str(folder) in line and "ps eww" not in line]


def wait_until_none(folder: Path) -> None:
    limit = time.monotonic() + 120
    while left := processes_of(folder):
        assert time.monotonic() < limit, left
        time.sleep(0.2)


@pytest.mark.slow
def test_the_demo_starts_works_starts_again_after_a_kill_and_stops(folder: Path) -> None:
    with running(folder) as (demo, first):
        assert health(first) == (200, [])
        roles = [person["role"] for person in first["people"]]
        assert roles == ["agent", "dock", "finance", "manager", "auditor", "administrator"]
        with Browser(first["web"]) as customer:
            page = steps.find_order(customer, first["customer"]["order"], first["customer"]["postcode"])
            assert page.form(having="line").choices["line"]
        second = subprocess.run(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert f"A demo already runs on {folder} at {first['web']}." in second.stderr
        demo.kill()
    wait_until_none(folder)

    with running(folder) as (demo, again):
        assert again["people"][0]["email"] == first["people"][0]["email"]
        assert health(again) == (200, [])
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=120) == 0
    wait_until_none(folder)
    assert not embedded.keeper.run_dir(folder).exists()


def health(shown: dict[str, Any]) -> tuple[int, list[str]]:
    """What it says once each queue's first heartbeat got its turn behind the jobs the shop begins with."""
    limit = time.monotonic() + 60
    while True:
        deep = httpx.get(f"{shown['web']}/healthz/deep", trust_env=False)
        if deep.status_code == 200 or time.monotonic() > limit:
            return deep.status_code, deep.json()["failing"]
        time.sleep(0.2)
