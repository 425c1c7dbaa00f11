"""What will be sellable soon: goods on their way back or at the dock, times how often such goods passed inspection; and
which products run low, or pile up, once that is counted (R81).

How often goods pass is measured on the product itself, else on its category, else on the whole shop: each answer names
its basis. A parcel's day is the carrier's, else shipped plus what parcels usually take; the dock's days come on top.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from inventory.models import StockLimit
from inventory.states import BinKind, Disposition
from reporting.came_back import rows
from returns.states import Acceptance, ReceiptResult, RMASource, RMAStatus

MEASURED = timedelta(days=365)
ENOUGH_OF_PRODUCT, ENOUGH_OF_CATEGORY = 10, 30  # pieces looked at before a share is believed
USUAL_TRANSIT, USUAL_DOCK = 4, 2  # days, until there is a history
HORIZON = 14  # days
TENTH = Decimal("0.1")

BASES = {
    "product": _("of this product"),
    "category": _("of its category"),
    "shop": _("of everything that came back"),
    "none": _("nothing was looked at yet"),
}


class History(NamedTuple):
    """Of `looked_at` pieces, `passed` went back to the shelf; `basis` of BASES."""

    basis: str
    looked_at: int
    passed: int

    @property
    def share(self) -> Decimal:
        return Decimal(self.passed) / self.looked_at if self.looked_at else Decimal(0)


@dataclass
class Soon:
    """A product of which something comes back; `days` are pieces by the day they may be sold, unrounded shares."""

    product: int
    sku: str
    title: str
    history: History
    under_way: int = 0
    at_dock: int = 0
    days: dict[date, Decimal] = field(default_factory=dict)

    @property
    def sellable(self) -> Decimal:
        """Pieces expected to pass, to the tenth."""
        return sum(self.days.values(), Decimal(0)).quantize(TENTH, ROUND_HALF_UP)

    @property
    def first(self) -> date | None:
        return min(self.days, default=None)


_COMING = f"""
    SELECT p.id, p.sku, p.title, p.category, 'under_way' AS stage,
           sum(greatest(rl.quantity - rl.arrived - rl.missing, 0))::int AS units,
           coalesce(on_way.expected_on, (coalesce(on_way.shipped_at, r.shipped_at) AT TIME ZONE 'UTC')::date
                    + %(transit)s::int) AS day
      FROM returns_rma r JOIN returns_returnline rl ON rl.rma_id = r.id
      JOIN oms_orderline l ON l.id = rl.order_line_id JOIN oms_product p ON p.id = l.product_id
      LEFT JOIN LATERAL (
        SELECT expected_on, shipped_at FROM returns_parcel WHERE rma_id = r.id AND shipped_at IS NOT NULL
         ORDER BY expected_on NULLS LAST, shipped_at LIMIT 1
      ) on_way ON TRUE
     WHERE r.status IN ('{RMAStatus.IN_TRANSIT}', '{RMAStatus.RECEIVING}') AND r.source <> '{RMASource.IMPORTED}'
       AND coalesce(on_way.shipped_at, r.shipped_at) IS NOT NULL AND rl.quantity > rl.arrived + rl.missing
     GROUP BY 1, 2, 3, 4, 7
    UNION ALL
    SELECT p.id, p.sku, p.title, p.category, 'at_dock', sum(c.quantity - c.inspected)::int,
           (max(c.received_at) AT TIME ZONE 'UTC')::date
      FROM returns_receipt c JOIN returns_returnline rl ON rl.id = c.line_id
      JOIN oms_orderline l ON l.id = rl.order_line_id JOIN oms_product p ON p.id = l.product_id
     WHERE c.result = '{ReceiptResult.RECEIVED}' AND c.quantity > c.inspected AND NOT c.is_reversed
     GROUP BY 1, 2, 3, 4, (c.received_at AT TIME ZONE 'UTC')::date"""  # noqa: S608 - constants

_PASSED = f"""
    SELECT p.id, p.category, sum(x.quantity)::int AS looked_at, coalesce(sum(x.quantity) FILTER (
        WHERE x.disposition = '{Disposition.RESTOCK}' AND x.acceptance = '{Acceptance.ACCEPTED}'), 0)::int AS passed
      FROM returns_outcome x JOIN returns_receipt c ON c.id = x.receipt_id
      JOIN returns_returnline rl ON rl.id = c.line_id JOIN oms_orderline l ON l.id = rl.order_line_id
      JOIN oms_product p ON p.id = l.product_id
     WHERE x.inspected_at >= %(since)s::timestamptz GROUP BY 1, 2"""  # noqa: S608 - constants

_TAKES = """
    SELECT (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM arrived_at - shipped_at) / 86400)
              FROM returns_parcel WHERE arrived_at >= %(since)s::timestamptz AND shipped_at IS NOT NULL) AS transit,
           (SELECT percentile_cont(0.5) WITHIN GROUP (
                ORDER BY extract(epoch FROM x.inspected_at - c.received_at) / 86400)
              FROM returns_outcome x JOIN returns_receipt c ON c.id = x.receipt_id
             WHERE x.inspected_at >= %(since)s::timestamptz) AS dock"""


def answer(now: datetime) -> list[Soon]:
    """Every product of which something is on its way back or at the dock, the most first."""
    since = now - MEASURED
    [takes] = rows(_TAKES, {"since": since})
    transit, dock = _days(takes["transit"], USUAL_TRANSIT), _days(takes["dock"], USUAL_DOCK)
    histories = _Histories(rows(_PASSED, {"since": since}))
    found: dict[int, Soon] = {}
    today = now.date()
    for row in rows(_COMING, {"transit": transit}):
        known = found.setdefault(
            row["id"], Soon(row["id"], row["sku"], row["title"], histories.of(row["id"], row["category"]))
        )
        setattr(known, row["stage"], getattr(known, row["stage"]) + row["units"])
        day = max(row["day"], today) + timedelta(days=dock)
        known.days[day] = known.days.get(day, Decimal(0)) + row["units"] * known.history.share
    return sorted(found.values(), key=lambda one: (-one.sellable, -one.under_way - one.at_dock, one.sku))


def by_day(found: Iterable[Soon], today: date, days: int = HORIZON) -> list[tuple[date, Decimal]]:
    """Pieces expected to become sellable on each of the next days; what comes later is on the last of them."""
    listed = [today + timedelta(days=number) for number in range(days + 1)]
    summed = dict.fromkeys(listed, Decimal(0))
    for one in found:
        for day, pieces in one.days.items():
            summed[min(max(day, today), listed[-1])] += pieces
    return [(day, pieces.quantize(TENTH, ROUND_HALF_UP)) for day, pieces in summed.items()]


class _Histories:
    def __init__(self, passed: list[dict[str, Any]]) -> None:
        self.products = {row["id"]: (row["looked_at"], row["passed"]) for row in passed}
        self.categories: dict[str, tuple[int, int]] = {}
        self.shop = (0, 0)
        for row in passed:
            one = (row["looked_at"], row["passed"])
            self.categories[row["category"]] = _add(self.categories.get(row["category"], (0, 0)), one)
            self.shop = _add(self.shop, one)

    def of(self, product: int, category: str) -> History:
        for basis, enough, known in (
            ("product", ENOUGH_OF_PRODUCT, self.products.get(product, (0, 0))),
            ("category", ENOUGH_OF_CATEGORY, self.categories.get(category, (0, 0)) if category else (0, 0)),
            ("shop", 1, self.shop),
        ):
            if known[0] >= enough:
                return History(basis, *known)
        return History("none", 0, 0)


def _add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def _days(measured: float | None, usual: int) -> int:
    return usual if measured is None else max(0, round(measured))


# ── Too few, too many ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Warned:
    """A product below or above its limit, with what comes back counted; `kind` low, covered or high."""

    kind: str
    sku: str
    title: str
    available: int
    soon: Decimal
    limit: int
    whose: str  # of LIMITS


LIMITS = {"product": _("its own"), "category": _("its category’s"), "": _("every other’s")}
_AVAILABLE = f"""
    SELECT p.id, p.sku, p.title, p.category, coalesce(sum(v.quantity - v.reserved), 0)::int AS available
      FROM oms_product p JOIN inventory_stocklevel v ON v.product_id = p.id
      JOIN inventory_bin b ON b.id = v.bin_id AND b.kind = '{BinKind.SHELF}'
     GROUP BY 1 ORDER BY 2"""  # noqa: S608 - constants


def warnings(found: Iterable[Soon]) -> list[Warned]:
    """Low: too few even with what comes back. Covered: too few now, enough with it. High: too many with it. Products
    that ever stood on a shelf and have a limit; the fewest first."""
    own: dict[int, StockLimit] = {}
    shared: dict[str, StockLimit] = {}
    for limit in StockLimit.objects.all():
        if limit.product_id:
            own[limit.product_id] = limit
        else:
            shared[limit.category] = limit
    if not own and not shared:
        return []
    soon = {one.product: one.sellable for one in found}
    warned = []
    for row in rows(_AVAILABLE, {}):
        category = row["category"] if row["category"] in shared else ""
        limit, whose = own.get(row["id"]), "product"
        if limit is None:
            limit, whose = shared.get(category), "category" if category else ""
        if limit is None:
            continue
        coming, free = soon.get(row["id"], Decimal(0)), row["available"]
        if free + coming < limit.low:
            kind, bound = "low", limit.low
        elif free < limit.low:
            kind, bound = "covered", limit.low
        elif limit.high is not None and free + coming > limit.high:
            kind, bound = "high", limit.high
        else:
            continue
        warned.append(Warned(kind, row["sku"], row["title"], free, coming, bound, whose))
    order = {"low": 0, "high": 1, "covered": 2}
    return sorted(warned, key=lambda one: (order[one.kind], one.available + one.soon, one.sku))


def counted(now: datetime) -> dict[str, int]:
    """How many products are too few, too many, or covered by what comes back; nothing while no limit is set."""
    if not StockLimit.objects.exists():
        return {}
    return dict(Counter(one.kind for one in warnings(answer(now))))
