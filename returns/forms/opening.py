"""What an agent types to open a return for a customer (R18): per order line how many, why, in what condition."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from oms.money import MoneyError, check_amount
from returns import photos
from returns.eligibility import LineView, Wanted
from returns.forms.portal import LONGEST_NOTE, PhotosField, Terms
from returns.lifecycle.choosing import BY_A_WORD


class OpeningForm(forms.Form):
    """What is said about the return as a whole. `form_token` is minted with the page: sent twice, opened once."""

    note = forms.CharField(
        label=_("What the customer says"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    resolution = forms.ChoiceField(
        label=_("What the customer would like"),
        required=False,
        choices=lambda: [("", _("What the policy says")), *((way.value, way.label) for way in BY_A_WORD)],
        error_messages={"invalid_choice": _("Choose one of these.")},
    )
    override_reason = forms.CharField(
        label=_("Why they get it although the policy does not offer it"),
        help_text=_("In a few words without names; empty: the policy decides."),
        required=False,
        max_length=120,
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    confirmed_total = forms.DecimalField(
        required=False, max_digits=18, decimal_places=3, min_value=Decimal(0), widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("override_reason") and not given.get("resolution") and "resolution" not in self.errors:
            words = _("Choose what they get.")
            self.add_error("resolution", forms.ValidationError(words, code="required"))
        return given

    @property
    def ways(self) -> dict[str, str]:
        """The customer's preference, or what staff give beyond the policy, as `judge` and `request` take them."""
        way = self.cleaned_data["resolution"]
        return {"resolution": way, "override": way if self.cleaned_data["override_reason"] else ""}

    def clean_confirmed_total(self) -> Decimal | None:
        total = self.cleaned_data["confirmed_total"]
        try:
            return None if total is None else check_amount(total, self.currency)
        except MoneyError:
            raise forms.ValidationError(_("That is not an amount."), code="invalid") from None


class OpenedLineForm(forms.Form):
    """One order line. Left at 0 it does not come back; else it needs a reason, and what that reason asks for."""

    quantity = forms.IntegerField(
        label=_("How many"),
        min_value=0,
        required=False,
        initial=0,
        error_messages={
            "invalid": _("Enter a whole number."),
            "min_value": _("Enter 0 or more."),
            "max_value": _("At most %(limit_value)s can come back."),
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    reason = forms.ChoiceField(
        label=_("Why"), required=False, error_messages={"invalid_choice": _("Choose one of the reasons.")}
    )
    condition = forms.ChoiceField(
        label=_("Condition"), required=False, error_messages={"invalid_choice": _("Choose one of the conditions.")}
    )
    photos = PhotosField(label=_("Photos the customer sent"), required=False)

    def __init__(self, *args: Any, view: LineView, terms: Terms, kept: int = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.view, self.terms, self.kept = view, terms, kept
        quantity = self.fields["quantity"]
        quantity.max_value = view.left  # type: ignore[attr-defined]
        quantity.validators.append(MaxValueValidator(view.left, quantity.error_messages["max_value"]))
        quantity.widget.attrs |= {"max": view.left, "min": 0}
        self.fields["reason"].choices = [
            ("", _("Choose one")),
            *((one.code, one.label) for one in terms.reasons.values()),
        ]
        self.fields["condition"].choices = [
            ("", _("Not known")),
            *((one.code, one.customer_label) for one in terms.conditions.values()),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("quantity"):
            return given
        reason = self.terms.reasons.get(given.get("reason", ""))
        if reason is None:
            if "reason" not in self.errors:
                self.add_error("reason", forms.ValidationError(_("Choose why it comes back."), code="required"))
            return given
        if not reason.asks_condition:
            given["condition"] = ""
        elif not given.get("condition") and "condition" not in self.errors:
            words = _("Choose what condition it is in.")
            self.add_error("condition", forms.ValidationError(words, code="required"))
        if self.kept + len(given.get("photos") or ()) > photos.MAX_PER_LINE:
            refused = photos.TooManyPhotos(most=photos.MAX_PER_LINE)
            self.add_error("photos", forms.ValidationError(str(refused), code=refused.code))
        return given

    @property
    def is_chosen(self) -> bool:
        return bool(getattr(self, "cleaned_data", {}).get("quantity"))

    def wanted(self, kept: int) -> Wanted:
        given = self.cleaned_data
        return Wanted(
            self.view.order_line.pk, given["quantity"], given["reason"], given.get("condition", ""), photos=kept
        )
