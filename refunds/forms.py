"""What staff type about refunds."""

from decimal import Decimal
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.models import Payment
from oms.money import MoneyError, exponent, parse_amount
from refunds.states import GoodwillReason, RefundStatus


class FilterForm(forms.Form):
    """What the list shows. Values that are none change nothing."""

    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("all")), *RefundStatus.choices])
    q = forms.CharField(label=_("Refund, order or return"), required=False, max_length=40)


class RefusalForm(forms.Form):
    reason = forms.CharField(
        label=_("Why not"),
        max_length=60,
        help_text=_("A few words for colleagues. No names, addresses or card numbers."),
    )


class GoodwillForm(forms.Form):
    """An amount without goods. `form_token` is minted with the page: sent twice, asked for once."""

    amount = forms.CharField(label=_("Amount"), max_length=20)
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=[("", _("Choose one")), *GoodwillReason.choices],
        error_messages={"required": _("Choose why."), "invalid_choice": _("Choose one of the reasons.")},
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: object, currency: str, payments: list[Payment], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._currency = currency
        left = sum((payment.refundable for payment in payments), Decimal(0))
        self.fields["amount"].widget.attrs["inputmode"] = "decimal"
        self.fields["amount"].help_text = _("In %(currency)s, at most %(left)s.") % {
            "currency": currency,
            "left": f"{left:.{exponent(currency)}f}",
        }

    def clean_amount(self) -> Decimal:
        try:
            amount = parse_amount(self.cleaned_data["amount"].strip(), self._currency)
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from None
        if amount <= 0:
            raise forms.ValidationError(_("The amount must be more than zero."))
        return amount


class MemoFilters(forms.Form):
    """Which credit memos the list shows: one series, from one number down."""

    q = forms.CharField(label=_("Number or order"), max_length=40, required=False)
    series = forms.ChoiceField(label=_("Series"), required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: object, series: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["series"].choices = [(name, name) for name in series]  # type: ignore[attr-defined]
