"""What people type about goods set aside. Every refusal is a sentence at its field; nothing is stored here."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition
from inventory.states import Disposition, Grade
from returns.forms.dock import LARGEST_COUNT, PageTokenField

MOST_MONEY = Decimal(1_000_000)
LONGEST_WORK = timedelta(days=365)
UNCHANGED = ("", _("as it was"))


def _money(label: Any, *, required: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=Decimal(0),
        max_value=MOST_MONEY,
        decimal_places=2,
        required=bool(required),
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01", "min": "0"}),
        error_messages={
            "required": required,
            "invalid": _("Enter an amount, as 4.50."),
            "min_value": _("Enter an amount of zero or more."),
            "max_value": _("That is too much."),
            "max_decimal_places": _("Enter at most two decimals."),
        },
    )


def _count(most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=_("How many?"),
        min_value=1,
        max_value=min(most, LARGEST_COUNT) or 1,
        initial=most,
        error_messages={
            "required": _("Enter how many pieces."),
            "invalid": _("Enter a whole number."),
            "min_value": _("Enter at least 1."),
            "max_value": _("Only %(limit_value)s are here."),
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


def _words(label: Any, problem: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=200, error_messages={"required": problem})


class PlacementForm(forms.Form):
    """Something else becomes of goods; condition and grade where they are others now."""

    form_token = PageTokenField()
    disposition = forms.ChoiceField(
        label=_("What becomes of it?"),
        error_messages={"required": _("Choose what becomes of it."), "invalid_choice": _("Choose one of these.")},
    )
    condition = forms.ChoiceField(label=_("What it is now"), required=False)
    grade = forms.ChoiceField(label=_("Grade now"), required=False, choices=[UNCHANGED, *Grade.choices])
    reason = _words(_("Why"), _("Say why: it stays with the return."))

    def __init__(
        self, *args: Any, here: int, offered: Iterable[Disposition], conditions: Iterable[Condition], **options: Any
    ) -> None:
        super().__init__(*args, use_required_attribute=False, **options)
        self.fields["disposition"].choices = [("", _("choose one")), *((one.value, one.label) for one in offered)]
        self.fields["condition"].choices = [UNCHANGED, *((one.code, one.label) for one in conditions)]
        self.fields["quantity"] = _count(here)
        self.order_fields(["form_token", "disposition", "quantity", "condition", "grade", "reason"])


class WorkForm(forms.Form):
    """Goods go to the workshop."""

    form_token = PageTokenField()
    kind = forms.ChoiceField(
        label=_("Repair or refurbish?"),
        choices=[(one.value, one.label) for one in (Disposition.REFURBISH, Disposition.REPAIR)],
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one of these.")},
    )
    task = _words(_("What is to be done"), _("Say what is to be done."))
    due_on = forms.DateField(
        label=_("Until when"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Choose a day."), "invalid": _("Enter a day, as 2026-12-24.")},
    )
    estimate = _money(_("What it may cost"), required=str(_("Enter what it may cost, 0 if nothing.")))

    def __init__(self, *args: Any, here: int, today: date, **options: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **options)
        self.today = today
        self.fields["quantity"] = _count(here)
        self.order_fields(["form_token", "kind", "quantity", "task", "due_on", "estimate"])

    def clean_due_on(self) -> date:
        due: date = self.cleaned_data["due_on"]
        if not self.today <= due <= self.today + LONGEST_WORK:
            raise forms.ValidationError(_("Choose a day from today on, within a year."))
        return due


class WorkEndForm(forms.Form):
    """What came out of the workshop, what it cost, and what comes next."""

    done = forms.ChoiceField(
        label=_("What came out?"),
        choices=[("yes", _("It is done")), ("no", _("It could not be done"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what came out."), "invalid_choice": _("Choose one of these.")},
    )
    cost = _money(_("What it cost"), required=str(_("Enter what it cost, 0 if nothing.")))
    disposition = forms.ChoiceField(
        label=_("What becomes of it now?"),
        error_messages={"required": _("Choose what becomes of it."), "invalid_choice": _("Choose one of these.")},
    )
    condition = forms.ChoiceField(label=_("What it is now"), required=False)
    grade = forms.ChoiceField(label=_("Grade now"), required=False, choices=[UNCHANGED, *Grade.choices])
    finding = forms.CharField(label=_("What was found"), max_length=200, required=False)

    def __init__(
        self, *args: Any, offered: Iterable[Disposition], conditions: Iterable[Condition], **options: Any
    ) -> None:
        super().__init__(*args, use_required_attribute=False, **options)
        self.fields["disposition"].choices = [("", _("choose one")), *((one.value, one.label) for one in offered)]
        self.fields["condition"].choices = [UNCHANGED, *((one.code, one.label) for one in conditions)]


class VendorForm(forms.Form):
    vendor = forms.CharField(
        label=_("Vendor"), max_length=80, error_messages={"required": _("Name who sold it to us.")}
    )


class ProceedsForm(forms.Form):
    proceeds = _money(_("Sold for, all of it"), required=str(_("Enter what came in, 0 if nothing.")))


class CreditForm(forms.Form):
    credit = _money(_("What the vendor credits"), required=str(_("Enter the amount, 0 if nothing.")))
    reference = forms.CharField(label=_("Their reference"), max_length=60, required=False)
