"""Nothing the demo started may outlive it, however it ends. Run by path; standard library alone.

`guard.py watch`      reads process groups from a pipe that the demo holds open (`+pid`, `-pid`); at its end, which a
                      `kill -9` brings too, it stops the groups that are left
`guard.py run CMD…`   becomes CMD, asking the kernel (Linux) to end it when the demo dies
"""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

PR_SET_PDEATHSIG = 1
PATIENCE = 8.0  # seconds between asking and forcing


def watch() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with the pipe, never before
    groups: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        groups.add(pid) if line[0] == "+" else groups.discard(pid)
    for number, patience in ((signal.SIGTERM, PATIENCE), (signal.SIGKILL, 2.0)):
        for pid in groups:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number) if number == signal.SIGTERM else os.killpg(pid, number)
        limit = time.monotonic() + patience
        while any(map(group_lives, groups)) and time.monotonic() < limit:
            time.sleep(0.1)


def group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def run(command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(command[0], command)  # noqa: S606 - the demo's own parts


if __name__ == "__main__":
    watch() if sys.argv[1] == "watch" else run(sys.argv[2:])
