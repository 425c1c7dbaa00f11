"""K7: the broker is away while people submit returns: each is accepted, and all jobs are done soon after it is back.

The portal's last form is sent over HTTP, first by as many people in calm weather, then by `size` people while the
broker is down (its server killed, its keeper frozen), evenly over 30 s at the small size and 5 minutes at the full one.
How much slower people were served is printed as a ratio of this run, not judged.
"""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil

from tests.bench.load import percentile
from tests.proofs import Progress, serving, storm

SMALL, FULL = 40, 500
DOWN = {SMALL: 30.0, FULL: 300.0}  # seconds
DONE_WITHIN = {FULL: 120.0}  # seconds after the broker is back …
PATIENCE = 600.0  # … at every other size, where tests run beside it: there the seconds are printed, not judged
PEOPLE = 4


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`refused` lists every answer but an acceptance, `left` the jobs not done in time; both must be empty."""
    down = DOWN.get(size, DOWN[SMALL])
    with storm.a_shop(workers=1) as shop:
        drafts = [serving.a_draft(serving.a_delivered_order()) for _ in range(2 * size)]
        form = serving.agreed_to(shop.web_url, drafts[0])
        calm = _submit(shop, drafts[:size], form, seconds=down / 2, progress=progress)
        keeper = _keeper()
        keeper.suspend()
        storm.kill_broker()
        try:
            away = _submit(shop, drafts[size:], form, seconds=down, progress=progress)
        finally:
            keeper.resume()
        back = time.monotonic()
        left = _unfinished()
        while left and time.monotonic() < back + DONE_WITHIN.get(size, PATIENCE):
            time.sleep(0.5)
            left = _unfinished()
        done_after = time.monotonic() - back
    refused = [answer for answer, _took in calm + away if answer != "accepted"]
    p95 = {name: percentile([took for _answer, took in told], 0.95) for name, told in (("calm", calm), ("away", away))}
    return {
        "accepted": sum(answer == "accepted" for answer, _took in away),
        "p95_ms": p95,
        "slowest_away_to_calm_p95": round(1000 * max(took for _answer, took in away) / p95["calm"], 2),
        "done_after_s": round(done_after, 1),
        "refused": refused[:20],
        "left": left,
        "passed": not refused and not left,
    }


def _keeper() -> psutil.Process:
    """The process that starts this proof's own broker again when it dies."""
    from oms import embedded

    data = str(embedded.data_dir())
    for one in psutil.process_iter(["cmdline"]):
        words = one.info["cmdline"] or []
        if words[-3:] == ["serve", "valkey", data] or words[-2:] == ["valkey", data]:
            return one
    raise LookupError("the broker has no keeper")


def _submit(
    shop: Any, drafts: list[Any], form: dict[str, str], *, seconds: float, progress: Progress
) -> list[tuple[str, float]]:
    """Send each form at its moment; return what each was told and how long it took, in seconds."""
    began, pause = time.monotonic(), seconds / len(drafts)
    cookies = {"csrftoken": serving.CSRF}
    with (
        httpx.Client(base_url=shop.web_url, cookies=cookies, timeout=60, trust_env=False) as browser,
        ThreadPoolExecutor(PEOPLE) as people,
    ):

        def send(number: int) -> tuple[str, float]:
            time.sleep(max(0.0, began + number * pause - time.monotonic()))
            started = time.monotonic()
            answer = browser.post(f"/return/{drafts[number].ref}/confirmation/", data=form)
            took = time.monotonic() - started
            accepted = answer.status_code == 302 and re.match(r"/r/R[^/]+/", answer.headers["Location"])
            progress(number + 1, len(drafts))
            return "accepted" if accepted else f"HTTP {answer.status_code}", took

        return list(people.map(send, range(len(drafts))))


def _unfinished() -> int:
    from django.utils import timezone

    from oms.models import Delivery

    return Delivery.objects.filter(done_at=None, due_at__lte=timezone.now()).count()
