"""PostgreSQL and Valkey from wheels, for every machine that names no server of its own (DATABASE_URL, REDIS_URL).

The first use starts a server, later ones join it, and it stops soon after the last process that used it is gone.
Nothing here starts anything but `postgres()` and `valkey()`; `check` and `--help` therefore touch no server.

    HOMEWARD_DATA       the data folder (default `var/` in the project): database, secrets, what the demo prints
    HOMEWARD_FAST_DISK  `1`: no flushing to disk. For tests and throw-away data only
"""

import contextlib
import errno
import functools
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from oms.embedded import keeper
from oms.embedded.generated import load_secrets
from oms.embedded.keeper import EmbeddedError

__all__ = [
    "EmbeddedError",
    "broker_url",
    "cache_options",
    "cache_url",
    "data_dir",
    "erase",
    "postgres",
    "release",
    "secrets",
    "valkey",
    "valkey_url",
]

PROJECT = Path(__file__).resolve().parent.parent.parent
# Seconds a caller waits: for PostgreSQL one crash recovery on a busy machine; without a broker life goes on.
START_LIMITS = {"postgres": 90.0, "valkey": 10.0}

_joining = threading.Lock()
_joined: dict[Path, int] = {}  # folder of locks → descriptor of the shared `users` lock, held until this process dies


def data_dir() -> Path:
    """Return the data folder (not created by this call)."""
    return _folder(os.environ.get("HOMEWARD_DATA", ""))


@functools.cache
def _folder(named: str) -> Path:
    return (Path(named).expanduser() if named else PROJECT / "var").resolve()


@functools.cache
def _server[Kind: keeper.Server](kind: type[Kind], data: Path) -> Kind:
    return kind(data)


def postgres() -> dict[str, str]:
    """Start or join the embedded PostgreSQL; return `host` (a socket folder), `port`, `user` and `name`."""
    server = _server(keeper.Postgres, data_dir())
    _join(server)
    return {"host": str(server.folder), "port": str(server.port), "user": server.user, "name": server.database}


def valkey() -> str:
    """Start or join the embedded Valkey; return its URL as `valkey_url()` does."""
    _join(_server(keeper.Valkey, data_dir()))
    return valkey_url()


def valkey_url() -> str:
    """Return where the embedded Valkey listens (`unix:///…/valkey.sock`), without starting it."""
    return f"unix://{_server(keeper.Valkey, data_dir()).socket}"


def broker_url(url: str) -> str:
    """Return a Redis URL as Celery spells it: `unix:///path?db=0` → `redis+socket:///path?virtual_host=0`.

    The embedded server's own address becomes `embedded+socket:…`, which starts it (see `connections.py`).
    """
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    scheme = "embedded" if url == valkey_url() else "redis"
    return f"{scheme}+socket://{parts.path}?virtual_host={parse_qs(parts.query).get('db', ['0'])[0]}"


def cache_url(url: str) -> str:
    """Return the database after the broker's on the same server: emptying the cache must not empty a queue."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={int(parse_qs(parts.query).get('db', ['0'])[0]) + 1}"
    return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + 1}").geturl()


def cache_options(url: str) -> dict[str, str]:
    """Return the OPTIONS of Django's cache for this Redis URL: the embedded server is started by its pool."""
    return {"pool_class": "oms.embedded.connections.Pool"} if url == valkey_url() else {}


def secrets() -> dict[str, str]:
    """Return this installation's own secrets, made once and kept in the data folder (see `load_secrets`)."""
    return load_secrets(make_data_dir())


def make_data_dir() -> Path:
    """Create the data folder if needed: closed to others, but passable for root's unprivileged PostgreSQL."""
    folder = data_dir()
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {folder} cannot be used ({error.strerror}); set HOMEWARD_DATA to a folder of yours."
        ) from error
    return folder


def _join(server: keeper.Server) -> None:
    """Make sure the server runs and stays while this process lives; costs microseconds once it does."""
    if server.locks in _joined and keeper.is_locked(server.locks / "ready"):
        return
    make_data_dir()
    try:
        server.locks.mkdir(parents=True, exist_ok=True)
        with _joining:
            starting = keeper.lock(server.locks / "start")  # one starter at a time; whoever dies releases it
            try:
                _hold_as_user(server)
                _wait_until_ready(server)
            finally:
                os.close(starting)  # type: ignore[arg-type]
    except PermissionError as error:
        raise EmbeddedError(
            f"{error.filename} belongs to another user of this machine; set HOMEWARD_DATA to a folder of yours."
        ) from error


def _hold_as_user(server: keeper.Server) -> None:
    held = _joined.get(server.locks)
    path = server.locks / "users"
    if held is not None:
        if path.exists() and os.path.samestat(os.fstat(held), path.stat()):
            return
        os.close(_joined.pop(server.locks))  # the data folder was deleted and made again
    descriptor = keeper.lock(path, shared=True)  # waits for a keeper that is just stopping
    assert descriptor is not None
    _joined[server.locks] = descriptor


def _wait_until_ready(server: keeper.Server) -> None:
    limit = time.monotonic() + START_LIMITS[server.name]
    child: subprocess.Popen[bytes] | None = None
    out = server.locks / "keeper.log"
    while not keeper.is_locked(server.locks / "ready"):
        if time.monotonic() > limit:
            raise EmbeddedError(
                f"{server.name} did not start within {START_LIMITS[server.name]:.0f} s; see {server.log}."
            )
        if child is not None and child.poll():
            raise EmbeddedError(f"{server.name} did not start: {keeper.tail(out) or 'see ' + str(server.log)}")
        if (child is None or child.poll() == 0) and not keeper.is_locked(server.locks / "serve"):
            with out.open("wb") as log:
                child = subprocess.Popen(
                    [sys.executable, "-I", keeper.__file__, "serve", server.name, str(server.data)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    start_new_session=True,
                )
        time.sleep(0.02)
    if child is not None:
        child.returncode = 0  # it outlives this process by design: no ResourceWarning about it


def release(*, wait: float = 0.0) -> bool:
    """Stop using the servers; wait up to so many seconds until they are down. Return whether they are."""
    with _joining:
        folders = list(_joined)
        while _joined:
            os.close(_joined.popitem()[1])
    limit = time.monotonic() + wait
    while any(keeper.is_locked(folder / "serve") for folder in folders):
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def erase(*, wait: float = 15.0, keep: Collection[str] = ()) -> None:
    """Delete what the data folder holds, but for the names to keep; refused while another process uses a server."""
    folder = data_dir()
    if not folder.exists():
        return
    release(wait=wait)
    with contextlib.ExitStack() as held:
        for server in (kind(folder) for kind in keeper.SERVERS.values()):
            server.locks.mkdir(parents=True, exist_ok=True)
            held.callback(os.close, keeper.lock(server.locks / "start"))
            users = keeper.lock(server.locks / "users", wait=False)
            if users is not None:
                held.callback(os.close, users)
            if users is None or keeper.is_locked(server.locks / "serve"):
                raise EmbeddedError(f"{folder} is in use: stop the other demo, command or test first.")
        run = keeper.run_dir(folder)  # the database lies here when the data folder is closed to PostgreSQL
        for part in (*folder.iterdir(), *run.glob("*")):
            if part == folder / "embedded" or part.name in keep:
                continue  # the locks themselves stay: somebody may be waiting at one
            shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink(missing_ok=True)
