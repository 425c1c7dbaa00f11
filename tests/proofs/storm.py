"""Bad weather for a whole shop: workers killed, the broker killed and emptied, the database's sessions cut.

Everything that ends here was started here and is ended by its process id.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import psutil

CHILD_EVERY, WORKER_EVERY = 2.0, 15.0  # seconds
READY_WITHIN = 90.0


@contextmanager
def a_shop(*, workers: int = 2) -> Iterator[Any]:
    """A running shop on the throw-away servers: web, sandbox, beat and this many workers for all queues."""
    from rich.console import Console

    from oms.demo import ports
    from oms.demo.shop import Shop

    shop = Shop(throw_away=True, said=Console(stderr=True, quiet=True))
    shop._collect_static_files()
    with shop.supervisor:
        shop.web_port = ports.any_free()
        shop._start_parts(0)
        more = [_another_worker(shop, number) for number in range(2, workers + 1)]
        for part in more:
            shop.supervisor.start(part)
        shop.supervisor.wait_until_ready(*more)
        yield shop


def _another_worker(shop: Any, number: int) -> Any:
    from oms.celery import app
    from oms.demo.shop import WORKER

    name = WORKER.replace("demo", f"demo-{number}")
    part = shop._worker()
    part.name = f"worker-{number}"
    part.command = [name if word == WORKER else word for word in part.command]
    part.is_ready = lambda: bool(app.control.ping(destination=[name], timeout=0.5))
    return part


def workers_of(shop: Any) -> list[Any]:
    return [part for part in shop.supervisor.parts if part.name.startswith("worker")]


def pay_at_sandbox(shop: Any, orders: list[Any]) -> None:
    """Let the payment double know what these orders paid."""
    from oms.models import Payment
    from tests.refunds.cases import known_to_provider

    payments = [known_to_provider(payment) for payment in Payment.objects.filter(order__in=orders)]
    _control(shop, "POST", "payments", payments)


def faults(shop: Any, **groups: Any) -> None:
    """Set what goes wrong at the vendors; `calm=True` ends all of it."""
    _control(shop, "PUT", "faults", groups)


def book(shop: Any) -> dict[str, Any]:
    """What really happened at the vendors."""
    return httpx.get(f"{shop.sandbox_url}/_sandbox/book", timeout=60, trust_env=False).raise_for_status().json()


def _control(shop: Any, method: str, name: str, body: Any) -> None:
    told = httpx.request(method, f"{shop.sandbox_url}/_sandbox/{name}", json=body, timeout=60, trust_env=False)
    told.raise_for_status()


# ── Patience: what people do when something breaks ────────────────────────────────────────────────────────────────


def patiently[Done](call: Callable[[], Done], *, noted: Counter[str] | None = None, patience: float = 60.0) -> Done:
    """Do it again, the same, until it works: the database's session may be cut under any statement."""
    from django.db import InterfaceError, OperationalError, connection

    until = time.monotonic() + patience
    while True:
        try:
            return call()
        except (OperationalError, InterfaceError, httpx.HTTPError) as error:
            if time.monotonic() > until:
                raise
            if noted is not None:
                noted[type(error).__name__] += 1
            with suppress(Exception):  # the session is dead already
                connection.close()
            time.sleep(0.1)


# ── The storm ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Storm:
    """Blows from a thread of its own until it is calmed; whatever ended is started again as long as the shop is open.

    By the clock: pool children every 2 s, whole workers every 15 s. By progress (0 to 1), so that they meet every phase
    whatever the size: `planned` maps a kind to how often it comes.
    """

    def __init__(self, shop: Any, progress: Callable[[], float], planned: dict[str, int], *, seed: int = 1) -> None:
        self.shop, self.progress = shop, progress
        self.blows: Counter[str] = Counter()
        self.trouble: list[str] = []
        self._random = random.Random(seed)
        # The k-th of n comes when k of n + 1 parts of the work are done, so none comes before the first or after all.
        self._due = sorted((k / (n + 1), kind) for kind, n in planned.items() for k in range(1, n + 1))
        self._calm, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="storm")

    def __enter__(self) -> "Storm":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Not earlier: what a thread has started is told to stop when that thread ends.
        self._calm.set()
        self._over.set()
        self._thread.join()

    def calm(self) -> None:
        self._calm.set()

    def _run(self) -> None:
        from django.db import connection

        child_at, worker_at = time.monotonic(), time.monotonic() + WORKER_EVERY / 2
        while not self._over.wait(0.2):
            self._keep_up()
            if self._calm.is_set():
                continue
            now = time.monotonic()
            if now >= child_at:
                child_at = now + CHILD_EVERY
                self._attempt("pool child", self._kill_child)
            if now >= worker_at:
                worker_at = now + WORKER_EVERY
                self._attempt("worker", self._kill_worker)
            while self._due and self.progress() >= self._due[0][0]:
                _share, kind = self._due.pop(0)
                self._attempt(kind, {"broker": kill_broker, "flush": empty_broker, "database": cut_sessions}[kind])
        connection.close()

    def _attempt(self, kind: str, blow: Callable[[], int | None]) -> None:
        try:
            done = blow()
        except Exception as error:
            self.trouble.append(f"{kind}: {type(error).__name__}")
        else:
            self.blows[kind] += 1 if done is None else done

    def _keep_up(self) -> None:
        """Start again what ended, as any supervisor of a server would."""
        for part in self.shop.supervisor.dead():
            part.starts.clear()  # that it falls often is no surprise here
            self.shop.supervisor.revive(part)
            if not part.name.startswith("worker"):
                self.blows[f"{part.name} ended by itself"] += 1

    def _kill_child(self) -> int:
        part = self._random.choice(workers_of(self.shop))
        if not part.runs:
            return 0
        children = psutil.Process(part.process.pid).children(recursive=True)
        if not children:
            return 0  # still starting
        with suppress(psutil.NoSuchProcess):
            self._random.choice(children).kill()
        return 1

    def _kill_worker(self) -> None:
        """The whole of one worker at once, its pool included; each in turn."""
        workers = workers_of(self.shop)
        part = workers[self.blows["worker"] % len(workers)]
        with suppress(ProcessLookupError):
            os.killpg(part.process.pid, signal.SIGKILL)
        part.process.wait()


def kill_broker() -> None:
    from oms import embedded
    from oms.embedded import keeper

    pid = keeper.Valkey(embedded.data_dir()).orphan()
    if not pid:
        raise LookupError("the broker does not answer")
    os.kill(pid, signal.SIGKILL)


def empty_broker() -> None:
    import redis

    from oms import embedded

    with redis.Redis(unix_socket_path=embedded.valkey_url().removeprefix("unix://")) as broker:
        broker.flushall()


def cut_sessions() -> int:
    """End every other session of the shop's database. Returns how many."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return 1 if cursor.fetchone()[0] else 0
