"""Sentence 1: the domain imports one way, and nothing but pages imports pages."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
REFUSED_NAMES = {"utils.py", "helpers.py", "services.py", "managers.py", "signals.py", "misc.py", "common.py"}
APPS = ("oms", "inventory", "returns", "refunds", "notifications", "reporting")


def test_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_dumping_grounds() -> None:
    found = [str(path) for app in APPS for path in (PROJECT / app).rglob("*.py") if path.name in REFUSED_NAMES]
    assert found == []


def test_the_sandbox_knows_nothing_of_the_product() -> None:
    own = tuple(f"import {app}" for app in APPS[1:]) + tuple(f"from {app}" for app in APPS[1:]) + ("django",)
    for path in (PROJECT / "oms" / "sandbox").rglob("*.py"):
        lines = [line.strip() for line in path.read_text().splitlines()]
        assert not [line for line in lines if line.startswith(own)], path.name
        assert not [line for line in lines if line.startswith("from oms") and not line.startswith("from oms.sandbox")]
