"""What the demo's policy says beyond a new shop's: small things are kept, credit is offered, freight is collected."""

from typing import Any

from returns.models import GoodsTerms, PolicyRule, PolicyVersion
from returns.policy import validate
from returns.states import Resolution

# Instead of the first rule of this kind that a new shop has, or beside them.
CHANGED: dict[str, dict[str, Any]] = {
    "keep_item": {"value_up_to": "4.00", "reasons": ["damaged_on_arrival", "defective", "wrong_item"], "times": 3},
    "needs_pickup": {"hazardous": True, "over_grams": 30_000, "over_cm": 120},
}
ADDED = (("refund_at", {"default": "scan", "resolutions": [Resolution.STORE_CREDIT.value]}, 119),)


def ask_before_less() -> None:
    """From now on, as a new shop does; what was made up before paid at once."""
    GoodsTerms.objects.update(asks_before_less=True)


def make_terms() -> None:
    """Part of the first version: nobody has returned anything in an empty shop."""
    GoodsTerms.objects.update(asks_before_less=False)
    version = PolicyVersion.objects.get(market="default", number=1)
    for kind, parameters in CHANGED.items():
        validate(kind, parameters)
        version.rules.filter(kind=kind).update(parameters=parameters, active=True)
    for kind, parameters, priority in ADDED:
        validate(kind, parameters)
        PolicyRule.objects.create(version=version, kind=kind, parameters=parameters, priority=priority)
    for rule in version.rules.filter(kind="resolutions"):
        allowed = rule.parameters["allowed"]
        if Resolution.STORE_CREDIT.value not in allowed:
            rule.parameters = rule.parameters | {"allowed": [*allowed, Resolution.STORE_CREDIT.value]}
            rule.save(update_fields=["parameters"])
