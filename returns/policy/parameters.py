"""What each kind of rule may be told: checked before a rule is saved, so that the engine never meets nonsense."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from oms.money import MoneyError, parse_number
from oms.states import PaymentMethod
from returns.policy.exchange import Scope
from returns.policy.rules import ANCHORS
from returns.states import RefundAt, ReleaseAt, Resolution


class ParametersRefused(ValueError):
    """A parameter that cannot be used; `field` is its name ("" = the rule as a whole), the message a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


Check = Callable[[Any], str | None]
"""Returns the sentence that refuses the value, or None."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kind of rule, as the policy editor shows it."""

    name: str
    check: Check
    required: bool = False


def _count(low: int, high: int) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return _("A whole number from %(low)s to %(high)s is needed.") % {"low": low, "high": high}
        return None

    return check


def _decimal(low: int, high: int | None) -> Check:
    def check(value: Any) -> str | None:
        try:
            number = parse_number(value)
        except MoneyError:
            return _("A plain decimal number, written as text, is needed.")
        if number < low or (high is not None and number > high):
            return _("%(value)s is out of range.") % {"value": value}
        return None

    return check


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else _("Yes or no is needed.")


def _one_of(choices: Iterable[str]) -> Check:
    known = tuple(choices)

    def check(value: Any) -> str | None:
        if isinstance(value, str) and value in known:
            return None
        return _("One of these is needed: %(choices)s.") % {"choices": ", ".join(known)}

    return check


def _some_of(choices: Iterable[str]) -> Check:
    one = _one_of(choices)

    def check(value: Any) -> str | None:
        if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
            return _("A list without repetition is needed.")
        return next((refusal for refusal in map(one, value) if refusal), None)

    return check


def _codes(value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(code, str) and 0 < len(code) <= 60 for code in value):
        return None
    return _("A list of codes is needed.")


def _refund_rows(value: Any) -> str | None:
    if not isinstance(value, list):
        return _("A list of rows is needed.")
    for row in value:
        if not isinstance(row, dict) or set(row) - {"at", "reasons", "resolutions"} or "at" not in row:
            return _("Each row says “at”, and may name reasons and resolutions.")
        refusal = _one_of(RefundAt.with_goods())(row["at"]) or _codes(row.get("reasons", []))
        refusal = refusal or _codes(row.get("resolutions", []))
        if refusal:
            return refusal
    return None


_SEVERITY = Parameter("severity", _one_of(("deny", "review")))
_CATEGORIES = Parameter("categories", _codes)
_MONEY = _decimal(0, None)
_PERCENT = _decimal(0, 100)
_RESOLUTIONS = Parameter("resolutions", _some_of(Resolution.values))
# Keeping the goods is offered by a rule of its own, with its caps.
_OFFERED = tuple(value for value in Resolution.values if value != Resolution.KEEP_ITEM)
# Which returns a rule speaks about; it fits when all that it names do (R91).
_WHEN = (
    Parameter("reasons", _codes),
    _CATEGORIES,
    Parameter("conditions", _codes),
    Parameter("methods", _some_of(PaymentMethod.values)),
    Parameter("days_over", _count(0, 3650)),
    Parameter("returns_over", _count(0, 10_000)),
)

PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    "window": (
        Parameter("days", _count(0, 3650), required=True),
        Parameter("anchors", _some_of(ANCHORS)),
        Parameter("transit_days", _count(0, 90)),
        _CATEGORIES,
        _SEVERITY,
    ),
    "final_sale": (Parameter("unless_our_fault", _flag), _CATEGORIES, _SEVERITY),
    "not_shipped": (_SEVERITY,),
    "already_returned": (),
    "accepted_reasons": (Parameter("reasons", _codes, required=True), _CATEGORIES, _SEVERITY),
    "accepted_conditions": (Parameter("conditions", _codes, required=True), _CATEGORIES, _SEVERITY),
    "photo_required": (
        Parameter("reasons", _codes, required=True),
        Parameter("count", _count(1, 10)),
        _CATEGORIES,
        _SEVERITY,
    ),
    "restocking_fee": (
        Parameter("percent", _decimal(0, 100)),
        Parameter("amount", _MONEY),
        Parameter("per", _one_of(("unit", "line", "return"))),
        Parameter("maximum", _MONEY),
        Parameter("tax_rate", _PERCENT),
        Parameter("reasons", _codes),
        _RESOLUTIONS,
        Parameter("waived_when_our_fault", _flag),
        _CATEGORIES,
    ),
    "review_above": (Parameter("value", _MONEY, required=True),),
    "customer_history": (Parameter("returns", _count(0, 10_000), required=True),),
    "free_label": (
        Parameter("everyone", _flag),
        Parameter("reasons", _codes),
        Parameter("fee", _MONEY),
        Parameter("fee_percent", _PERCENT),
        Parameter("fee_per", _one_of(("unit", "line", "return"))),
        Parameter("fee_maximum", _MONEY),
        Parameter("fee_tax_rate", _PERCENT),
        _RESOLUTIONS,
    ),
    "needs_pickup": (
        Parameter("hazardous", _flag),
        Parameter("over_grams", _count(1, 10_000_000)),
        Parameter("over_cm", _count(1, 10_000)),
    ),
    "refund_shipping": (
        Parameter("our_fault", _flag),
        Parameter("everything", _flag),
        Parameter("reasons", _codes),
    ),
    "promotions": (Parameter("requalify", _flag), Parameter("keep_reasons", _codes)),
    "refund_at": (
        Parameter("default", _one_of(RefundAt.with_goods())),
        Parameter("rows", _refund_rows),
        Parameter("reasons", _codes),
        _CATEGORIES,
        _RESOLUTIONS,
    ),
    "resolutions": (
        Parameter("allowed", _some_of(_OFFERED), required=True),
        Parameter("default", _one_of(_OFFERED)),
        Parameter("money_days", _count(0, 3650)),
        Parameter("expired_outcome", _one_of(_OFFERED)),
        *_WHEN,
        Parameter("value_over", _MONEY),
        Parameter("value_up_to", _MONEY),
    ),
    "keep_item": (
        Parameter("value_up_to", _MONEY, required=True),
        Parameter("times", _count(1, 1000)),
        Parameter("value_in_all", _MONEY),
        *_WHEN,
    ),
    "exchange": (
        Parameter("scope", _one_of(Scope.values), required=True),
        Parameter("reserved_days", _count(1, 365)),
        _CATEGORIES,
    ),
    "replacement": (
        Parameter("release_at", _one_of(ReleaseAt.without_money())),
        Parameter("reserved_days", _count(1, 365)),
        _CATEGORIES,
    ),
    "expires_after": (Parameter("days", _count(1, 365), required=True), Parameter("remind_days", _count(1, 60))),
    "not_delivered": (Parameter("shipping_when_refused", _flag), Parameter("shipping_when_undeliverable", _flag)),
}
"""Every kind of rule with what it may be told. Amounts are in the currency of the order that is judged."""

KINDS: Sequence[str] = tuple(PARAMETERS)


def validate(kind: str, parameters: Mapping[str, Any]) -> None:
    """Accept, or raise ParametersRefused with a sentence at the right field."""
    if kind not in PARAMETERS:
        raise ParametersRefused("kind", _("There is no rule of this kind."))
    if not isinstance(parameters, Mapping):
        raise ParametersRefused("", _("Parameters are a table of names and values."))
    known = {parameter.name: parameter for parameter in PARAMETERS[kind]}
    for name in parameters:
        if name not in known:
            raise ParametersRefused(
                str(name), _("This rule knows only: %(names)s.") % {"names": ", ".join(known) or _("nothing")}
            )
    for parameter in known.values():
        if parameter.name not in parameters:
            if parameter.required:
                raise ParametersRefused(parameter.name, _("This is needed."))
            continue
        refusal = parameter.check(parameters[parameter.name])
        if refusal:
            raise ParametersRefused(parameter.name, refusal)
    _validate_together(kind, parameters)


def _validate_together(kind: str, parameters: Mapping[str, Any]) -> None:
    if kind == "restocking_fee" and ("percent" in parameters) == ("amount" in parameters):
        raise ParametersRefused("percent", _("A fee is either a percentage or an amount."))
    if kind == "free_label" and "fee" in parameters and "fee_percent" in parameters:
        raise ParametersRefused("fee_percent", _("A fee is either a percentage or an amount."))
    if kind == "needs_pickup" and not (
        parameters.get("hazardous", True) or "over_grams" in parameters or "over_cm" in parameters
    ):
        raise ParametersRefused("hazardous", _("Say at least one thing that is collected."))
    if kind == "resolutions":
        for name in ("default", "expired_outcome"):
            if name in parameters and parameters[name] not in parameters["allowed"]:
                raise ParametersRefused(name, _("This is not among the allowed resolutions."))
        if "default" not in parameters and Resolution.REFUND not in parameters["allowed"]:
            raise ParametersRefused("default", _("Name what applies when nothing is chosen."))
    above_zero = {"review_above": "value", "keep_item": "value_up_to"}.get(kind, "")
    if above_zero and Decimal(parameters[above_zero]) <= 0:
        raise ParametersRefused(above_zero, _("More than zero is needed."))
