"""A draft tried on requests that were really made: what it would have decided, and what that is in money. Pure.

Facts are those the first decision stored. What a rule of the draft asks for and nobody asked for then stands at
nothing: no history, no payment method.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from returns.policy.decision import Decision, Verdict
from returns.policy.engine import evaluate
from returns.policy.facts import Policy, RequestFacts


@dataclass(frozen=True, slots=True)
class Case:
    """A request as it was decided. `owed` is what was promised then, in `currency`; `customer` a number, no name."""

    number: str
    customer: int | None
    at: datetime
    facts: RequestFacts
    verdict: Verdict
    resolution: str
    owed: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Again:
    """The same request under the draft."""

    case: Case
    decision: Decision
    owed: Decimal

    @property
    def changes_verdict(self) -> bool:
        return self.decision.verdict is not self.case.verdict

    @property
    def changes_way(self) -> bool:
        """What the customer gets: only where a person has not to decide about it."""
        return bool(self.decision.resolution) and self.decision.resolution != self.case.resolution

    @property
    def difference(self) -> Decimal:
        return self.owed - self.case.owed

    @property
    def changed(self) -> bool:
        return self.changes_verdict or self.changes_way or bool(self.difference)


@dataclass(frozen=True, slots=True)
class Replay:
    """All of them; `verdicts` counts (then, now) pairs that differ."""

    cases: tuple[Again, ...]

    @property
    def changed(self) -> tuple[Again, ...]:
        return tuple(one for one in self.cases if one.changed)

    @property
    def verdicts(self) -> Mapping[tuple[Verdict, Verdict], int]:
        return Counter((one.case.verdict, one.decision.verdict) for one in self.cases if one.changes_verdict)

    @property
    def customers(self) -> int:
        """How many people would have got another answer."""
        return len({one.case.customer for one in self.changed if one.case.customer is not None})

    @property
    def money(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Per currency what was promised, and what would have been."""
        sums: dict[str, tuple[Decimal, Decimal]] = {}
        for one in self.cases:
            before, after = sums.get(one.case.currency, (Decimal(0), Decimal(0)))
            sums[one.case.currency] = before + one.case.owed, after + one.owed
        return sums


def replay(draft: Policy, cases: Iterable[Case], owed: Callable[[Case, Decision], Decimal]) -> Replay:
    """Decide each case again by `draft`, at the moment it was decided; `owed` says what that decision promises."""
    return Replay(tuple(_again(draft, case, owed) for case in cases))


def _again(draft: Policy, case: Case, owed: Callable[[Case, Decision], Decimal]) -> Again:
    decision = evaluate(case.facts, draft, now=case.at)
    amount = Decimal(0) if decision.verdict is Verdict.DENY else owed(case, decision)
    return Again(case, decision, amount)


def blind_spots(draft: Policy, cases: Sequence[Case]) -> tuple[str, ...]:
    """Kinds of rules of the draft that ask for facts the stored decisions do not hold."""
    asks = {
        "customer_history": lambda case: case.facts.customer.orders_last_year,
        "keep_item": lambda case: case.facts.customer.orders_last_year,
        "methods": lambda case: case.facts.order.methods,
        "refund_shipping": lambda case: case.facts.order.units_left,
    }
    kinds = {rule.kind for rule in draft.rules} | {name for rule in draft.rules for name in rule.parameters}
    return tuple(kind for kind, known in asks.items() if kind in kinds and cases and not any(map(known, cases)))
