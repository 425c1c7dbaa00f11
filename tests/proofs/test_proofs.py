import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proofs.__main__ import FOLDER, catalogue

# A pure proof needs no servers and has a test of its own beside it, which runs in this process.
WITH_SERVERS = [name for name in catalogue() if not (FOLDER / f"test_{name.lower()}.py").exists()]
# Minutes of waiting for clocks to run out: `bin/prove K7`, `bin/prove K10` by hand.
BY_HAND = ("K7", "K10")
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.proof
@pytest.mark.parametrize("name", [name for name in WITH_SERVERS if name not in BY_HAND])
def test_the_figure_holds_at_its_small_size(name: str) -> None:
    """In a process of its own, because a proof has servers of its own."""
    own = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "tests.proofs", name, "--small", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False, timeout=420)
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)["passed"] is True, done.stdout
