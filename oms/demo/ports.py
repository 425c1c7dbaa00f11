"""Free ports on this machine, for several demos at once."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oms.embedded import keeper

FIRST_PORT, LAST_PORT = 8000, 8099


@contextmanager
def choosing() -> Iterator[None]:
    """Hold this while choosing a port and until it is listened on, so that two demos cannot choose the same one."""
    path = keeper.run_dir(Path("ports")).with_suffix(".lock")  # per user of the machine
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of an earlier run may still fade out
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) != 0


def any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def next_free(remembered: int | None) -> int:
    """Return the port of last time if it is free, else the first free one from 8000."""
    wanted = ([remembered] if remembered else []) + list(range(FIRST_PORT, LAST_PORT + 1))
    return next((port for port in wanted if is_free(port)), 0) or any_free()


def remembered(folder: Path) -> dict[str, int]:
    try:
        return json.loads((folder / "ports.json").read_text())
    except (OSError, ValueError):
        return {}


def remember(folder: Path, ports: dict[str, int]) -> None:
    (folder / "ports.json").write_text(json.dumps(ports))
