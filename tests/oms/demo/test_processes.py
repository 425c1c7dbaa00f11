import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from oms.demo.guard import group_lives
from oms.demo.processes import DemoError, Part, Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SLEEP = ["-c", "import time; time.sleep(600)"]
# A part with a child of its own that ignores polite requests, as a pool worker may.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"])
time.sleep(600)
"""
SUPERVISE = """
import sys, time
from pathlib import Path
from oms.demo.processes import Part, Supervisor
with Supervisor(Path(sys.argv[1])) as supervisor:
    part = Part("part", [sys.executable, "-c", sys.argv[2]], lambda: True)
    supervisor.start(part)
    print(part.process.pid, supervisor.guard.pid, flush=True)
    time.sleep(600)
"""


pytestmark = pytest.mark.slow


def part(*command: str) -> Part:
    return Part("part", [sys.executable, *command], lambda: True)


def until(happened: object, seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path) as supervisor:
        yield supervisor


def test_a_killed_part_is_started_again(supervisor: Supervisor) -> None:
    one = part(*SLEEP)
    supervisor.start(one)
    first = one.process
    assert first is not None
    first.kill()
    until(lambda: supervisor.dead() == [one])
    supervisor.revive(one)
    assert one.runs
    assert one.process is not first


def test_a_part_that_never_stays_up_ends_with_its_last_words(supervisor: Supervisor) -> None:
    broken = part("-c", "raise SystemExit('no such table')")
    broken.is_ready = lambda: False
    supervisor.start(broken)
    with pytest.raises(DemoError, match=r"The part does not stay up\.\n(?s:.*)no such table"):
        supervisor.wait_until_ready(broken)


def test_a_part_that_hangs_is_given_up_with_a_sentence(supervisor: Supervisor) -> None:
    slow = part(*SLEEP)
    slow.is_ready, slow.start_limit = (lambda: False), 0.3
    supervisor.start(slow)
    with pytest.raises(DemoError, match="did not get ready within 0 s"):
        supervisor.wait_until_ready(slow)


def test_leaving_stops_every_part(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        parts = [part(*SLEEP), part(*SLEEP)]
        for one in parts:
            supervisor.start(one)
        pids = [one.process.pid for one in parts if one.process]
    assert [group_lives(pid) for pid in pids] == [False, False]


def test_leaving_stops_every_part_though_somebody_has_killed_the_guard(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        one = part(*SLEEP)
        supervisor.start(one)
        supervisor.guard.kill()
        supervisor.guard.wait()
    assert one.process is not None
    assert not group_lives(one.process.pid)


@pytest.mark.parametrize("code", [SLEEP[1], STUBBORN], ids=["polite", "stubborn"])
def test_a_killed_supervisor_leaves_nothing(tmp_path: Path, code: str) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path), code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    group, guard = map(int, supervisor.stdout.readline().split())
    supervisor.kill()
    supervisor.communicate()
    until(lambda: not group_lives(group) and not group_lives(guard))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_supervisor_killed_together_with_its_guard_leaves_nothing(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path), SLEEP[1]], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    group, guard = map(int, supervisor.stdout.readline().split())
    until(lambda: b"guard.py" not in Path(f"/proc/{group}/cmdline").read_bytes())  # it has become the part
    os.kill(guard, signal.SIGKILL)
    supervisor.kill()
    supervisor.communicate()
    until(lambda: not group_lives(group))
