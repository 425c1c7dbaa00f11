"""What the dock types. Every refusal is a sentence at its field; nothing is stored here."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition
from inventory.states import Disposition, Grade
from returns.forms.portal import PhotosField
from returns.lifecycle.inspecting import Finding
from returns.models import Checklist, Receipt
from returns.states import Acceptance, ReceiptResult

LONGEST_NOTE = 1000
LARGEST_COUNT = 1_000_000
AS_SUGGESTED = ("", _("As suggested"))
YES_OR_NO = [("yes", _("Yes")), ("no", _("No"))]


# What is decided otherwise with one key: the key, what becomes of the goods, and why.
QUICK: tuple[tuple[str, Disposition, Any], ...] = (
    ("q", Disposition.QUARANTINE, _("something is odd about it")),
    ("f", Disposition.REFURBISH, _("a little work makes it sellable")),
    ("l", Disposition.LIQUIDATE, _("not worth its place on the shelf")),
    ("s", Disposition.SCRAP, _("hygiene or safety")),
)


class PageTokenField(forms.UUIDField):
    """Minted with the page: what is sent twice with the same one happens once."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        problem = _("This page is not complete. Nothing was changed; please try again.")
        super().__init__(initial=uuid4, error_messages={"required": problem, "invalid": problem})


class ArrivalForm(forms.Form):
    """Pieces of one line that arrived, arrived as something else, or will not come."""

    form_token = PageTokenField()
    line = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**62)
    quantity = forms.IntegerField(
        label=_("How many?"),
        min_value=1,
        max_value=LARGEST_COUNT,
        error_messages={
            "required": _("Enter how many pieces."),
            "invalid": _("Enter a whole number."),
            "min_value": _("Enter at least 1."),
            "max_value": _("There are not that many."),
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    result = forms.ChoiceField(
        choices=ReceiptResult,
        error_messages={"required": _("Say whether it arrived."), "invalid_choice": _("Say whether it arrived.")},
    )


LOOKED_AT = _("All of it has been looked at already, in another tab or by somebody else. Nothing was written down.")


class InspectionForm(forms.Form):
    """What was found of one receipt. Empty grade, disposition and acceptance mean: as the condition suggests."""

    form_token = PageTokenField()
    receipt = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**62)
    condition = forms.ChoiceField(
        label=_("What do you see?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you see."), "invalid_choice": _("Choose one of the conditions.")},
    )
    quantity = forms.IntegerField(
        label=_("How many are like this?"),
        min_value=1,
        error_messages={
            "required": _("Enter how many pieces."),
            "invalid": _("Enter a whole number."),
            "min_value": _("Enter at least 1."),
            "max_value": _("Only %(limit_value)s are waiting for inspection."),
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    grade = forms.ChoiceField(
        label=_("Grade"), required=False, choices=[("", _("Usual for the condition")), *Grade.choices]
    )
    disposition = forms.ChoiceField(
        label=_("What becomes of it?"), required=False, choices=[AS_SUGGESTED, *Disposition.choices]
    )
    acceptance = forms.ChoiceField(
        label=_("Do we take it back?"), required=False, choices=[AS_SUGGESTED, *Acceptance.choices]
    )
    quick = forms.ChoiceField(
        label=_("Otherwise, with one key"),
        required=False,
        choices=[("", _("As suggested")), *((key, f"{what.label}: {why}") for key, what, why in QUICK)],
        error_messages={"invalid_choice": _("Choose one of these.")},
    )
    override_reason = forms.CharField(
        label=_("Why other than suggested?"), required=False, max_length=200, widget=forms.TextInput
    )
    note = forms.CharField(
        label=_("Note for us and the customer"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    photos = PhotosField(label=_("Photos"), required=False)

    checklist = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**62)

    def __init__(
        self,
        *args: Any,
        receipt: Receipt,
        conditions: Mapping[str, Condition],
        checklist: Checklist | None = None,
        **options: Any,
    ) -> None:
        left = receipt.undecided
        options.setdefault("initial", {"receipt": receipt.pk, "quantity": left})
        super().__init__(*args, auto_id=f"id_{receipt.pk}_%s", use_required_attribute=False, **options)
        count = self.fields["quantity"]
        count.max_value = left
        count.widget.attrs |= {"min": 1, "max": left}
        if not left:
            count.error_messages["max_value"] = LOOKED_AT
        count.validators.append(_at_most(left, count.error_messages["max_value"]))
        self.fields["condition"].choices = [(one.code, one.label) for one in conditions.values()]
        self.fields["photos"].widget.attrs["capture"] = "environment"
        self.asked = checklist
        self.initial["checklist"] = checklist.pk if checklist else None
        for number, question in enumerate(checklist.questions if checklist else ()):
            self.fields[f"q{number}"] = forms.ChoiceField(
                label=question, required=False, choices=YES_OR_NO, widget=forms.RadioSelect,
                error_messages={"invalid_choice": _("Answer with yes or no.")},
            )  # fmt: skip

    def clean_checklist(self) -> int | None:
        asked: int | None = self.cleaned_data["checklist"]
        if self.asked is not None and asked != self.asked.pk:
            raise forms.ValidationError(_("The questions changed meanwhile. Please answer them again."))
        return asked

    @property
    def questions(self) -> list[Any]:
        """The fields of the checklist, in its order."""
        return [self[name] for name in self.fields if name[0] == "q" and name[1:].isdigit()]

    @property
    def answers(self) -> list[str]:
        return [self.cleaned_data[name] for name in self.fields if name[0] == "q" and name[1:].isdigit()]

    def finding(self) -> Finding:
        data = self.cleaned_data
        what, why = next(((what, why) for key, what, why in QUICK if key == data["quick"]), ("", ""))
        return Finding(
            receipt_id=data["receipt"],
            quantity=data["quantity"],
            condition=data["condition"],
            disposition=data["disposition"] or what,
            grade=data["grade"],
            acceptance=data["acceptance"],
            override_reason=data["override_reason"] or str(why),
            note=data["note"],
        )


def _at_most(left: int, sentence: str) -> Any:
    def check(value: int) -> None:
        if value > left:
            raise forms.ValidationError(sentence, code="max_value", params={"limit_value": left})

    return check


# Where the sentence of a refused inspection belongs.
FIELD_OF: Mapping[str, str] = {
    "more_than_received": "quantity",
    "not_sellable": "disposition",
    "override_needs_reason": "override_reason",
    "nothing_found": "condition",
}
