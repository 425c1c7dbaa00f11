"""The shop's rules for carriers, in the words of the choice."""

from oms.remembered import remembered
from returns.carriers.choice import Preference
from returns.models import CarrierRule


@remembered
def in_force() -> list[Preference]:
    """Active rules in their order."""
    return [
        Preference(
            name=rule.name,
            carrier=rule.carrier,
            service=rule.service,
            never=rule.never,
            origins=tuple(rule.origins),
            destinations=tuple(rule.destinations),
            markets=tuple(rule.markets),
            from_grams=rule.from_grams,
            to_grams=rule.to_grams,
            from_value=rule.from_value,
            to_value=rule.to_value,
            dearer_percent=rule.dearer_percent,
            days=rule.days,
        )
        for rule in CarrierRule.objects.filter(active=True).order_by("position", "pk")
    ]
