"""What a manager types about the rules of the policy: one form per kind of rule, made from what it may be told."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition
from oms.states import PaymentMethod
from returns.models import ReturnReason
from returns.policy import ParametersRefused, validate
from returns.policy.exchange import Scope
from returns.policy.parameters import KINDS, PARAMETERS
from returns.states import RefundAt, ReleaseAt, Resolution

MOST_PRIORITY = 32_000
KIND_LABELS = {
    "window": _("Return window"),
    "final_sale": _("Final sale"),
    "not_shipped": _("Not yet shipped"),
    "already_returned": _("Already returned"),
    "accepted_reasons": _("Accepted reasons"),
    "accepted_conditions": _("Accepted conditions"),
    "photo_required": _("Photos"),
    "restocking_fee": _("Restocking fee"),
    "review_above": _("Value that needs a person"),
    "customer_history": _("History that needs a person"),
    "free_label": _("Label"),
    "needs_pickup": _("Collected instead of posted"),
    "refund_at": _("When money moves"),
    "resolutions": _("What customers get"),
    "keep_item": _("Keep the item"),
    "refund_shipping": _("Shipping costs back"),
    "promotions": _("Discounts with a minimum"),
    "exchange": _("Exchange"),
    "replacement": _("Replacement"),
    "expires_after": _("Time to post it"),
    "not_delivered": _("Parcels that were not delivered"),
}
LABELS = {
    "days": _("Days"),
    "anchors": _("Counted from"),
    "transit_days": _("Days added when only the shipping day is known"),
    "categories": _("Only these categories"),
    "severity": _("When it does not fit"),
    "unless_our_fault": _("Not when the fault is ours"),
    "reasons": _("Reasons"),
    "conditions": _("Conditions"),
    "count": _("How many"),
    "percent": _("Percent kept"),
    "amount": _("Amount kept"),
    "per": _("For each"),
    "maximum": _("At most"),
    "waived_when_our_fault": _("Not when the fault is ours"),
    "value": _("Value"),
    "returns": _("Returns in a year"),
    "everyone": _("Free for everyone"),
    "fee": _("Price of the label otherwise"),
    "default": _("Otherwise"),
    "rows": _("Exceptions, as JSON"),
    "allowed": _("Allowed"),
    "money_days": _("Days in which money is paid back"),
    "expired_outcome": _("After these days"),
    "resolutions": _("Only when the customer gets"),
    "tax_rate": _("Tax in it, percent"),
    "fee_percent": _("Or a percentage of what comes back"),
    "fee_per": _("For each"),
    "fee_maximum": _("At most"),
    "fee_tax_rate": _("Tax in it, percent"),
    "methods": _("Only when paid by"),
    "days_over": _("Only when the order is older than so many days"),
    "returns_over": _("Only for customers with more returns in a year than"),
    "value_over": _("Only when worth more than"),
    "value_up_to": _("Only when worth at most"),
    "requalify": _("Taken back from what stays below the minimum"),
    "keep_reasons": _("Kept for these reasons"),
    "our_fault": _("When the fault is ours"),
    "everything": _("With the last of an order"),
    "times": _("Times per customer and year"),
    "value_in_all": _("Worth per customer and year"),
    "hazardous": _("What is hazardous"),
    "over_grams": _("A piece that weighs more grams than"),
    "over_cm": _("A piece that is longer, in cm, than"),
    "scope": _("May be exchanged for"),
    "reserved_days": _("Days the goods are set aside"),
    "release_at": _("The replacement leaves"),
    "remind_days": _("Reminded so many days before"),
    "shipping_when_refused": _("Shipping costs back when the parcel was refused"),
    "shipping_when_undeliverable": _("Shipping costs back when it could not be delivered"),
}
HINTS = {
    "anchors": _("Best known first, with commas: delivered, shipped, placed."),
    "categories": _("With commas; empty: all."),
    "rows": _(
        'Like [{"at": "scan", "reasons": ["wrong_item"]}]; the first that fits counts. '
        "A rule of its own for a reason or a resolution does the same."
    ),
    "fee": _("Empty: the customer chooses a carrier and pays it."),
    "tax_rate": _("Empty: the fee is not taxed."),
    "fee_tax_rate": _("Empty: the fee is not taxed."),
    "resolutions": _("None chosen: whatever the customer gets."),
    "methods": _("None chosen: however it was paid."),
}
_NUMBERS = frozenset(
    {"days", "transit_days", "money_days", "count", "returns", "days_over", "returns_over", "times", "reserved_days"}
    | {"remind_days", "over_grams", "over_cm"}
)
_FLAGS = {
    "unless_our_fault": True,
    "waived_when_our_fault": True,
    "everyone": False,
    "our_fault": True,
    "everything": True,
    "requalify": False,
    "hazardous": True,
    "shipping_when_refused": False,
    "shipping_when_undeliverable": False,
}
_CODES = frozenset({"categories", "anchors"})
_SEVERITIES = [("deny", _("refuse it")), ("review", _("put it before a person"))]
_PER = [("return", _("return")), ("line", _("line")), ("unit", _("piece"))]


class KindForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Kind of rule"),
        choices=[(kind, KIND_LABELS.get(kind, kind)) for kind in KINDS],
        error_messages={"invalid_choice": _("There is no rule of this kind.")},
    )


class RuleForm(forms.Form):
    """One rule of a draft: its priority, whether it counts, and the parameters its kind knows."""

    priority = forms.IntegerField(
        label=_("Order"), min_value=1, max_value=MOST_PRIORITY, initial=100, help_text=_("Lower numbers come first.")
    )
    active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, kind: str, parameters: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind = kind
        self.named = [parameter.name for parameter in PARAMETERS[kind]]
        self.choices = _choices(kind)
        for parameter in PARAMETERS[kind]:
            field = self._field(parameter.name, required=parameter.required)
            field.label, field.help_text = LABELS.get(parameter.name, parameter.name), HINTS.get(parameter.name, "")
            self.fields[parameter.name] = field
        self.order_fields([*self.named, "priority", "active"])
        self.initial |= {name: self._shown(name, value) for name, value in (parameters or {}).items()}

    def _field(self, name: str, *, required: bool) -> forms.Field:
        needed = {"required": _("This is needed.")}
        if name in _FLAGS:
            return forms.BooleanField(required=False, initial=_FLAGS[name])
        if name in _NUMBERS:
            return forms.IntegerField(
                required=required, error_messages=needed | {"invalid": _("A whole number is needed.")}
            )
        if name in self.choices:
            choices, several = self.choices[name]
            if several:
                return forms.MultipleChoiceField(
                    required=required, choices=choices, widget=forms.CheckboxSelectMultiple, error_messages=needed
                )
            return forms.ChoiceField(required=required, choices=choices, error_messages=needed)
        if name == "rows":
            return forms.JSONField(required=required, widget=forms.Textarea(attrs={"rows": 4}))
        return forms.CharField(required=required, max_length=500, error_messages=needed)

    def _shown(self, name: str, value: Any) -> Any:
        return ", ".join(value) if name in _CODES else value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                validate(self.kind, self.parameters())
            except ParametersRefused as refused:
                field = refused.field if refused.field in self.fields else None
                self.add_error(field, forms.ValidationError(str(refused), code="parameters"))
        return cleaned

    def parameters(self) -> dict[str, Any]:
        """What was given, as the rule keeps it; what was left empty is left out."""
        found: dict[str, Any] = {}
        for name in self.named:
            value = self.cleaned_data.get(name)
            if name in _CODES:
                value = [part.strip() for part in (value or "").split(",") if part.strip()]
            if name in _FLAGS or value not in (None, "", [], ()):
                found[name] = value
        return found


def _choices(kind: str) -> dict[str, tuple[Iterable[tuple[str, Any]], bool]]:
    """Choices of the parameters that have some, and whether several may be chosen."""
    names = {parameter.name for parameter in PARAMETERS[kind]}
    found: dict[str, tuple[Iterable[tuple[str, Any]], bool]] = {
        "severity": (_SEVERITIES, False),
        "per": (_PER, False),
        "fee_per": (_PER, False),
        "methods": (PaymentMethod.choices, True),
        "resolutions": (Resolution.choices, True),
        "scope": (Scope.choices, False),
        "release_at": ([(at.value, at.label) for at in ReleaseAt.without_money()], False),
    }
    if "reasons" in names:
        found["reasons"] = (ReturnReason.objects.order_by("position", "id").values_list("code", "label"), True)
    if "conditions" in names:
        found["conditions"] = (Condition.objects.order_by("position", "id").values_list("code", "label"), True)
    offered = [choice for choice in Resolution.choices if choice[0] != Resolution.KEEP_ITEM]
    moments = [(at.value, at.label) for at in RefundAt.with_goods()]
    if "keep_reasons" in names:
        labels = ReturnReason.objects.order_by("position", "id").values_list("code", "label")
        found["keep_reasons"] = (labels, True)
    found["allowed"] = (offered, True)
    found["default"] = (moments if kind == "refund_at" else offered, False)
    found["expired_outcome"] = ([("", _("a person decides")), *offered], False)
    return {name: choice for name, choice in found.items() if name in names}


class PublicationForm(forms.Form):
    title = forms.CharField(
        label=_("What it is called"), max_length=120, error_messages={"required": _("Give the version a name.")}
    )
    valid_from = forms.DateTimeField(
        label=_("Valid from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        help_text=_("For orders placed from then on; empty: from now on."),
        error_messages={"invalid": _("Enter a date and a time.")},
    )
