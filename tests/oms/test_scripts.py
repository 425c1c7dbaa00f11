import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = sorted(path.name for path in (ROOT / "bin").iterdir())


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = os.environ | {"DJANGO_SETTINGS_MODULE": "another.project"}  # whatever else this terminal is used for
    return subprocess.run([ROOT / "bin" / script, *arguments], env=own, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_refuses_what_it_does_not_know(script: str) -> None:
    done = run(script, "--no-such-option")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--no-such-option" in done.stderr


@pytest.mark.parametrize("path", [*(f"bin/{name}" for name in SCRIPTS), ".ci/run", "manage.py"])
def test_scripts_can_be_executed(path: str) -> None:
    assert os.access(ROOT / path, os.X_OK)
