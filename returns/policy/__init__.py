"""Who may send what back, until when, at what price: pure rules over facts that are handed in."""

from returns.policy.decision import Decision, Fee, Verdict
from returns.policy.defaults import DEFAULT_REASONS, DEFAULT_RULES
from returns.policy.engine import Returnable, evaluate, returnable
from returns.policy.facts import CustomerFacts, LineFacts, OrderFacts, Policy, RequestFacts, Rule
from returns.policy.parameters import ParametersRefused, validate

__all__ = [
    "DEFAULT_REASONS",
    "DEFAULT_RULES",
    "CustomerFacts",
    "Decision",
    "Fee",
    "LineFacts",
    "OrderFacts",
    "ParametersRefused",
    "Policy",
    "RequestFacts",
    "Returnable",
    "Rule",
    "Verdict",
    "evaluate",
    "returnable",
    "validate",
]
