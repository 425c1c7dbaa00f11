"""T6: work follows its event at once, and a backlog of 10,000 events is worked off while pages stay as fast as before.

People look at pages the whole time, evenly. In calm weather a vendor's message comes every quarter of a second: its
latency is the time from its commit to the start of its job. Then the workers are held while `size` messages pile up
and let go. How much slower pages are meanwhile is a ratio of this run; it is judged at the full size only.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Flag
from typing import Any

import httpx
import psutil

from tests.bench.load import percentile
from tests.bench.meter import tree
from tests.proofs import Progress, serving, storm

SMALL, FULL = 300, 10_000
CALM_SECONDS = {SMALL: 5.0, FULL: 20.0}
LOOK_EVERY, NEWS_EVERY = 0.125, 0.25  # seconds
SLOWER_AT_MOST = 2.0
DONE_WITHIN = 600.0  # seconds


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`left`: jobs not done in time. `slower` is the pages' p95 beside the backlog to their p95 in calm weather."""
    from django.utils import timezone

    with storm.a_shop(workers=1) as shop:
        looks = [f"/return/{serving.a_draft(serving.a_delivered_order()).ref}/items/", "/"]
        with _people(shop.web_url, looks):  # each process has drawn each page before anything is measured
            time.sleep(2.0)
        with _people(shop.web_url, looks) as calm:
            latencies = _news_in_calm_weather(CALM_SECONDS.get(size, 5.0))
        # Not the servers that one of them may have started: nobody could write then.
        trees = (process for part in storm.workers_of(shop) for process in tree(part.process.pid))
        workers = [process for process in trees if "celery" in process.cmdline()]
        _each(workers, "suspend")
        for number in range(size):
            _news(f"backlog-{number}")
        _each(workers, "resume")
        began, left = time.monotonic(), size
        with _people(shop.web_url, looks) as busy:
            while left and time.monotonic() < began + DONE_WITHIN:
                time.sleep(0.1)
                left = _unfinished(timezone.now())
                progress(size - min(left, size), size)
            drained_after = time.monotonic() - began
    slower = percentile(busy, 0.95) / percentile(calm, 0.95)
    return {
        "event_to_start_p95_ms": percentile(latencies, 0.95),
        "pages_p95_ms": {"calm": percentile(calm, 0.95), "beside_backlog": percentile(busy, 0.95)},
        "slower": round(slower, 2),
        "events_per_second": round(size / drained_after, 1),
        "left": left,
        "passed": not left and (size < FULL or slower <= SLOWER_AT_MOST),
    }


@contextmanager
def _people(address: str, looks: list[str]) -> Iterator[list[float]]:
    """Somebody opens a page every eighth of a second, however long the last one took; yields the seconds of each."""
    took: list[float] = []
    over = Flag()

    def look(browser: httpx.Client, path: str) -> None:
        started = time.perf_counter()
        browser.get(path).raise_for_status()
        took.append(time.perf_counter() - started)

    def keep_looking(browser: httpx.Client, people: ThreadPoolExecutor) -> None:
        asked = []
        while not over.wait(LOOK_EVERY):
            asked.append(people.submit(look, browser, looks[len(asked) % len(looks)]))
        for answer in asked:
            answer.result()

    with (
        httpx.Client(base_url=address, timeout=60, trust_env=False) as browser,
        ThreadPoolExecutor(8) as people,
        ThreadPoolExecutor(1) as clock,
    ):
        ticking = clock.submit(keep_looking, browser, people)
        try:
            yield took
        finally:
            over.set()
            ticking.result()


def _news(name: str) -> None:
    """A message of the carrier about a parcel that is not ours: stored, committed, its job owed and rung for."""
    from django.utils import timezone

    from oms import webhooks

    tracker = {"object": "Tracker", "tracking_code": f"T6-{name}", "status": "in_transit", "tracking_details": []}
    body = {"id": f"evt_{name}", "object": "Event", "description": "tracker.updated", "result": tracker}
    assert webhooks.store("easypost", body["id"], "tracker.updated", json.dumps(body).encode(), at=timezone.now())


def _news_in_calm_weather(seconds: float) -> list[float]:
    """How long after its commit each message's job began, in seconds."""
    from django.utils import timezone

    from oms.models import Delivery

    committed = {}
    for number in range(round(seconds / NEWS_EVERY)):
        time.sleep(NEWS_EVERY)
        _news(f"calm-{number}")
        committed[f"webhook/easypost/evt_calm-{number}"] = timezone.now()
    until = time.monotonic() + DONE_WITHIN
    while _unfinished(timezone.now()) and time.monotonic() < until:
        time.sleep(0.1)
    # A job of our own is marked done when it begins, in the transaction it then runs in.
    began = Delivery.objects.filter(event__stream__in=committed, task="returns.read_carrier_webhook")
    found = dict(began.values_list("event__stream", "done_at"))
    return [max(0.0, (found[stream] - at).total_seconds()) for stream, at in committed.items()]


def _unfinished(now: Any) -> int:
    from oms.models import Delivery

    return Delivery.objects.filter(done_at=None, dead_at=None, due_at__lte=now).count()


def _each(processes: list[psutil.Process], word: str) -> None:
    for process in processes:
        getattr(process, word)()
