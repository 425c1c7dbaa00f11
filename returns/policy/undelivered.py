"""What comes back of the shipping costs when a parcel never reached the customer. Pure."""

from collections.abc import Iterable

from returns.policy.facts import Rule

KIND = "not_delivered"
# What the carrier lost or broke is never the customer's doing.
OUR_RISK = frozenset({"lost", "damaged"})


def shipping_back(rules: Iterable[Rule], kind: str) -> bool:
    """Whether what was paid for sending goes back with the goods of a case of this kind; without a rule it is kept
    for parcels that were refused or could not be delivered."""
    if kind in OUR_RISK:
        return True
    rule = next((one for one in sorted(rules, key=lambda one: one.priority) if one.kind == KIND), None)
    return bool(rule and rule.parameters.get(f"shipping_when_{kind}", False))
