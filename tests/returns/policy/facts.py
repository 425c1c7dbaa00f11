"""A request that the default policy approves; each test changes the one fact it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from returns.policy import DEFAULT_RULES, Decision, LineFacts, OrderFacts, Policy, RequestFacts, Rule, evaluate

PLACED = datetime(2026, 10, 1, 9, tzinfo=UTC)
SHIPPED = datetime(2026, 10, 2, 15, tzinfo=UTC)
DELIVERED = datetime(2026, 10, 5, 12, 30, tzinfo=UTC)
NOW = datetime(2026, 10, 20, 8, tzinfo=UTC)

ORDER = OrderFacts("10001", PLACED, "default", Decimal("60.00"), "GBP", SHIPPED, DELIVERED)
LINE = LineFacts(
    key="1",
    sku="MUG",
    category="kitchen",
    quantity=3,
    returnable=3,
    requested=1,
    reason="wrong_size",
    condition="opened",
    value=Decimal("20.00"),
)


def policy(*rules: Rule, time_zone: str = "Europe/London") -> Policy:
    return Policy(7, "default", time_zone, rules or DEFAULT_RULES)


def line(**changes: Any) -> LineFacts:
    return replace(LINE, **changes)


def decide(
    *lines: LineFacts,
    rules: Sequence[Rule] = DEFAULT_RULES,
    now: datetime = NOW,
    order: OrderFacts = ORDER,
    time_zone: str = "Europe/London",
    **request: Any,
) -> Decision:
    facts = RequestFacts(order, lines or (LINE,), **request)
    return evaluate(facts, policy(*rules, time_zone=time_zone), now=now)


def codes(decision: Decision) -> list[str]:
    """The codes of what speaks against approval."""
    return [finding.code for finding in decision.all_findings if finding.blocks]
