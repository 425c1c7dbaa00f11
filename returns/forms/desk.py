"""What the service desk types about returns. Every refusal is a sentence at its field; nothing is stored here."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from returns.lifecycle.choosing import BY_A_WORD
from returns.models import ReturnReason
from returns.states import RMASource, RMAStatus, Settlement

LONGEST_NOTE = 1000
EARLIEST, LATEST = date(1970, 1, 1), date(2100, 12, 31)

# Words of the address → the statuses they stand for.
VIEWS: dict[str, tuple[RMAStatus, ...]] = {
    "open": RMAStatus.open(),
    "needs-review": (RMAStatus.NEEDS_REVIEW,),
    "waiting-for-customer": (RMAStatus.NEEDS_INFO,),
    "on-its-way": (RMAStatus.APPROVED, RMAStatus.IN_TRANSIT),
    "at-the-dock": RMAStatus.at_dock(),
    "inspected": (RMAStatus.INSPECTED,),
    "finished": RMAStatus.terminal(),
    "all": tuple(RMAStatus),
}
VIEW_LABELS = {
    "open": _("Open"),
    "needs-review": _("Needs review"),
    "waiting-for-customer": _("Waiting for the customer"),
    "on-its-way": _("On its way"),
    "at-the-dock": _("At the dock"),
    "inspected": _("Inspected"),
    "finished": _("Finished"),
    "all": _("All"),
}


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
    )


class ReturnFilters(forms.Form):
    """The filters of the list: words in the address. `status` is a group of VIEWS or one status by its own name."""

    q = forms.CharField(label=_("Number or name"), max_length=200, required=False)
    status = forms.ChoiceField(required=False, widget=forms.HiddenInput)
    settlement = forms.ChoiceField(label=_("Money"), choices=[("", _("any")), *Settlement.choices], required=False)
    source = forms.ChoiceField(label=_("Came from"), choices=[("", _("any")), *RMASource.choices], required=False)
    reason = forms.ChoiceField(label=_("Reason"), required=False)
    country = forms.CharField(label=_("Country"), max_length=60, required=False)

    def __init__(self, *args: Any, reasons: list[ReturnReason], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["from"] = _day(_("From"))
        self.fields["to"] = _day(_("To"))
        self.fields["status"].choices = [("", ""), *VIEW_LABELS.items(), *RMAStatus.choices]
        self.fields["reason"].choices = [("", _("any")), *((one.code, one.label) for one in reasons)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("from"), cleaned.get("to")
        if since and until and until < since:
            self.add_error("to", _("This day is before the first one."))
        return cleaned


# ── Deciding ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _note(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write a sentence for the customer.")},
    )


class ApprovalForm(forms.Form):
    note = _note(_("Something to tell the customer"), required=False)


class RejectionForm(forms.Form):
    """Why not: a code for our figures, a sentence for the customer."""

    REASONS = (
        ("outside_policy", _("Outside the policy")),
        ("condition", _("Not in a state we take back")),
        ("evidence", _("What we were shown does not fit")),
        ("not_ours", _("Not bought from us")),
        ("other", _("Something else")),
    )
    reason = forms.ChoiceField(
        label=_("Why not"),
        choices=[("", _("Choose one")), *REASONS],
        error_messages={"required": _("Choose why."), "invalid_choice": _("Choose one of the reasons.")},
    )
    note = _note(_("What the customer reads"))


class QuestionForm(forms.Form):
    note = _note(_("What do you need to know?"))


def _ways() -> list[tuple[str, Any]]:
    return [("", _("Choose one")), *((way.value, way.label) for way in BY_A_WORD)]


class ResolutionForm(forms.Form):
    """What the customer gets instead of what was chosen, and why."""

    resolution = forms.ChoiceField(
        label=_("What the customer gets"),
        choices=_ways,
        error_messages={"required": _("Choose what the customer gets."), "invalid_choice": _("Choose one of these.")},
    )
    reason = forms.CharField(
        label=_("Why, in a few words without names"),
        max_length=120,
        error_messages={"required": _("Say why: it stays with the return.")},
    )


class CancellationForm(forms.Form):
    REASONS = (
        ("customer_asked", _("The customer asked for it")),
        ("opened_by_mistake", _("It was opened by mistake")),
        ("settled_otherwise", _("Settled another way")),
    )
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=REASONS,
        error_messages={"required": _("Choose why."), "invalid_choice": _("Choose one of the reasons.")},
    )
