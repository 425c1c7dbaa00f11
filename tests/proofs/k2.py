"""K2: fifty people at once ask for the last returnable unit; one gets it, 49 hear a clear no, nobody sees an error.

Each round is a new order of one piece. Over HTTP to two server processes thirty-five guests send the last form of the
portal, each from a draft of their own, and staff send the last form of the desk fifteen times. `size` counts rounds.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx

from tests.proofs import Progress, serving

SMALL, FULL = 10, 200
GUESTS, STAFF = 35, 15
CALLERS = GUESTS + STAFF
ACCEPTED, REFUSED = "accepted", "refused"


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`wrong` lists the rounds without exactly one acceptance and 49 refusals, or whose tables say otherwise; `errors`
    counts all other answers by kind. Both must be empty; `winners` says who got the piece how often."""
    winners: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    wrong: list[str] = []
    with serving.web() as address, ThreadPoolExecutor(CALLERS) as pool, _browser(address) as browser:
        for number in range(size):
            callers = _Callers(address, browser)
            gate = threading.Barrier(CALLERS)
            told = list(pool.map(_call, [call for _who, call in callers.asking], [gate] * CALLERS))
            winners.update(who for (who, _call), answer in zip(callers.asking, told, strict=True) if answer == ACCEPTED)
            errors.update(answer for answer in told if answer not in (ACCEPTED, REFUSED))
            if (told.count(ACCEPTED), told.count(REFUSED)) != (1, CALLERS - 1) or _taken(callers.order) != (1, 1):
                wrong.append(
                    f"{callers.order.number}: {dict(Counter(told))}, (returns, claimed) {_taken(callers.order)}"
                )
            progress(number + 1, size)
        list(pool.map(_close, range(CALLERS)))
    return {
        "submissions": size * CALLERS,
        "winners": dict(winners),
        "errors": dict(errors),
        "wrong": wrong[:20],
        "passed": not (wrong or errors),
    }


def _browser(address: str) -> httpx.Client:
    limits = httpx.Limits(max_connections=CALLERS)
    cookies = serving.staff_cookies("agent")  # the portal looks at none of them
    return httpx.Client(base_url=address, cookies=cookies, limits=limits, timeout=60, trust_env=False)


class _Callers:
    """A new order of one piece and everybody who wants to send it back: (who, call) in no special order."""

    def __init__(self, address: str, browser: httpx.Client) -> None:
        from tests.builders import Sold

        self.order = serving.a_delivered_order(lines=[Sold(quantity=1)])
        drafts = [serving.a_draft(self.order) for _ in range(GUESTS)]
        form = serving.agreed_to(address, drafts[0])
        guests = [("guest", self._guest(browser, draft, form)) for draft in drafts]
        staff = [("staff", self._member(browser, form)) for _ in range(STAFF)]
        self.asking: list[tuple[str, Callable[[], str]]] = guests[::2] + staff + guests[1::2]

    def _guest(self, browser: httpx.Client, draft: Any, form: dict[str, str]) -> Callable[[], str]:
        def send() -> str:
            return _told(browser.post(f"/return/{draft.ref}/confirmation/", data=form), r"/r/R[^/]+/")

        return send

    def _member(self, browser: httpx.Client, form: dict[str, str]) -> Callable[[], str]:
        line = f"line{self.order.lines.get().pk}"
        chosen = {f"{line}-quantity": "1", f"{line}-reason": "changed_mind", f"{line}-condition": "opened"}
        page = {name: form[name] for name in ("confirmed_total", "csrfmiddlewaretoken")}
        page |= chosen | {"form_token": str(uuid4()), "step": "open"}

        def send() -> str:
            return _told(browser.post(f"/returns/new/{self.order.number}/", data=page), r"/returns/R[^/]+/")

        return send


def _told(answer: httpx.Response, place: str) -> str:
    """Led to the return: accepted. A form that says why not (409, and 422 where nothing is left to choose): refused."""
    if answer.status_code == 302 and re.match(place, answer.headers["Location"]):
        return ACCEPTED
    return REFUSED if answer.status_code in (409, 422) else f"HTTP {answer.status_code}"


def _call(call: Callable[[], str], gate: threading.Barrier) -> str:
    gate.wait()
    try:
        return call()
    except Exception as error:
        return type(error).__name__


def _taken(order: Any) -> tuple[int, int]:
    """How many returns the order has, and how many pieces of it are claimed."""
    from oms.models import UnitClaim
    from returns.models import RMA

    claims = UnitClaim.objects.filter(order_line__order=order, active=True)
    return RMA.objects.filter(order=order).count(), sum(claim.quantity for claim in claims)


def _close(_caller: int) -> None:
    from django.db import connections

    connections.close_all()
