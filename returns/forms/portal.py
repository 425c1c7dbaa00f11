"""What customers type. Every refusal is a sentence at its field; nothing is stored here."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition
from oms.money import MoneyError, check_amount
from returns import photos
from returns.eligibility import OrderFile
from returns.forms.asking import AskedChoiceField, AskedPhotosField, AskedTextField, PhotosField
from returns.models import ReturnReason
from returns.states import Resolution

LONGEST_NOTE = 1000
CHOOSE_ITEMS = _("Choose at least one item to send back.")


class LookupForm(forms.Form):
    """The order's number and one thing only its buyer knows."""

    number = forms.CharField(
        label=_("Order number"),
        max_length=40,
        help_text=_("In your confirmation e-mail, and on the slip in the parcel."),
        error_messages={"required": _("Enter the number of your order.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    proof = forms.CharField(
        label=_("E-mail or postcode"),
        max_length=254,
        help_text=_("The one you ordered with; either will do."),
        error_messages={"required": _("Enter your e-mail address or your postcode.")},
        widget=forms.TextInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )

    def clean_number(self) -> str:
        return self.cleaned_data["number"].lstrip("#").strip().upper()


# ── Items ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Terms:
    """What the shop asks: reasons and conditions, read once for all lines of a page."""

    reasons: Mapping[str, ReturnReason]
    conditions: Mapping[str, Condition]

    @classmethod
    def of(cls, file: OrderFile) -> "Terms":
        """In the order a manager gave them."""
        return cls(
            {one.code: one for one in sorted(file.reasons.values(), key=_position)},
            {one.code: one for one in sorted(file.conditions.values(), key=_position)},
        )


def _position(one: ReturnReason | Condition) -> tuple[int, int]:
    return one.position, one.pk


class _Reasons(forms.RadioSelect):
    """Marks what each reason asks for, so that the style sheet can show just that."""

    def __init__(self, reasons: Mapping[str, ReturnReason]) -> None:
        super().__init__()
        self.reasons = reasons

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        reason = self.reasons.get(str(value))
        if reason is not None and reason.asks_condition:
            option["attrs"]["data-asks-condition"] = True
        if reason is not None and reason.asks_photo:
            option["attrs"]["data-asks-photo"] = True
        return option


class LineForm(forms.Form):
    """Why one order line comes back, how many of it, in what condition."""

    quantity = forms.IntegerField(
        label=_("How many?"),
        min_value=1,
        error_messages={
            "required": _("Enter how many come back."),
            "invalid": _("Enter a whole number."),
            "min_value": _("Enter at least 1."),
            "max_value": _("At most %(limit_value)s can come back."),
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    reason = forms.ChoiceField(
        label=_("Why does it come back?"),
        error_messages={
            "required": _("Choose why it comes back."),
            "invalid_choice": _("Choose one of the reasons."),
        },
    )
    condition = AskedChoiceField(
        label=_("What condition is it in?"),
        error_messages={"invalid_choice": _("Choose one of the conditions.")},
        widget=forms.RadioSelect,
    )
    photos = AskedPhotosField(
        label=_("Photos of what is wrong"),
        help_text=_("JPEG, PNG or WebP, up to 5 photos of 10 MB each."),
    )
    note = forms.CharField(
        label=_("Anything we should know"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, terms: Terms, most: int, needs_note: bool, kept: int = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.terms = terms
        self.needs_note = needs_note
        self.kept = kept  # photos already stored
        quantity, reason, condition = self.fields["quantity"], self.fields["reason"], self.fields["condition"]
        quantity.max_value = most
        quantity.widget.attrs["max"] = most
        quantity.validators = [*forms.IntegerField(min_value=1, max_value=most).validators]
        if most == 1:
            quantity.widget = forms.HiddenInput()
        reason.widget = _Reasons(terms.reasons)
        reason.choices = [(code, one.label) for code, one in terms.reasons.items()]
        condition.choices = [(code, one.customer_label) for code, one in terms.conditions.items()]
        if needs_note:
            self.fields["note"].required = True
            self.fields["note"].label = _("Why should we take it back all the same?")
            self.fields["note"].error_messages["required"] = _("Tell us why we should take it back all the same.")
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("data-part", name)

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        reason = self.terms.reasons.get(answers.get("reason", ""))
        if reason is None:
            return answers
        if not reason.asks_condition:
            answers["condition"] = ""
        elif not answers.get("condition") and "condition" not in self.errors:
            self.add_error("condition", forms.ValidationError(_("Choose what condition it is in."), code="required"))
        self._check_photos(reason, answers)
        return answers

    def _check_photos(self, reason: ReturnReason, answers: dict[str, Any]) -> None:
        if "photos" in self.errors:
            return
        pictures = answers.get("photos") or []
        if not reason.asks_photo:
            answers["photos"] = []
        elif self.kept + len(pictures) > photos.MAX_PER_LINE:
            refused = photos.TooManyPhotos(most=photos.MAX_PER_LINE)
            self.add_error("photos", forms.ValidationError(str(refused), code=refused.code))
        elif not self.kept and not pictures:
            self.add_error(
                "photos", forms.ValidationError(_("Add at least one photo that shows it."), code="photo_missing")
            )


class ItemsForm(forms.Form):
    """What is wrong with the choice of lines as a whole."""

    def __init__(self, data: Any, problem: str = "") -> None:
        super().__init__(data)
        self.problem = problem

    def clean(self) -> dict[str, Any]:
        if self.problem:
            raise forms.ValidationError(self.problem)
        return super().clean() or {}


# ── Confirming ────────────────────────────────────────────────────────────────────────────────────────────────────


class ConfirmationForm(forms.Form):
    """What the customer saw and agrees to."""

    resolution = forms.ChoiceField(
        choices=Resolution.choices,
        error_messages={
            "required": _("Choose what you would like instead."),
            "invalid_choice": _("Choose one of the ways shown."),
        },
    )
    confirmed_total = forms.DecimalField(
        max_digits=18,
        decimal_places=3,
        min_value=Decimal(0),
        error_messages={"required": _("Look at the amount, then confirm."), "invalid": _("That is not an amount.")},
    )

    def __init__(self, *args: Any, currency: str, shows_amount: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency
        if not shows_amount:
            del self.fields["confirmed_total"]

    def clean_confirmed_total(self) -> Decimal:
        try:
            return check_amount(self.cleaned_data["confirmed_total"], self.currency)
        except MoneyError:
            raise forms.ValidationError(_("That is not an amount."), code="invalid") from None


# ── On the status page ────────────────────────────────────────────────────────────────────────────────────────────


class AnswerForm(forms.Form):
    """The answer to what we asked."""

    note = forms.CharField(
        label=_("Your answer"),
        max_length=LONGEST_NOTE,
        error_messages={"required": _("Write your answer.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    photos = PhotosField(
        label=_("Photos"), required=False, help_text=_("JPEG, PNG or WebP, up to 5 photos of 10 MB each.")
    )


class HoldForm(forms.Form):
    """What should become of goods we could not accept."""

    ANSWERS = (
        ("accept", _("Agree, and leave it with you")),
        ("send_back", _("Send it back to me")),
        ("dispute", _("I see it differently")),
    )
    answer = forms.ChoiceField(
        label=_("What should we do?"),
        choices=ANSWERS,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what we should do."),
            "invalid_choice": _("Choose one of the three answers."),
        },
    )
    note = AskedTextField(
        label=_("What do you see differently?"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if answers.get("answer") == "dispute" and not answers.get("note"):
            self.add_error("note", forms.ValidationError(_("Tell us what you see differently."), code="required"))
        return answers


class SurveyForm(forms.Form):
    """Three questions, one to five (R11)."""

    SCORES = tuple((str(score), str(score)) for score in range(1, 6))
    ease = forms.ChoiceField(label=_("How easy was it?"), choices=SCORES, widget=forms.RadioSelect)
    clarity = forms.ChoiceField(label=_("How clear was what happens next?"), choices=SCORES, widget=forms.RadioSelect)
    speed = forms.ChoiceField(label=_("How quick was it?"), choices=SCORES, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("What should we do better?"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("ease", "clarity", "speed"):
            field = self.fields[name]
            field.help_text = _("1 is poor, 5 is very good.")
            field.error_messages |= {
                "required": _("Choose a number from 1 to 5."),
                "invalid_choice": _("Choose a number from 1 to 5."),
            }
