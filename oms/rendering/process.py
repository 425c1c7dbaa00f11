"""The process behind `oms.rendering`: one drawing at a time, read from a Unix socket. Knows nothing of Django.

Usage: process.py SOCKET [--detach]. With --detach the call returns as soon as it listens. It ends by itself when nobody
has asked for three minutes, when its socket is gone, or when it has grown beyond its limit: the next caller starts a
fresh one.
"""

import contextlib
import os
import socket
import struct
import sys
import time
import traceback
from pathlib import Path

IDLE_SECONDS = 180.0
LOOK_SECONDS = 2.0
READ_SECONDS = 10.0
LARGEST_REQUEST = 16 << 20
LIMIT_BYTES = 235 << 20


def draw_svg(body: bytes) -> bytes:
    import json  # noqa: PLC0415

    # Loaded when first needed: half a second and 75 MiB, which a process that only sets PDFs never pays.
    import vl_convert  # noqa: PLC0415
    from svg_cleaning import cleaned  # type: ignore[import-not-found]  # noqa: PLC0415

    spec = json.loads(body)
    drawn = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return cleaned(drawn, str(spec.get("description", ""))).encode()


def set_pdf(body: bytes) -> bytes:
    # Loaded when first needed: a second and 60 MiB.
    import weasyprint  # noqa: PLC0415

    inline_only = weasyprint.urls.URLFetcher(allowed_protocols=["data"], fail_on_errors=False)
    return weasyprint.HTML(string=body.decode(), base_url="", url_fetcher=inline_only).write_pdf()


KINDS = {b"svg": draw_svg, b"pdf": set_pdf}


def answer(line: socket.socket) -> None:
    head = _exactly(line, 7)
    size = struct.unpack("!I", head[3:])[0]
    draw = KINDS.get(head[:3])
    if draw is None or size > LARGEST_REQUEST:
        _send(line, b"e", b"this kind or size is not drawn here")
        return
    body = _exactly(line, size)
    try:
        drawn = draw(body)
    except Exception as problem:
        # Only where it failed: a page to be set holds personal data, and a message may quote it.
        traceback.print_tb(problem.__traceback__)
        _send(line, b"e", f"{type(problem).__name__} while drawing {head[:3].decode()}".encode())
        return
    _send(line, b"k", drawn)


def _send(line: socket.socket, verdict: bytes, body: bytes) -> None:
    line.sendall(verdict + struct.pack("!I", len(body)) + body)


def _exactly(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        if not (part := line.recv(min(size - len(parts), 1 << 18))):
            raise EOFError
        parts += part
    return bytes(parts)


def resident_bytes() -> int:
    """Memory in use now, 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def serve(path: Path, *, detach: bool = False) -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        mine.unlink()
    listener.bind(str(mine))
    mine.chmod(0o600)
    listener.listen(64)
    mine.rename(path)  # only a listening socket ever has the name
    inode = path.stat().st_ino
    if detach and os.fork():
        os._exit(0)
    listener.settimeout(LOOK_SECONDS)
    asked = time.monotonic()
    try:
        # Gone or taken over: the data folder was erased, or another one serves.
        while _is_ours(path, inode) and time.monotonic() - asked < IDLE_SECONDS and resident_bytes() < LIMIT_BYTES:
            try:
                line, _ = listener.accept()
            except TimeoutError:
                continue
            with line:
                line.settimeout(READ_SECONDS)
                with contextlib.suppress(OSError, EOFError):
                    answer(line)
            asked = time.monotonic()
    finally:
        if _is_ours(path, inode):
            path.unlink(missing_ok=True)
        listener.close()


def _is_ours(path: Path, inode: int) -> bool:
    try:
        return path.stat().st_ino == inode
    except OSError:
        return False


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    serve(Path(sys.argv[1]), detach="--detach" in sys.argv[2:])
