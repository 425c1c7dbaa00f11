"""Every figure at its small size, several beside each other: the long ones mostly wait for clocks to run out."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import tables
from tests.proofs.__main__ import FOLDER, catalogue

# A pure proof needs no servers and has a test of its own beside it, which runs in this process.
# T6 holds the workers and measures the pages meanwhile: `bin/prove T6`, on a machine that does nothing else.
BY_HAND = ("T6",)
WITH_SERVERS = [
    name for name in catalogue() if name not in BY_HAND and not (FOLDER / f"test_{name.lower()}.py").exists()
]
LONGEST = ("K1", "K10", "K7")  # begin first
BESIDE = 2  # at a time: two cores, and other tests beside them
# What draws its examples, and how many where somebody says so (see `tests/properties.py`).
DRAWN, EXAMPLES = "K6", os.environ.get("HOMEWARD_EXAMPLES", "")
LIMIT = 7_200 if EXAMPLES else 900  # seconds: a busy machine is slow, not wrong
ROOT = Path(__file__).resolve().parent.parent.parent

type Proofs = dict[str, Future[subprocess.CompletedProcess[str]]]


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, because a proof has servers of its own."""
    own = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "tests.proofs", *arguments]
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False, timeout=LIMIT)


@pytest.fixture(scope="module")
def proofs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proofs]:
    """All that are asked for, under way, each on a copy of the same empty tables."""
    begun = tables.begun()
    if begun is None:
        begun = tmp_path_factory.mktemp("begun")
        made = _run("--begin", begun)
        assert made.returncode == 0, made.stderr
    asked = [item.callspec.params["name"] for item in request.session.items if hasattr(item, "callspec")]
    names = sorted((name for name in asked if name in WITH_SERVERS), key=lambda name: name not in LONGEST)
    with ThreadPoolExecutor(BESIDE) as pool:
        yield {name: pool.submit(_run, name, *_size(name), "--json", "--begun", begun) for name in names}


def _size(name: str) -> tuple[str, ...]:
    return ("--size", EXAMPLES) if name == DRAWN and EXAMPLES else ("--small",)


def _marked(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.hypothesis) if name == DRAWN else name


@pytest.mark.proof
@pytest.mark.parametrize("name", [_marked(name) for name in sorted(WITH_SERVERS, key=LONGEST.__contains__)])
def test_the_figure_holds_at_its_small_size(proofs: Proofs, name: str) -> None:
    done = proofs[name].result()
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)["passed"] is True, done.stdout
