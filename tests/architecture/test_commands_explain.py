"""Every command and script explains itself (U21): a sentence, an example, `--json` where it prints data, `--dry-run`
where it writes. A new command must say here which of these it is."""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import ManagementUtility, get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Promise:
    """`prints`: data, so `--json`; `writes`: what people would miss, so `--dry-run`."""

    prints: bool = False
    writes: bool = False


JSON_ALONE = Promise()  # reads JSON and answers JSON: there is no other form to choose
COMMANDS = {
    "allocate": JSON_ALONE,
    "conservation": Promise(prints=True),
    "deliveries": Promise(prints=True, writes=True),
    "demo": Promise(prints=True),  # its data folder is its own, and kept unless told otherwise
    "export_books": Promise(),  # its form is chosen by --layout; it changes nothing but the file it is told
    "import_orders": Promise(prints=True, writes=True),
    "jobs": Promise(prints=True),
    "label_leaks": Promise(prints=True, writes=True),
    "quote_refund": JSON_ALONE,
    "reconcile": Promise(prints=True, writes=True),
    "render_server": Promise(),
    "report": Promise(prints=True),
    "roles": Promise(prints=True),
    "rotate_keys": Promise(prints=True, writes=True),
    "seed_demo": Promise(prints=True, writes=True),
    "state_diagram": Promise(prints=True),
    "trial_balance": Promise(prints=True),
    "value_stock": JSON_ALONE,
    "verify_events": Promise(prints=True),
}
SCRIPTS = {
    "bench": Promise(prints=True),
    "demo": Promise(prints=True),
    "prove": Promise(prints=True),
    "setup": Promise(),  # makes .venv, nothing else
    "test": Promise(),
}


def own_commands() -> list[str]:
    ours = {app.name for app in apps.get_app_configs() if Path(app.path).parent == ROOT}
    return sorted(name for name, app in get_commands().items() if app in ours)


@cache
def script_help(name: str) -> str:
    own = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([ROOT / "bin" / name, "--help"], env=own, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def options_of(shown: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z-]+", shown.split("example", maxsplit=1)[0]))


def test_every_command_and_script_is_declared_here() -> None:
    assert own_commands() == sorted(COMMANDS)
    assert sorted(path.name for path in (ROOT / "bin").iterdir()) == sorted(SCRIPTS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", name, "--help"]).execute()
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert re.match(r"[A-Z].*\.", load_command_class(get_commands()[name], name).help.strip(), re.DOTALL)
    assert "example" in shown.lower()
    promise = COMMANDS[name]
    missing = {"--json"} if promise.prints else set()
    missing |= {"--dry-run"} if promise.writes else set()
    assert missing - options_of(shown) == set()


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])  # people know it as bin/demo
def test_the_example_of_a_command_calls_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ManagementUtility(["manage.py", name, "--help"]).execute()
    example = re.split(r"[Ee]xamples?:", capsys.readouterr().out, maxsplit=1)[1]
    assert f"manage.py {name}" in example


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_refuses_an_option_it_does_not_know(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", name, "--no-such-option"]).execute()
    assert (ended.value.code, capsys.readouterr().out) == (2, "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_explains_itself(name: str) -> None:
    shown = script_help(name)
    assert shown.lower().startswith("usage:")
    assert f"bin/{name}" in re.split(r"[Ee]xamples?:", shown, maxsplit=1)[1]
    promise = SCRIPTS[name]
    missing = {"--json"} if promise.prints else set()
    missing |= {"--dry-run"} if promise.writes else set()
    assert missing - options_of(shown) == set()
