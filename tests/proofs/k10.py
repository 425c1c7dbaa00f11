"""K10: a worker that hangs is seen in 30 s, what it had begun is resumed in 75 s, and a polite stop interrupts nothing.

Each round: one worker buys labels from a carrier that takes seconds to answer. It is frozen in the middle (SIGSTOP: it
lives and consumes nothing) until `/healthz/deep` names its queues, then killed and started again. Then another worker's
turn ends by SIGTERM in the middle of its jobs. `size` counts the rounds.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.proofs import Progress, serving, storm

SMALL, FULL = 1, 10
SEEN_WITHIN, RESUMED_WITHIN = 30.0, 75.0  # seconds; …
BESIDE = 2  # … times as many at the small size, where tests run beside it
RETURNS = 4  # two are being worked at, two wait
SLOW = {"latency": [3.0, 3.0]}  # seconds of each call to the carrier


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`interrupted` counts jobs that a polite stop cut short; the seconds are the worst of all rounds."""
    seen, resumed, interrupted, wrong = [], [], 0, []
    with storm.a_shop(workers=1) as shop:
        [worker] = storm.workers_of(shop)
        for number in range(size):
            parcels = _ask(shop)
            begun = _wait(lambda: _under_way(parcels), 120.0)  # noqa: B023 - used before the next round
            os.killpg(worker.process.pid, signal.SIGSTOP)
            frozen = time.monotonic()
            _wait(lambda: _named_as_stalled(shop), 120.0)
            seen.append(time.monotonic() - frozen)
            os.killpg(worker.process.pid, signal.SIGKILL)
            worker.process.wait()
            storm.faults(shop, calm=True)
            shop.supervisor.revive(worker)
            _wait(lambda: _all_labeled(begun), 300.0)  # noqa: B023
            resumed.append(time.monotonic() - frozen)
            _wait(lambda: _all_labeled(parcels), 300.0)  # noqa: B023

            parcels += (polite := _ask(shop))
            begun = _wait(lambda: _under_way(polite), 120.0)
            worker.process.terminate()
            code = worker.process.wait(60)
            interrupted += len(begun) - _done_at_first(begun) + (code != 0)
            storm.faults(shop, calm=True)
            worker.starts.clear()
            shop.supervisor.revive(worker)
            _wait(lambda: _all_labeled(parcels), 300.0)  # noqa: B023
            bought = storm.book(shop)["labels_by_reference"]
            wrong += [
                f"parcel {one}: {bought.get(f'parcel-{one}')}" for one in parcels if len(bought[f"parcel-{one}"]) != 1
            ]
            progress(number + 1, size)
    slack = 1 if size == FULL else BESIDE
    in_time = max(seen) <= slack * SEEN_WITHIN and max(resumed) <= slack * RESUMED_WITHIN
    return {
        "stall_seen_after_s": round(max(seen), 1),
        "resumed_after_s": round(max(resumed), 1),
        "interrupted": interrupted,
        "wrong": wrong,
        "passed": in_time and not interrupted and not wrong,
    }


def _ask(shop: Any) -> list[int]:
    """Ask for returns whose labels the carrier sells slowly; return their parcels."""
    from django.utils import timezone

    from returns.models import Parcel
    from tests.builders import a_return

    storm.faults(shop, easypost=SLOW)
    made = [a_return(serving.a_delivered_order(), at=timezone.now()) for _ in range(RETURNS)]
    return list(Parcel.objects.filter(rma__in=made).values_list("pk", flat=True))


def _wait[Found](what: Callable[[], Found], patience: float) -> Found:
    from oms.demo.steps import wait_for

    return wait_for(what, "what a worker does", patience)


def _jobs(parcels: list[int]) -> Any:
    from oms.models import Delivery

    return Delivery.objects.filter(task="returns.buy_label", event__facts__parcel__in=parcels)


def _under_way(parcels: list[int]) -> list[int]:
    """Parcels whose label is being bought at this moment, once there are two."""
    found = (
        _jobs(parcels).filter(done_at=None, leased_until__isnull=False).values_list("event__facts__parcel", flat=True)
    )
    return list(found) if len(found) > 1 else []


def _done_at_first(parcels: list[int]) -> int:
    return _jobs(parcels).filter(attempts=1).exclude(done_at=None).count()


def _all_labeled(parcels: list[int]) -> bool:
    return not _jobs(parcels).filter(done_at=None).exists()


def _named_as_stalled(shop: Any) -> bool:
    answer = httpx.get(f"{shop.web_url}/healthz/deep", timeout=10, trust_env=False)
    return answer.status_code == 503 and "queue labels" in answer.json()["failing"]
