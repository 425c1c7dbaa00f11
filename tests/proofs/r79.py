"""R79: 200,000 movements valued under all four methods, in seconds of CPU, linear in their number.

One product is received, issued, returned by customers and returned to its vendor in a random history with a fixed seed;
a quarter, a half and all of it are valued. Under every method what came in is what is there and what left, to the last
digit, and all four agree on how many there are.
"""

import random
import time
from collections.abc import Callable
from decimal import Decimal as D
from itertools import pairwise
from typing import Any

from inventory.valuation import Method, Op, StockEvent, Valuation, value_by_lots, value_events

SMALL, FULL = 16_000, 200_000
PARTS = (8, 4, 2, 1)
LIMIT = 20  # seconds of CPU for all four methods at the full size
LINEAR = 1.5  # twice the movements cost at most so many times twice the time


def run(size: int = SMALL, progress: Callable[[int, int], None] = lambda done, total: None) -> dict[str, Any]:
    """Value `size` movements and parts of them; seconds count only at the full size, on a machine with nothing else."""
    history = make_history(size)
    curve: list[dict[str, Any]] = []
    wrong: list[str] = []
    for done, part in enumerate(PARTS, 1):
        events = history[: size // part]
        seconds, valued = {}, []
        for method in Method:
            began = time.process_time()
            found = value_by_lots(events) if method is Method.SPECIFIC else value_events(events, method)
            seconds[str(method)] = round(time.process_time() - began, 3)
            valued.append(found)
            if not adds_up(events, found):
                wrong.append(f"{method} of {len(events)}")
        if len({one.quantity for one in valued}) != 1:
            wrong.append(f"quantities of {len(events)}")
        curve.append({"movements": len(events), **seconds, "all": round(sum(seconds.values()), 3)})
        progress(done, len(PARTS))
    steepest = max(later["all"] / earlier["all"] / 2 for earlier, later in pairwise(curve))
    in_time = size < FULL or (curve[-1]["all"] <= LIMIT and steepest <= LINEAR)
    return {
        "id": "R79",
        "movements": size,
        "curve": curve,
        "cpu_seconds": curve[-1]["all"],
        "limit": LIMIT,
        "steepest_doubling": round(steepest, 2),
        "wrong": wrong,
        "passed": not wrong and in_time,
    }


def make_history(size: int, seed: int = 79) -> list[StockEvent]:
    """Receipts of 1 to 60 at changing prices; issues; returns of one of the last 500 issues; a few go to the vendor."""
    rnd = random.Random(seed)
    events: list[StockEvent] = []
    on_hand, out = 0, dict[int, int]()
    issues: list[int] = []
    while len(events) < size:
        at, dice = len(events), rnd.random()
        if on_hand < 60 or dice < 0.35:
            quantity = rnd.randint(1, 60)
            events.append(StockEvent(Op.RECEIVE, D(quantity), D(rnd.randint(100, 2000)).scaleb(-2)))
            on_hand += quantity
            if rnd.random() < 0.05 and len(events) < size:  # one of them was broken in its box
                events.append(StockEvent(Op.VENDOR_RETURN, D(1), of=at))
                on_hand -= 1
            continue
        back = issues[rnd.randrange(max(0, len(issues) - 500), len(issues))] if issues and dice > 0.8 else -1
        if out.get(back):
            quantity = rnd.randint(1, out[back])
            out[back] -= quantity
            on_hand += quantity
            events.append(StockEvent(Op.RETURN, D(quantity), of=back))
        else:
            quantity = rnd.randint(1, min(on_hand, 40))
            out[at] = quantity
            issues.append(at)
            on_hand -= quantity
            events.append(StockEvent(Op.ISSUE, D(quantity)))
    return events


def adds_up(events: list[StockEvent], found: Valuation) -> bool:
    """What was bought is what is there, what was sold and what went back; averages have no end, so to 30 digits."""
    costs = dict.fromkeys(Op, D(0))
    for event, row in zip(events, found.events, strict=True):
        costs[event.op] += row.cost
    there = costs[Op.RECEIVE] - costs[Op.ISSUE] + costs[Op.RETURN] - costs[Op.VENDOR_RETURN]
    return abs(there - found.value) <= D("1e-15") and costs[Op.ISSUE] - costs[Op.RETURN] - found.cogs <= D("1e-15")
