"""Charts and PDFs, drawn by one process of their own: heavy libraries never enter the web server or a worker.

The process starts on first use, serves everyone on this machine that shares the data folder, and is started again
when it is gone. It reads nothing but what it is given: no files, no network.
"""

import fcntl
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oms import embedded

PROGRAM = Path(__file__).with_name("process.py")
START_SECONDS = 20.0
ANSWER_SECONDS = 20.0
# A Unix socket's path may have about 100 bytes on every system we run on.
LONGEST_SOCKET_PATH = 100


class RendererAway(Exception):
    """The process that draws could not be started or did not answer; the page goes on without the picture."""


class DrawingRefused(Exception):
    """What was sent cannot be drawn: a fault of ours, in a specification or in a template."""


def svg(spec: dict[str, Any]) -> str:
    """Draw a Vega-Lite specification whose data are in it; return SVG without styles, scripts or outside links.

    Raises RendererAway when nothing answers, DrawingRefused when the specification is wrong.
    """
    return _ask(b"svg", json.dumps(spec, separators=(",", ":")).encode()).decode()


def pdf(html: str) -> bytes:
    """Set an HTML page as PDF. Pictures must be inside it as `data:`; nothing else is ever fetched.

    Raises RendererAway when nothing answers, DrawingRefused when the page cannot be set.
    """
    return _ask(b"pdf", html.encode())


def socket_path() -> Path:
    """Where the process listens: in the data folder, or in a private temporary folder when that path is too long."""
    folder = embedded.data_dir() / "run"
    if len(os.fsencode(folder / "renderer.sock")) > LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"homeward-renderer-{os.getuid()}-{digest}"
    return folder / "renderer.sock"


def command(path: Path) -> list[str]:
    """How the process is started. Not through Django: it needs none of it, and stays small."""
    return [sys.executable, "-P", str(PROGRAM), str(path)]


def _ask(kind: bytes, body: bytes) -> bytes:
    for attempt in (1, 2):
        try:
            with _connected() as line:
                line.sendall(kind + struct.pack("!I", len(body)) + body)
                verdict, answer = _receive(line)
            break
        except (OSError, EOFError) as problem:
            # It may have died, or retired because it had grown, while we spoke: drawing twice harms nobody.
            if attempt == 2:
                raise RendererAway(str(problem)) from None
    if verdict != b"k":
        raise DrawingRefused(answer.decode(errors="replace"))
    return answer


def _receive(line: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(line, 5)
    return head[:1], _exactly(line, struct.unpack("!I", head[1:])[0])


def _exactly(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        if not (part := line.recv(min(size - len(parts), 1 << 18))):
            raise EOFError("the renderer hung up")
        parts += part
    return bytes(parts)


@contextmanager
def _connected() -> Iterator[socket.socket]:
    path = socket_path()
    line = _connect(path) or _start(path)
    try:
        yield line
    finally:
        line.close()


def _connect(path: Path) -> socket.socket | None:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(ANSWER_SECONDS)
    try:
        line.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        line.close()
        return None
    return line


def _start(path: Path) -> socket.socket:
    """Start the process, one starter at a time; the others find it running when the lock is theirs."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_uid != os.getuid():
        raise RendererAway(f"{path.parent} belongs to somebody else")
    with path.with_suffix(".start").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if line := _connect(path):
            return line
        log = path.with_suffix(".log").open("ab")
        with log:
            # It comes back as soon as it listens, and goes on as nobody's child.
            try:
                subprocess.run(  # noqa: S603 - our own program, no words of a visitor
                    [*command(path), "--detach"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    timeout=START_SECONDS,
                    check=True,
                )
            except (subprocess.SubprocessError, OSError) as problem:
                raise RendererAway(f"it did not start ({problem}); see {path.with_suffix('.log')}") from None
        if line := _connect(path):
            return line
    raise RendererAway("it started and went away at once")
