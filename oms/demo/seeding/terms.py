"""What the demo's policy says beyond a new shop's: small things may be kept, shipping comes back, credit is offered."""

from returns.models import PolicyRule, PolicyVersion
from returns.policy import validate
from returns.states import Resolution

RULES = (
    (
        "keep_item",
        {"value_up_to": "4.00", "reasons": ["damaged_on_arrival", "defective", "wrong_item"], "times": 3},
        84,
    ),
    ("needs_pickup", {"hazardous": True, "over_grams": 30_000, "over_cm": 120}, 112),
    ("refund_shipping", {"our_fault": True, "everything": True}, 115),
    ("refund_at", {"default": "scan", "resolutions": [Resolution.STORE_CREDIT.value]}, 119),
)


def make_terms() -> None:
    """Part of the first version: nobody has returned anything in an empty shop."""
    version = PolicyVersion.objects.get(market="default", number=1)
    for kind, parameters, priority in RULES:
        validate(kind, parameters)
        PolicyRule.objects.create(version=version, kind=kind, parameters=parameters, priority=priority)
    for rule in version.rules.filter(kind="resolutions"):
        allowed = rule.parameters["allowed"]
        if Resolution.STORE_CREDIT.value not in allowed:
            rule.parameters = rule.parameters | {"allowed": [*allowed, Resolution.STORE_CREDIT.value]}
            rule.save(update_fields=["parameters"])
