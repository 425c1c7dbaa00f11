"""K1: whole returns while workers, broker, database and payment provider fail: nothing is lost, nothing done twice.

Each return is asked for over HTTP with the last form of the portal; the carrier's label is bought; the carrier's first
scan comes as a webhook; dock staff receive and inspect through the verbs behind their forms, called from here; the
refund goes to the payment double and its webhooks come back. People who see an error send the same form again. Mails
are rows, as in a shop without a mail server. Meanwhile a pool child of two workers is killed every 2 s, a whole worker
every 15 s, and, spread over the work: the broker killed, the broker emptied, all sessions of the database cut.

`size` counts the returns. The number of planned blows and the provider's latency shrink with it; every share of faults
is that of the figure. The provider's own book is what everything is compared with.
"""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid5

import httpx

from tests.proofs import Progress, serving, settled, storm
from tests.sandbox import STORM

SMALL, FULL = 300, 10_000
PEOPLE = 6  # who submit and work at the dock at the same time
CARRIER = {"drop": 0.05, "error_500": 0.05, "error_429": 0.05}
SETTLED_WITHIN = {FULL: 120.0}  # seconds after the faults stop …
PATIENCE = 600.0  # … at every other size, where tests run beside it: there the seconds are printed, not judged
UNDER_WAY = 60  # returns that people have asked for and not sent in yet: a shop's day, not a flood
LEFT = 20  # the storm ends when so many returns are left; these are done in calm weather
LONGEST = {FULL: 4 * 3600.0}  # … or after so many seconds
SHORT = 90.0  # … at every other size


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`passed` needs `wrong` empty (see `settled.py` for what is looked at) and everything done in time."""
    full = size == FULL
    planned = {"broker": 20, "flush": 5, "database": 20} if full else {"broker": 3, "flush": 1, "database": 4}
    weather = STORM | {"easypost": CARRIER}
    if not full:
        weather |= {"stripe": STORM["stripe"] | {"latency": [0.0, 0.2]}}
    orders = [_an_order(number) for number in range(size)]
    with storm.a_shop() as shop:
        storm.pay_at_sandbox(shop, orders)
        work = _Work(shop, orders)
        storm.faults(shop, **weather)
        began, longest, enough = time.monotonic(), LONGEST.get(size, SHORT), 1 - LEFT / size
        with storm.Storm(
            shop, lambda: max(work.share_done() / enough, (time.monotonic() - began) / longest), planned
        ) as blown:
            work.go(until=began + longest, share=enough, progress=lambda done: progress(done, size))
            blown.calm()
            storm.faults(shop, calm=True)
            calm, within = time.monotonic(), SETTLED_WITHIN.get(size, PATIENCE)
            work.go(until=calm + within, progress=lambda done: progress(done, size))
            left = settled.wait(calm + within)
            settled_after = time.monotonic() - calm
            wrong = settled.compare(storm.book(shop), orders) + left + work.trouble
    progress(size, size)
    return {
        "blows": dict(blown.blows),
        "blows_that_failed": blown.trouble,
        "people_tried_again": dict(work.tried_again),
        "storm_s": round(calm - began, 1),
        "settled_after_s": round(settled_after, 1),
        **settled.counts(orders),
        "wrong": wrong[:20],
        "wrong_in_all": len(wrong),
        "passed": not wrong,
    }


def _an_order(number: int) -> Any:
    return serving.a_delivered_order(number=f"S{number:06d}")


class _Work:
    """What people do: everybody asks, and whatever has a label is on its way to the dock."""

    def __init__(self, shop: Any, orders: list[Any]) -> None:
        self.shop = shop
        self.orders = orders
        self.tried_again: Counter[str] = Counter()
        self.trouble: list[str] = []
        self._pool = ThreadPoolExecutor(PEOPLE, thread_name_prefix="person")
        self._own = threading.local()
        self._waiting: dict[str, Any] = {}
        self._done: set[str] = set()
        self._drafts = [serving.a_draft(order) for order in orders]
        self._form = serving.agreed_to(shop.web_url, self._drafts[0])
        self._sent = self._asked = 0

    def share_done(self) -> float:
        """From 0 to 1: half for asking, half for the dock."""
        return (self._asked + len(self._done)) / (2 * len(self.orders))

    def go(self, *, until: float, progress: Callable[[int], None], share: float = 1.0) -> None:
        """Work until this share of it is done, or until then."""
        while self.share_done() < share and not self.trouble and time.monotonic() < until:
            while self._drafts and self._sent - len(self._done) < UNDER_WAY:
                self._sent += 1
                self._pool.submit(self._surely, self._ask, self._drafts.pop())
            for parcel, number, tracking in storm.patiently(_ready_to_post, noted=self.tried_again):
                if number not in self._waiting:
                    self._waiting[number] = parcel
                    self._pool.submit(self._surely, self._send_and_inspect, parcel, number, tracking)
            progress(int(self.share_done() * len(self.orders)))
            time.sleep(0.2)

    def _surely(self, step: Callable[..., None], *what: Any) -> None:
        try:
            step(*what)
        except Exception as error:
            self.trouble.append(f"{step.__name__} {what}: {type(error).__name__} {error}"[:200])

    def _ask(self, draft: Any) -> None:
        """The customer confirms; after an error the same page is sent again."""

        def send() -> None:
            answer = self._browser.post(f"/return/{draft.ref}/confirmation/", data=self._form)
            if answer.status_code >= 500:
                raise httpx.HTTPStatusError("an error page", request=answer.request, response=answer)
            if answer.status_code != 302 or not re.match(r"/r/R[^/]+/", answer.headers["Location"]):
                raise ValueError(f"HTTP {answer.status_code}")

        storm.patiently(send, noted=self.tried_again)
        self._asked += 1

    def _send_and_inspect(self, parcel: int, number: str, tracking: str) -> None:
        from django.utils import timezone

        from oms.demo import steps
        from returns import lifecycle
        from returns.lifecycle import Arrived, Finding
        from returns.models import ReturnLine

        def again[Done](call: Callable[[], Done]) -> Done:
            return storm.patiently(call, noted=self.tried_again)

        again(lambda: steps.scan_parcel(self.shop.sandbox_url, tracking, "in_transit"))
        line = again(lambda: ReturnLine.objects.get(rma__number=number).pk)
        now, page = timezone.now(), UUID(int=parcel)
        how: dict[str, Any] = {"by": "user:1", "at": now}
        pieces, token = [Arrived(line, 1)], uuid5(page, "receive")
        [receipt] = again(lambda: lifecycle.receive(number, pieces, parcel_id=parcel, form_token=token, **how))
        findings, seen = [Finding(receipt.pk, 1, "opened", "")], uuid5(page, "inspect")
        again(lambda: lifecycle.inspect(number, findings, form_token=seen, **how))
        self._done.add(number)

    @property
    def _browser(self) -> httpx.Client:
        if not hasattr(self._own, "browser"):
            cookies = {"csrftoken": serving.CSRF}
            self._own.browser = httpx.Client(base_url=self.shop.web_url, cookies=cookies, timeout=30, trust_env=False)
        return self._own.browser


def _ready_to_post() -> list[tuple[int, str, str]]:
    """Parcels that have a label and were not handed to the carrier yet: (parcel, return, tracking number)."""
    from returns.models import Parcel
    from returns.states import ParcelStatus

    labeled = Parcel.objects.filter(status=ParcelStatus.LABELED)
    return list(labeled.values_list("pk", "rma__number", "tracking_number"))
