"""What staff type about store credit. Each form's token is minted with the page: sent twice, done once."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.money import MoneyError, exponent, parse_amount
from refunds.lifecycle.credit_by_hand import BY_HAND
from refunds.models import StoreCreditGrant, StoreCreditTerms

NO_NAMES = _("A few words for colleagues. No names, addresses or card numbers.")


class FilterForm(forms.Form):
    """What the list shows."""

    q = forms.CharField(label=_("Credit, order or customer number"), required=False, max_length=40)


class AmountForm(forms.Form):
    """An amount in the currency of the account."""

    form_token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    amount = forms.CharField(label=_("Amount"), max_length=20)
    may_be_negative = False

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._currency = currency
        self.fields["amount"].widget.attrs["inputmode"] = "decimal"
        self.fields["amount"].help_text = _("In %(currency)s, like %(example)s.") % {
            "currency": currency,
            "example": f"{5:.{exponent(currency)}f}",
        }

    def clean_amount(self) -> Decimal:
        try:
            amount = parse_amount(self.cleaned_data["amount"].strip(), self._currency)
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from None
        if not amount or (amount < 0 and not self.may_be_negative):
            raise forms.ValidationError(
                _("The amount must not be zero.") if self.may_be_negative else _("The amount must be more than zero.")
            )
        return amount


class GrantForm(AmountForm):
    category = forms.ChoiceField(label=_("For"), choices=[(one.value, one.label) for one in BY_HAND])
    reason = forms.CharField(label=_("Why"), max_length=120, help_text=NO_NAMES)
    field_order = ("category", "amount", "reason")


class PaymentForm(AmountForm):
    order = forms.CharField(
        label=_("Order number"), max_length=40, help_text=_("Of this customer, and not paid in full yet.")
    )
    field_order = ("order", "amount")


class CorrectionForm(AmountForm):
    """More or less of one grant."""

    may_be_negative = True
    grant = forms.TypedChoiceField(label=_("Which credit"), coerce=int)
    reason = forms.CharField(label=_("Why"), max_length=120, help_text=NO_NAMES)
    field_order = ("grant", "amount", "reason")

    def __init__(self, *args: Any, choices: Sequence[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["grant"].choices = choices  # type: ignore[attr-defined]
        self.fields["amount"].label = _("Change")
        self.fields["amount"].help_text = _("More as 5.00, less as -5.00.")


class WithdrawalForm(forms.Form):
    grant = forms.TypedChoiceField(label=_("Which credit"), coerce=int)
    reason = forms.CharField(label=_("Why"), max_length=120, help_text=NO_NAMES)

    def __init__(self, *args: Any, choices: Sequence[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["grant"].choices = choices  # type: ignore[attr-defined]


class TermsForm(forms.ModelForm):
    class Meta:
        model = StoreCreditTerms
        fields = ("position", "valid_days", "alone_up_to")
        help_texts = {
            "position": _("1 is spent first, where credit expires on the same day."),
            "valid_days": _("Empty: it never expires. Credit that was given keeps its day."),
            "alone_up_to": _("Per customer and day; more needs a second person. 0: always."),
        }


def grants_to_choose(grants: Sequence[StoreCreditGrant], words: Any) -> list[tuple[int, str]]:
    """Grants something is left of, as a person tells them apart."""
    return [(grant.pk, words(grant)) for grant in grants if grant.remaining or grant.authorized]
