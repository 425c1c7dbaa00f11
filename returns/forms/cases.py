"""What customers and the desk type about a parcel that went wrong. Nothing is stored here."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.money import MoneyError, check_amount
from returns import own_parcels
from returns.case_states import CaseCause, CaseDecision

LONGEST_NOTE = 1000


class WhyForm(forms.Form):
    """Why the parcel was not taken: one question, and room for a word."""

    cause = forms.ChoiceField(
        label=_("What happened?"),
        choices=CaseCause,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the answer that fits best."),
            "invalid_choice": _("Choose one of these answers."),
        },
    )
    note = forms.CharField(
        label=_("Anything else we should know?"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=CaseDecision)


class _MoneyForm(forms.Form):
    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency

    def _checked(self, name: str) -> Decimal | None:
        amount = self.cleaned_data[name]
        try:
            return None if amount is None else check_amount(amount, self.currency)
        except MoneyError as problem:
            raise forms.ValidationError(str(problem), code="decimals") from None


def _amount(label: Any, smallest: str, *, required: bool) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=required,
        min_value=Decimal(smallest),
        max_digits=12,
        error_messages={
            "required": _("Enter an amount."),
            "invalid": _("Enter an amount like 12.50."),
            "min_value": _("Enter an amount that is not negative, and more than nothing for a claim."),
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


class ClaimForm(_MoneyForm):
    amount = _amount(_("What the carrier owes us"), "0.001", required=True)
    reference = forms.CharField(label=_("The carrier's number of the claim"), required=False, max_length=60)

    def clean_amount(self) -> Decimal | None:
        return self._checked("amount")


class ClosingForm(_MoneyForm):
    """What the carrier paid; left empty where nothing was claimed."""

    recovered = _amount(_("What the carrier paid"), "0", required=False)

    def clean_recovered(self) -> Decimal | None:
        return self._checked("recovered")


class OwnParcelForm(forms.Form):
    """The carrier and the number of a parcel the customer sends with a label of their own."""

    carrier = forms.ChoiceField(
        label=_("Carrier"),
        choices=[("", _("Choose …")), *own_parcels.CARRIERS.items()],
        error_messages={"required": _("Choose the carrier."), "invalid_choice": _("Choose one of these carriers.")},
    )
    tracking_number = forms.CharField(
        label=_("Tracking number"),
        max_length=60,
        help_text=_("It stands on the receipt of the post office or shop."),
        error_messages={"required": _("Enter the tracking number.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        number = own_parcels.plain(given.get("tracking_number") or "")
        if number and given.get("carrier") and not own_parcels.fits(given["carrier"], number):
            words = _("This does not look like a number of %(carrier)s. Compare it with the receipt.")
            name = own_parcels.CARRIERS[given["carrier"]]
            self.add_error("tracking_number", forms.ValidationError(words % {"carrier": name}, code="shape"))
        given["tracking_number"] = number
        return given
