"""What finance types on the pages of the books."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from oms.journal import Account
from oms.money import EXPONENTS, MoneyError, parse_amount
from oms.views.books.causes import Kind

EARLIEST, LATEST = date(1970, 1, 1), date(2100, 12, 31)


def day_field(label: Any, *, required: bool = False) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
    )


def _accounts(empty: Any) -> list[tuple[str, Any]]:
    numbered = sorted(Account, key=lambda one: one.number)
    return [("", empty), *((one.value, f"{one.number} {one.label}") for one in numbered)]


class DayForm(forms.Form):
    """The day at whose end the balance is read; empty is now."""

    at = day_field(_("At the end of"))


class EntryFilters(forms.Form):
    """The filters of the ledger: words in the address."""

    q = forms.CharField(label=_("Order, refund or cause"), max_length=100, required=False)
    account = forms.ChoiceField(label=_("Account"), required=False)
    kind = forms.ChoiceField(label=_("About"), choices=[("", _("anything")), *Kind.choices], required=False)
    currency = forms.CharField(label=_("Currency"), max_length=3, required=False)
    since = day_field(_("Booked from"))
    until = day_field(_("To"))
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = _accounts(_("every account"))  # type: ignore[attr-defined]

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].strip().upper()
        if currency and currency not in EXPONENTS:
            raise forms.ValidationError(_("Three letters of a currency, as GBP."))
        return currency

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        return cleaned


class EntryForm(forms.Form):
    """An entry made by hand: from one account to another."""

    on = day_field(_("Day"), required=True)
    debit = forms.ChoiceField(label=_("Debit"))
    credit = forms.ChoiceField(label=_("Credit"))
    currency = forms.CharField(label=_("Currency"), max_length=3)
    amount = forms.CharField(label=_("Amount"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    note = forms.CharField(
        label=_("Why"),
        max_length=200,
        help_text=_("For whoever reads the books later. No names, addresses or card numbers."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("debit", "credit"):
            self.fields[name].choices = _accounts(_("choose an account"))  # type: ignore[attr-defined]

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].strip().upper()
        if currency not in EXPONENTS:
            raise forms.ValidationError(_("Three letters of a currency, as GBP."))
        return currency

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "amount" in cleaned and "currency" in cleaned:
            try:
                cleaned["amount"] = parse_amount(cleaned["amount"].strip(), cleaned["currency"])
            except MoneyError as error:
                self.add_error("amount", str(error))
            else:
                if cleaned["amount"] <= Decimal(0):
                    self.add_error("amount", _("The amount must be more than zero."))
        if cleaned.get("debit") and cleaned.get("debit") == cleaned.get("credit"):
            self.add_error("credit", _("Choose another account than the one debited."))
        return cleaned
