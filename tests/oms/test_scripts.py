import os
import re
import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = sorted(path.name for path in (ROOT / "bin").iterdir())
OURS = sorted(
    name
    for name, app in get_commands().items()
    if str(app) in {a.name for a in apps.get_app_configs()}
    and (ROOT / str(app).replace(".", "/") / "management" / "commands" / f"{name}.py").exists()
)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run([ROOT / "bin" / script, *arguments], env=own, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_explains_itself_with_an_example(script: str) -> None:
    done = run(script, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.lower().startswith("usage:")
    assert "example" in done.stdout.lower()
    assert f"bin/{script}" in done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_refuses_what_it_does_not_know(script: str) -> None:
    done = run(script, "--no-such-option")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--no-such-option" in done.stderr


@pytest.mark.parametrize("path", [*(f"bin/{name}" for name in SCRIPTS), ".ci/run", "manage.py"])
def test_scripts_can_be_executed(path: str) -> None:
    assert os.access(ROOT / path, os.X_OK)


@pytest.mark.parametrize("name", OURS)
def test_each_command_explains_itself_with_a_sentence_and_an_example(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    assert re.match(r"[A-Z].*\.", command.help.strip(), re.DOTALL)
    shown = command.create_parser("manage.py", name).format_help()
    assert "example" in shown.lower()
