"""An order's file: everything a decision about it needs, read once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, OuterRef, QuerySet, Subquery

from inventory.models import Condition
from oms.models import Order, OrderLine, ShipmentLine, UnitClaim
from oms.models.claims import Units, UnitsField
from oms.prepared import prepared
from oms.units import count, free_units
from returns import policy, reference, standing
from returns.models import PolicyVersion, ReturnReason

FULL, ZERO = Decimal(100), Decimal(0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One order line somebody wants to send back. `reason` and `condition` are codes, `condition` may be ""."""

    order_line_id: int
    quantity: int
    reason: str
    condition: str = ""
    note: str = ""
    photos: int = 0


@dataclass(slots=True)
class OrderFile:
    """Everything a decision about an order needs, read once."""

    order: Order
    lines: Mapping[int, OrderLine]
    free: Mapping[int, Units]
    travels: Mapping[int, tuple[datetime, datetime | None]]
    reasons: Mapping[str, ReturnReason]
    conditions: Mapping[str, Condition]
    version: PolicyVersion
    policy: policy.Policy
    customer: policy.CustomerFacts = field(default_factory=policy.CustomerFacts)
    methods: tuple[str, ...] = ()
    shipping: Decimal = ZERO
    lost: frozenset[str] = frozenset()  # labels of discounts an earlier return took back


def open_file(order: Order, *, at: datetime) -> OrderFile:
    lines = _lines(order)
    version, rules = _policy_for(order)
    return OrderFile(
        order=order,
        lines=lines,
        free={pk: free_units(line.quantity, [line.claimed_units]) for pk, line in lines.items()},
        travels={pk: (line.sent_at, line.came_at) for pk, line in lines.items() if line.sent_at is not None},
        reasons=reference.reasons(),
        conditions={code: one for code, one in reference.conditions().items() if one.active},
        version=version,
        policy=policy.Policy(version.number, version.market, version.time_zone, rules),
        customer=standing.history(order, rules, at=at),
        methods=standing.methods(order, rules),
        shipping=standing.shipping_left(order, rules),
        lost=standing.lost_promotions(order),
    )


def is_goods(line: OrderLine) -> bool:
    return line.product is None or line.product.is_merchandise


def _lines(order: Order) -> dict[int, Any]:
    """The order's lines with `claimed_units`, `sent_at` and `came_at`; of several parcels the last one counts (p25)."""
    lines = _lines_with_facts(order.pk)
    for line in lines:
        line.order = order
    return {line.pk: line for line in lines}


@prepared
def _lines_with_facts(order: int) -> QuerySet[OrderLine]:
    claims = UnitClaim.objects.filter(order_line=OuterRef("pk"), active=True).order_by().values("order_line")
    claimed = claims.annotate(all=Aggregate("units", function="range_agg", output_field=UnitsField())).values("all")
    sent = ShipmentLine.objects.filter(order_line=OuterRef("pk")).order_by("-shipment__shipped_at", "pk")
    lines = OrderLine.objects.filter(order=order).select_related("product").order_by("position")
    return lines.annotate(
        claimed_units=Subquery(claimed, output_field=UnitsField()),
        sent_at=Subquery(sent.values("shipment__shipped_at")[:1]),
        came_at=Subquery(sent.values("shipment__delivered_at")[:1]),
    )


def _policy_for(order: Order) -> tuple[PolicyVersion, tuple[policy.Rule, ...]]:
    version = reference.policy_for(order.market, order.placed_at)
    rules = (rule for rule in version.rules.all() if rule.active)
    return version, tuple(policy.Rule(rule.kind, rule.parameters, rule.priority) for rule in rules)


def pays(file: OrderFile, reason: ReturnReason) -> dict[str, Decimal]:
    """What each condition pays for this reason, in percent: the shop's fault pays in full whatever the state."""
    return {code: FULL if reason.is_our_fault else one.payout_percent for code, one in file.conditions.items()}


def declared(file: OrderFile, one: Wanted) -> Condition | None:
    """The condition the customer says, or the one their reason implies."""
    implied = file.reasons[one.reason].implied_condition
    return file.conditions.get(one.condition) or implied


def left(file: OrderFile, line: OrderLine) -> int:
    """Units that were sent and are claimed by no return. Canceled units hold claims of their own."""
    unshipped = line.quantity - line.shipped - line.canceled
    return max(0, count(file.free[line.pk]) - unshipped)
