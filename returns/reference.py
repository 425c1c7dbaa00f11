"""Reasons, conditions and published policies: read on every page, changed a few times a year."""

from datetime import datetime

from inventory.models import Condition
from oms.remembered import remembered
from returns.models import PolicyVersion, ReturnReason

REMINDED_BEFORE = 3  # days, where the policy names none


@remembered
def reasons() -> dict[str, ReturnReason]:
    """Active reasons by code, in the order customers see them."""
    found = ReturnReason.objects.filter(active=True).select_related("implied_condition").order_by("position", "id")
    return {reason.code: reason for reason in found}


@remembered
def every_reason() -> list[ReturnReason]:
    """In the order people see them, those no longer offered too: returns of the past have them."""
    return list(ReturnReason.objects.order_by("position", "id"))


@remembered
def conditions() -> dict[str, Condition]:
    """All conditions by code, in the order people see them; only active ones are offered."""
    return {condition.code: condition for condition in Condition.objects.order_by("position", "id")}


def policy_for(market: str, placed_at: datetime) -> PolicyVersion:
    """The published version that binds an order of this market and moment, with its rules loaded.

    Raises PolicyVersion.DoesNotExist, which the first version (valid since ever) prevents.
    """
    for version in _published(market):
        if placed_at in version.valid:
            return version
    raise PolicyVersion.DoesNotExist(market)


def reminds_before(version: PolicyVersion) -> int | None:
    """How many days before a return of this policy runs out its customer is reminded; None: not at all."""
    known = next((one for one in _published(version.market) if one.pk == version.pk), version)
    rules = [rule for rule in known.rules.all() if rule.active and rule.kind == "expires_after"]
    first = min(rules, key=lambda rule: rule.priority, default=None)
    return first.parameters.get("remind_days", REMINDED_BEFORE) if first else None


@remembered
def _published(market: str) -> list[PolicyVersion]:
    found = PolicyVersion.objects.filter(market=market, valid__isnull=False).prefetch_related("rules")
    return list(found.order_by("-number"))
