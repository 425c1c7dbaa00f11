"""The site as it runs in production: its own processes, files collected, hashed, bundled and compressed."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.processes import child_environment

PROJECT = Path(__file__).resolve().parents[2]
START_LIMIT = 90.0  # seconds


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Collect the files into `folder` and serve this test's database on a free port; yields the address."""
    environment = child_environment() | {
        # The settings of the tests: quick password hashes, nothing remembered between two requests.
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "STATIC_ROOT": str(folder / "static"),
    }
    collect = [sys.executable, str(PROJECT / "manage.py"), "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, env=environment, cwd=PROJECT, check=True)
    port = _free_port()
    serve = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    serve += ["--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "oms.wsgi:application"]
    with (folder / "web.log").open("wb") as log:
        server = subprocess.Popen(serve, env=environment, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + START_LIMIT
    with httpx.Client(transport=httpx.HTTPTransport(retries=3), trust_env=False) as client:
        while True:
            assert server.poll() is None, "the web server has ended"
            try:
                client.get(f"{address}/healthz", timeout=10).raise_for_status()
                return
            except httpx.TransportError:
                assert time.monotonic() < limit, "the web server does not answer"
