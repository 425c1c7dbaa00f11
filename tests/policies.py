"""A policy that says one thing more than the seeded one; a new rule stands before the seeded rules of its kind."""

from typing import Any

from oms.remembered import forget
from returns.models import GoodsTerms, PolicyRule, PolicyVersion
from returns.policy import validate


def a_rule(kind: str, *, priority: int = 1, **parameters: Any) -> PolicyRule:
    """Add a rule to the version in force, as publishing a version with it would have."""
    validate(kind, parameters)
    version = PolicyVersion.objects.get(number=1)
    rule = PolicyRule.objects.create(version=version, kind=kind, parameters=parameters, priority=priority)
    forget()
    return rule


def less_is_paid_at_once() -> None:
    """Nobody is asked first when goods pay less than their declared condition was promised."""
    GoodsTerms.objects.update(asks_before_less=False)
    forget()
