"""What goods may go out instead of those that come back, and when (R85, R110): terms of the policy. Pure.

Rules of the kind `exchange` say what may be chosen instead, rules of the kind `replacement` when the same thing is sent
again. Without a rule for a category neither is possible, whatever `resolutions` offers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from returns.policy.facts import Rule
from returns.policy.rules import Parameters
from returns.states import ReleaseAt

EXCHANGE, REPLACEMENT = "exchange", "replacement"
KINDS = (EXCHANGE, REPLACEMENT)
RESERVED_DAYS = 30


class Scope(TextChoices):
    """What an item may be exchanged for, from narrow to wide."""

    SAME_PRODUCT = "same_product", _("the same thing in another option")
    SAME_PRICE = "same_price", _("anything of the same price")
    CATEGORY = "category", _("anything of its category")
    ANY = "any", _("anything we have")


@dataclass(frozen=True, slots=True)
class ExchangeTerms:
    """What one rule grants; `days` is how long the goods are set aside."""

    scope: Scope
    days: int
    release_at: ReleaseAt


def terms_of(rules: Iterable[Rule], kind: str, category: str) -> ExchangeTerms | None:
    """The terms for goods of a category: of the first rule of this kind that speaks about it. None: not offered."""
    for rule in sorted(rules, key=lambda one: one.priority):
        categories = rule.parameters.get("categories")
        if rule.kind == kind and (not categories or category in categories):
            return _terms(kind, rule.parameters)
    return None


def _terms(kind: str, parameters: Parameters) -> ExchangeTerms:
    days: Any = parameters.get("reserved_days", RESERVED_DAYS)
    if kind == REPLACEMENT:
        return ExchangeTerms(Scope.SAME_PRODUCT, days, ReleaseAt(parameters.get("release_at", ReleaseAt.INSPECTION)))
    return ExchangeTerms(Scope(parameters["scope"]), days, ReleaseAt.MONEY)
