"""Which warehouse a return goes to, and why in one sentence: of the rules in their order the first that fits decides.

A rule fits when every thing that comes back fits it; empty conditions mean any. A warehouse that takes no returns any
more is passed over, and without a rule the default one takes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory import places
from inventory.models import Warehouse
from oms.countries import code_of
from oms.remembered import remembered
from returns.eligibility import OrderFile, Wanted, declared
from returns.models import WarehouseRule


@dataclass(frozen=True, slots=True)
class Coming:
    """One thing that comes back: codes of its category, of the declared condition ("" unknown), of the reason."""

    category: str
    condition: str
    reason: str


@remembered
def in_force() -> list[WarehouseRule]:
    """Active rules in their order."""
    return list(WarehouseRule.objects.filter(active=True).order_by("position", "pk"))


def choose(country: str, coming: Iterable[Coming], rules: Iterable[WarehouseRule]) -> WarehouseRule | None:
    """The first rule that fits a return from this country (ISO 3166-1 alpha-2). Pure but for the rows handed in."""
    coming = list(coming)
    for rule in rules:
        if rule.countries and country not in rule.countries:
            continue
        sets = ((rule.categories, "category"), (rule.conditions, "condition"), (rule.reasons, "reason"))
        if all(not allowed or all(getattr(one, name) in allowed for one in coming) for allowed, name in sets):
            return rule
    return None


def house_for(file: OrderFile, wanted: Iterable[Wanted]) -> tuple[Warehouse, str]:
    """Where these goods go, and why, in the words kept with the return ("" for the default)."""
    rules = [rule for rule in in_force() if _takes(rule)]
    if not rules:
        return places.default_house(), ""
    country = code_of(file.order.country or (file.order.customer.country if file.order.customer else ""))
    rule = choose(country, (_coming(file, one) for one in wanted), rules)
    if rule is None:
        return places.default_house(), _("no rule fits, so it goes where returns go by default")
    house = places.house(rule.warehouse_id)
    assert house is not None
    return house, _("rule “%(rule)s”: %(why)s") % {"rule": rule.name, "why": why(rule)}


def why(rule: WarehouseRule) -> str:
    """The conditions of a rule, as a part of a sentence."""
    said = [
        words % {"which": ", ".join(values)}
        for words, values in (
            (_("from %(which)s"), rule.countries),
            (_("category %(which)s"), rule.categories),
            (_("declared %(which)s"), rule.conditions),
            (_("because of %(which)s"), rule.reasons),
        )
        if values
    ]
    return ", ".join(said) or _("every return")


def _takes(rule: WarehouseRule) -> bool:
    house = places.house(rule.warehouse_id)
    return house is not None and house.takes_returns


def _coming(file: OrderFile, one: Wanted) -> Coming:
    product = file.lines[one.order_line_id].product
    condition = declared(file, one)
    return Coming(product.category if product else "", condition.code if condition else "", one.reason)
