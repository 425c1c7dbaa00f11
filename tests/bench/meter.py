"""What a stretch of work costs: SQL statements of the product's own sessions, and CPU per part."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from oms import embedded

WATCHER = "watcher"  # the harness's own database user, whose statements and sessions are not the product's
# Deferred foreign keys are looked up at COMMIT by PostgreSQL itself: no client sent those statements.
STATEMENTS = """
    SELECT coalesce(sum(s.calls), 0)::bigint FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
     WHERE s.query NOT LIKE 'SELECT %% FROM ONLY %% FOR KEY SHARE OF x' AND r.rolname <> %s
       AND s.dbid = (SELECT oid FROM pg_database WHERE datname = %s)
"""


@dataclass(frozen=True)
class Reading:
    statements: int
    cpu: Mapping[str, float]  # seconds per part so far


class Meter:
    """Reads counters; `parts` maps a name to the pid of its first process."""

    def __init__(self, database: str, parts: Mapping[str, int]) -> None:
        self.database = database
        self.parts = {**parts, "postgresql": self._postmaster(), "broker": self._broker()}
        self.watching = connect(database)

    def read(self) -> Reading:
        with self.watching.cursor() as cursor:
            cursor.execute(STATEMENTS, [WATCHER, self.database])
            statements = cursor.fetchone()[0]
        return Reading(statements, {name: cpu_of(pid) for name, pid in self.parts.items()})

    def memory(self) -> dict[str, float]:
        """Largest process of each part, in MiB of resident memory."""
        return {name: round(max(map(_resident, tree(pid))) / 2**20, 1) for name, pid in self.parts.items()}

    @staticmethod
    def _postmaster() -> int:
        server = embedded.postgres()
        [pid] = [
            one.pid
            for one in psutil.process_iter(["cmdline"])
            if one.info["cmdline"]
            and server["host"] in one.info["cmdline"]
            and one.info["cmdline"][0].endswith("postgres")
        ]
        return pid

    @staticmethod
    def _broker() -> int:
        socket = embedded.valkey().removeprefix("unix://")
        folder = str(Path(socket).parent)
        for one in psutil.process_iter(["cmdline", "name"]):
            words = " ".join(one.info["cmdline"] or [])
            if "valkey-server" in words and folder in words:
                return one.pid
        raise LookupError("no broker")


def connect(database: str) -> psycopg.Connection:
    """A session of the harness itself."""
    server = embedded.postgres()
    where = {"host": server["host"], "port": server["port"], "dbname": database, "autocommit": True}
    with psycopg.connect(**where, user=server["user"]) as owner:
        owner.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        owner.execute(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{WATCHER}') "
            f"THEN CREATE ROLE {WATCHER} SUPERUSER LOGIN; END IF; END $$"
        )
    return psycopg.connect(**where, user=WATCHER)


def tree(pid: int) -> list[psutil.Process]:
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def _resident(one: psutil.Process) -> int:
    """Bytes of memory; 0 for a process that has ended since it was listed, as a spent worker child does."""
    try:
        return int(one.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, all it started that still runs, and all of those it saw end."""
    total = 0.0
    for one in tree(pid):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def per(before: Reading, after: Reading, count: int) -> tuple[float, dict[str, float]]:
    """Statements and milliseconds of CPU by part, each divided by `count`."""
    cpu = {name: round(1000 * (after.cpu[name] - before.cpu[name]) / count, 1) for name in after.cpu}
    return round((after.statements - before.statements) / count, 1), cpu
