"""What customers choose and agree to when they want goods instead of money."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.money import MoneyError, check_amount

NOT_AN_AMOUNT = _("That is not an amount.")


class PickForm(forms.Form):
    """One product out of those shown; `none` is money back for this item."""

    product = forms.CharField(
        max_length=40,
        error_messages={"required": _("Choose one of them, or your money back."), "max_length": _("Choose one.")},
    )


class FindForm(forms.Form):
    q = forms.CharField(label=_("What are you looking for?"), max_length=80, required=False)
    page = forms.IntegerField(required=False, min_value=1)


class ExchangeForm(forms.Form):
    """The two amounts the customer saw: what comes back is worth, and what goes out costs."""

    confirmed_total = forms.DecimalField(max_digits=18, decimal_places=3, min_value=Decimal(0))
    confirmed_gross = forms.DecimalField(max_digits=18, decimal_places=3, min_value=Decimal(0))

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency
        for field in self.fields.values():
            field.error_messages |= {"required": _("Look at the amounts, then confirm."), "invalid": NOT_AN_AMOUNT}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in list(cleaned):
            try:
                check_amount(cleaned[name], self.currency)
            except MoneyError:
                self.add_error(name, NOT_AN_AMOUNT)
        return cleaned
