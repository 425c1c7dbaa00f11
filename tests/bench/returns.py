"""Whole returns over HTTP, lookup to settled with all mails, at 1, 4 and 8 clients: T1, T4, T6 and the pages' times.

Counted are the product's own SQL statements (BEGIN, COMMIT and SAVEPOINT too) and the CPU of web, worker, beat,
PostgreSQL and broker. The sandbox, the renderer of PDFs and this client stand apart.
"""

import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any

import httpx
import psutil
from django.conf import settings
from django.db import connection
from django.utils import timezone
from rich.console import Console

from oms import embedded
from oms.demo import ports, steps
from oms.demo.browser import Browser, Page
from oms.demo.people import log_ins
from oms.demo.seeding.staff import make_staff
from oms.demo.shop import Shop
from tests.bench import load
from tests.bench.meter import Meter, connect, per, tree
from tests.builders import Sold, a_customer, an_order

CLIENTS = (1, 4, 8)
OWN = ("web", "worker", "beat", "postgresql", "broker")
PATIENCE = 60.0
SLIPS = 6
# The time a bank takes is no cost of the product; the sandbox's own 0.1 to 0.3 s would only leave clients waiting.
AT_ONCE = {"stripe": {"settle_after": [0.0, 0.0]}}


class TimedBrowser(Browser):
    """Notes how long each answer took, by the page it is: a redirect and where it leads are two answers."""

    times: dict[str, list[float]] = defaultdict(list)

    @classmethod
    def _page(cls, answer: httpx.Response, expect: Iterable[int]) -> Page:
        for one in (*answer.history, answer):
            cls.times[f"{one.request.method} {_kind(one.url.path)}"].append(one.elapsed.total_seconds())
        return super()._page(answer, expect)


def _kind(path: str) -> str:
    """The path with numbers and secrets taken out, so that one page has one name."""
    keep = []
    for part in path.strip("/").split("/"):
        keep.append(
            part if part.replace("-", "").replace(".", "").isalpha() and part.islower() and len(part) < 20 else "…"
        )
    return "/" + "/".join(keep)


@contextmanager
def a_shop(orders: int) -> Iterator[tuple[Shop, list[tuple[str, str]]]]:
    """A running shop with this many orders, each of one line of two pieces, paid by card at the sandbox."""
    data = embedded.data_dir()
    found = _orders(orders)
    make_staff(data)
    shop = Shop(throw_away=True, said=Console(stderr=True, quiet=True))
    with shop.supervisor:
        shop.web_port = ports.any_free()
        shop._collect_static_files()
        shop._start_parts(0)
        charges = [
            {"payment_intent": f"pi_bench_{number}", "charge": f"ch_bench_{number}", "amount": 2000, "currency": "gbp"}
            for number, _proof in found
        ]
        with httpx.Client(base_url=f"{shop.sandbox_url}/_sandbox", timeout=30, trust_env=False) as provider:
            provider.post("/payments", json=charges).raise_for_status()
            provider.put("/faults", json=AT_ONCE).raise_for_status()
        yield shop, found


def _orders(count: int) -> list[tuple[str, str]]:
    now = timezone.now()
    placed, shipped, delivered = now - timedelta(days=5), now - timedelta(days=4), now - timedelta(days=2)
    found = []
    for at in range(count):
        number = f"B{at:06d}"
        customer = a_customer(email=f"bench-{at}@example.test", postcode="LE1 5AA")
        order = an_order(
            number=number,
            customer=customer,
            lines=[Sold()],
            placed_at=placed,
            shipped_at=shipped,
            delivered_at=delivered,
            provider_id=f"pi_bench_{number}",
        )
        found.append((order.number, customer.email))
    return found


class _Watch:
    """Asks the database, as somebody else, how far a return is: the product's counters do not move by it."""

    def __init__(self) -> None:
        self.session = connect(str(connection.settings_dict["NAME"]))

    def value(self, sql: str, *values: Any) -> Any:
        with self.session.cursor() as cursor:
            cursor.execute(sql, values)
            row = cursor.fetchone()
        return row[0] if row else None

    def wait(self, sql: str, *values: Any) -> Any:
        return steps.wait_for(lambda: self.value(sql, *values), sql, PATIENCE, every=0.01)


_PARCEL = "SELECT p.tracking_number FROM returns_parcel p JOIN returns_rma r ON r.id = p.rma_id WHERE r.number = %s"
TRACKING = f"{_PARCEL} AND p.status = 'labeled'"
DELIVERED = f"{_PARCEL} AND p.status = 'delivered'"
SHIPPED = "SELECT 1 FROM returns_rma WHERE number = %s AND status = 'in_transit'"
CLOSED = "SELECT 1 FROM returns_rma WHERE number = %s AND status = 'closed'"
OWED = "SELECT count(*) = 0 FROM oms_delivery WHERE done_at IS NULL AND dead_at IS NULL AND due_at <= now()"
# From the moment the verb began to the end of the job it caused: more than T6 asks for, never less.
LATENCY = """
    SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM d.done_at - e.occurred_at))
      FROM oms_delivery d JOIN oms_event e ON e.id = d.event_id
     WHERE d.queue = 'mail' AND e.occurred_at > %s AND d.attempts = 1
"""


def one_return(shop: Shop, watch: _Watch, order: tuple[str, str], dock: Browser) -> None:
    """Everything people and carrier do for one return, ending when it is closed."""
    with TimedBrowser(shop.web_url) as customer:
        asked = steps.ask_for_return(customer, *order)
        tracking = watch.wait(TRACKING, asked.number)
        page = customer.get(asked.url)
        customer.get(page.link("/label/"))
        steps.scan_parcel(shop.sandbox_url, tracking, "in_transit")
        watch.wait(SHIPPED, asked.number)
        steps.scan_parcel(shop.sandbox_url, tracking, "delivered")
        watch.wait(DELIVERED, asked.number)
        steps.receive_all(dock, tracking)
        steps.inspect_all(dock, asked.number)
        watch.wait(CLOSED, asked.number)


def measure(seconds: float) -> dict[str, Any]:
    """`seconds` sets how many returns each number of clients drives: what a machine with two cores does meanwhile."""
    counts = {clients: max(2 * clients, round(seconds * min(3 * clients, 6))) for clients in CLIENTS}
    warm = 12  # each process has drawn each page and prepared each statement by then
    with a_shop(warm + sum(counts.values()) + SLIPS) as (shop, orders):
        todo = iter(orders)
        pids = {part.name: part.process.pid for part in shop.supervisor.parts if part.process}
        meter = Meter(str(connection.settings_dict["NAME"]), pids)
        staff = [steps.sign_in(shop.web_url, person) for person in log_ins(shop.data) if person["role"] == "manager"]
        cookies = staff[0]._client.cookies
        found: dict[str, Any] = {"cold_start_cpu_s": _cold_starts(meter)}
        _drive(shop, [next(todo) for _ in range(warm)], 1, cookies)
        rates, costs = {}, {}
        for clients, count in counts.items():
            batch = [next(todo) for _ in range(count)]
            TimedBrowser.times.clear()
            before, began = meter.read(), timezone.now()
            started, own = time.monotonic(), time.process_time()
            _drive(shop, batch, clients, cookies)
            took, own = time.monotonic() - started, time.process_time() - own
            _Watch().wait(OWED)
            statements, cpu = per(before, meter.read(), count)
            cpu["client"] = round(1000 * own / count, 1)
            rates[str(clients)] = round(count / took, 2)
            costs[clients] = (statements, cpu, _pages(), _Watch().value(LATENCY, began))
        statements, cpu, _one, _latency = costs[1]
        found |= {
            "statements_per_return": statements,
            "cpu_ms_per_return": round(sum(cpu[name] for name in OWN), 1),
            "cpu_ms_by_part": cpu,
            "returns_per_second": rates,
            "pages": costs[4][2],
            "event_to_job_done_p95_ms": {str(n): round(1000 * float(cost[3] or 0), 1) for n, cost in costs.items()},
            "memory_mib": meter.memory(),
            "pdf_cpu_ms": _pdf_cost(shop, list(islice(todo, SLIPS))),
        }
    found["migrate_s"] = _migrate_seconds()
    return found


def _drive(shop: Shop, orders: list[tuple[str, str]], clients: int, cookies: httpx.Cookies) -> None:
    todo, lock, problems = iter(orders), threading.Lock(), []

    def client() -> None:
        watch, dock = _Watch(), TimedBrowser(shop.web_url)
        dock._client.cookies.update(cookies)
        while True:
            with lock:
                order = next(todo, None)
            if order is None or problems:
                return
            try:
                one_return(shop, watch, order, dock)
            except Exception as problem:
                problems.append(problem)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def _pages() -> dict[str, dict[str, float]]:
    return {
        name: {"p50_ms": load.percentile(times, 0.5), "p95_ms": load.percentile(times, 0.95), "count": len(times)}
        for name, times in sorted(TimedBrowser.times.items())
    }


def _cold_starts(meter: Meter) -> dict[str, float]:
    """CPU a process has used when it is ready: the heaviest of each part."""
    return {
        name: round(max(sum(one.cpu_times()[:2]) for one in tree(meter.parts[name])), 2) for name in ("web", "worker")
    }


def _pdf_cost(shop: Shop, orders: list[tuple[str, str]]) -> float:
    """CPU of the renderer for one A4 slip, in milliseconds; the first, which starts it, is not counted."""
    with Browser(shop.web_url) as customer:
        slips = [f"{steps.ask_for_return(customer, *order).url}slip.pdf" for order in orders]
        customer.get(slips[0])
        renderer = _renderer(shop)
        before = sum(renderer.cpu_times()[:2])
        for slip in slips[1:]:
            customer.get(slip)
        spent = sum(renderer.cpu_times()[:2]) - before
    return round(1000 * spent / (len(slips) - 1), 1)


def _renderer(shop: Shop) -> psutil.Process:
    for one in psutil.process_iter(["cmdline"]):
        words = one.info["cmdline"] or []
        if any("rendering" in word for word in words) and str(shop.data) in " ".join(words) + str(one.environ()):
            return one
    raise LookupError("no renderer")


def _migrate_seconds() -> float:
    """Seconds of `migrate` on an empty database."""
    server = embedded.postgres()
    with connect(server["name"]) as session:
        session.execute("DROP DATABASE IF EXISTS empty")
        session.execute("CREATE DATABASE empty")
    url = f"postgres:///{server['host']}/empty?user={server['user']}"
    environment: Mapping[str, str] = os.environ | {"DATABASE_URL": url}
    started = time.monotonic()
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True)
    return round(time.monotonic() - started, 1)
