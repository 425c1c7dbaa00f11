"""Who may send what back, until when, at what price: pure rules over facts that are handed in."""

from returns.policy import undelivered
from returns.policy.decision import Choice, Decision, Fee, ShippingBack, Verdict
from returns.policy.defaults import DEFAULT_REASONS, DEFAULT_RULES, SUGGESTED_RULES
from returns.policy.engine import Returnable, evaluate, returnable
from returns.policy.facts import CustomerFacts, LineFacts, OrderFacts, Policy, RequestFacts, Rule
from returns.policy.parameters import ParametersRefused, validate
from returns.policy.replay import Again, Case, Replay, blind_spots, replay
from returns.policy.resolution import allowed_resolutions, looks_at_history

__all__ = [
    "DEFAULT_REASONS",
    "DEFAULT_RULES",
    "SUGGESTED_RULES",
    "Again",
    "Case",
    "Choice",
    "CustomerFacts",
    "Decision",
    "Fee",
    "LineFacts",
    "OrderFacts",
    "ParametersRefused",
    "Policy",
    "Replay",
    "RequestFacts",
    "Returnable",
    "Rule",
    "ShippingBack",
    "Verdict",
    "allowed_resolutions",
    "blind_spots",
    "evaluate",
    "looks_at_history",
    "replay",
    "returnable",
    "undelivered",
    "validate",
]
