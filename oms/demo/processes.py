"""Starting the parts of a shop as processes, keeping them alive, and stopping every one of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from oms.demo import guard

STOP_LIMIT = 15.0  # seconds: Celery lets its running task end first
RESTARTS = 4  # within a minute; then starting again does not help
MINUTE = 60.0


class DemoError(Exception):
    """The demo cannot start or go on; the message is a sentence for the person at the terminal."""


@dataclass
class Part:
    """One process: how it is started, and how one sees that it really works."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool]
    environment: dict[str, str] = field(default_factory=dict)
    start_limit: float = 90.0
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs parts until told to stop; a context manager, so that every way out stops them."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.parts: list[Part] = []

    def __enter__(self) -> "Supervisor":
        self.logs.mkdir(parents=True, exist_ok=True)
        self.guard = subprocess.Popen(
            [sys.executable, "-I", guard.__file__, "watch"], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        assert self.guard.stdin is not None
        with suppress(BrokenPipeError):  # somebody killed the guard; nothing is left for it to do
            self.guard.stdin.close()
        self.guard.wait()

    def log_of(self, part: Part) -> Path:
        return self.logs / f"{part.name}.log"

    def start(self, part: Part) -> None:
        if part not in self.parts:
            self.parts.append(part)
            self.log_of(part).unlink(missing_ok=True)
        part.starts = [at for at in part.starts if at > time.monotonic() - MINUTE] + [time.monotonic()]
        if len(part.starts) > RESTARTS:
            raise DemoError(f"The {part.name} does not stay up.\n{self._last_words(part)}")
        with self.log_of(part).open("ab") as log:
            part.process = subprocess.Popen(
                [sys.executable, "-I", guard.__file__, "run", *part.command],
                env=os.environ | part.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the supervisor alone, which then asks each part in order. A group, no session: Linux
                # shares its processors between sessions first, and the worker's niceness would count for nothing.
                process_group=0,
            )
        self._tell_guard("+", part.process.pid)

    def wait_until_ready(self, *parts: Part, progress: Callable[[Part], None] = lambda part: None) -> None:
        """Return when every part works; a part that dies meanwhile is started again, a few times."""
        waiting = list(parts)
        while waiting:
            for part in list(waiting):
                if not part.runs:
                    self.revive(part)
                if part.is_ready():
                    waiting.remove(part)
                    progress(part)
                elif time.monotonic() > part.starts[-1] + part.start_limit:
                    raise DemoError(
                        f"The {part.name} did not get ready within {part.start_limit:.0f} s.\n{self._last_words(part)}"
                    )
            time.sleep(0.1)

    def revive(self, part: Part) -> None:
        """Start a part again that ended by itself, after ending what is left of its group."""
        assert part.process is not None
        self._end_group(part.process.pid, signal.SIGKILL)
        self._tell_guard("-", part.process.pid)
        self.start(part)

    def dead(self) -> list[Part]:
        return [part for part in self.parts if not part.runs]

    def stop(self) -> None:
        """Ask every part to end (by SIGTERM: Celery answers SIGINT with an error), wait, then force what is left."""
        for part in self.parts:
            if part.runs:
                assert part.process is not None
                part.process.terminate()
        limit = time.monotonic() + STOP_LIMIT
        for part in self.parts:
            if part.process is None:
                continue
            with suppress(subprocess.TimeoutExpired):
                part.process.wait(timeout=max(0.1, limit - time.monotonic()))
            self._end_group(part.process.pid, signal.SIGKILL)
            part.process.wait()
            self._tell_guard("-", part.process.pid)
        self.parts.clear()

    def _last_words(self, part: Part) -> str:
        log = self.log_of(part)
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join([*lines[-12:], f"(all of it: {log})"])

    def _tell_guard(self, sign: str, pid: int) -> None:
        assert self.guard.stdin is not None
        with suppress(BrokenPipeError):  # somebody killed the guard; the kernel's own signal still covers the parts
            self.guard.stdin.write(f"{sign}{pid}\n")
            self.guard.stdin.flush()

    @staticmethod
    def _end_group(pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # all of it has ended
            os.killpg(pid, number)
