"""About 150 returns on the real orders, driven through the product's own verbs at made-up times.

Most lie behind us and are recorded as history, so they owe nobody a mail. The last few are left to the worker, which
buys their labels, pays their refunds and writes their mails as soon as the demo runs.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from random import Random

from oms import outbox
from oms.demo.seeding.story import STILL_TO_POST, VALUABLE, YOUNG, Story
from oms.models import Order, OrderLine
from oms.refusals import Refused

RECENT = timedelta(days=45)

# How far a return gets, and how often. The first list is for returns long past, the second for young ones.
ENDED = {"closed": 78, "refused_accepted": 6, "rejected": 6, "canceled": 4, "expired": 3, "short": 3}
OPEN = (
    ("review", 4), ("asked", 2), ("approved", 6), ("in_transit", 6), ("part_arrived", 2), ("arrived", 7),
    ("held", 3), ("disputed", 2), ("due", 3), ("awaiting", 3), ("failed", 2), ("rejected", 1), ("canceled", 1),
)  # fmt: skip
PAID_LATELY = 6  # one in so many was paid back within the last weeks, to the card it came from
TRIES = 12  # orders looked at for one kind of return
LIVE = {"approved", "due"}  # their jobs are owed: the worker has something to do when the demo starts


def make_returns(*, now: datetime, random: Random, progress: Callable[[str, int, int], None], count: int = 150) -> int:
    """Make returns with every state present; `progress(words, done, total)`. Returns how many were made."""
    young = [state for state, times in OPEN for _ in range(times)] + ["closed"] * (count // PAID_LATELY)
    made, total = 0, count
    makers = (
        (young, orders_of(now - RECENT, now - timedelta(days=3), random)),
        (
            random.choices(list(ENDED), list(ENDED.values()), k=count - len(young)),
            orders_of(None, now - RECENT, random),
        ),
    )
    for states, orders in makers:
        for state in states:
            for order in islice(orders, TRIES):
                with nullcontext() if state in LIVE else outbox.as_history():
                    told = _make(order, state, now, random)
                if told:
                    made += told
                    break
            progress("living through returns", made, total)
    return made


def orders_of(since: datetime | None, until: datetime, random: Random) -> Iterator[Order]:
    """Orders with goods that could come back, in random order."""
    found = Order.objects.filter(customer__isnull=False, placed_at__lt=until, lines__shipped__gt=0).distinct()
    if since is not None:
        found = found.filter(placed_at__gte=since, shipments__delivered_at__isnull=False)
    numbers = sorted(found.values_list("number", flat=True))
    random.shuffle(numbers)
    yield from (Order.objects.select_related("customer").get(number=number) for number in numbers)


def _make(order: Order, state: str, now: datetime, random: Random) -> int:
    if state in STILL_TO_POST and order.placed_at < now - YOUNG:
        return 0
    lines = _lines(order, random, at_least=VALUABLE if state == "awaiting" else Decimal(1))
    if not lines:
        return 0
    try:
        Story(order, lines, now, random).tell(state)
    except Refused:
        return 0  # this order cannot have such a return; another one will
    return 1


def _lines(order: Order, random: Random, *, at_least: Decimal) -> list[OrderLine]:
    """One to three goods of the order that were paid for and not returned yet."""
    found = [
        line
        for line in order.lines.filter(
            gross__gte=at_least, shipped__gt=0, returned=0, claims=None, product__is_merchandise=True
        )
        if line.quantity <= 60 or line.gross >= VALUABLE
    ]
    random.shuffle(found)
    return sorted(found[: random.choice((1, 1, 1, 2, 2, 3))], key=lambda line: line.position)
