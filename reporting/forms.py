"""What may stand in the address of a report: days, a country, a currency; anything else is refused at its field."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from reporting.choices import Choices
from reporting.period import FIRST_DAY, LAST_DAY, Filters, Period
from reporting.refund_rate import ENDINGS
from reporting.rows import Narrowed
from reporting.stages import NAMES

USUAL_DAYS = 90
LONGEST_DAYS = 3700  # ten years
RECENT = timedelta(days=31)


def last_day(choices: Choices, today: date) -> date:
    """Where a period ends unless named: today, or the newest day of trade in a shop where none is recent."""
    newest = choices.last_day
    return newest if newest and newest < today - RECENT else today


class PeriodForm(forms.Form):
    """Days and filters of the dashboard. Missing days: the last 90 up to `ends_on`."""

    error_css_class = "field--error"

    def __init__(self, data: Any, choices: Choices, ends_on: date, zone: str) -> None:
        super().__init__(data)
        self.choices, self.ends_on, self.zone = choices, ends_on, zone
        self.fields["from"] = _day(_("From"))
        self.fields["to"] = _day(_("To"))
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"),
            required=False,
            choices=[("", _("All countries")), *((country, country) for country in choices.countries)],
            error_messages={"invalid_choice": _("Nothing was ordered from this country.")},
        )
        self.fields["currency"] = forms.ChoiceField(
            label=_("Currency"),
            required=False,
            choices=[(currency, currency) for currency in choices.currencies or (choices.currency,)],
            error_messages={"invalid_choice": _("There are no orders in this currency.")},
        )
        for field in self.fields.values():
            field.localize = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "from" in cleaned and "to" in cleaned:
            start, end = self._days(cleaned["from"], cleaned["to"])
            if start > end:
                self.add_error("to", _("This day is before the first one."))
            elif (end - start).days >= LONGEST_DAYS:
                self.add_error("from", _("At most ten years at a time, please."))
            cleaned["from"], cleaned["to"] = start, end
        return cleaned

    def _days(self, start: date | None, end: date | None) -> tuple[date, date]:
        span = timedelta(days=USUAL_DAYS - 1)
        if start is None:
            end = end or self.ends_on
            return max(end - span, FIRST_DAY), end
        return start, end or (self.ends_on if self.ends_on >= start else min(start + span, LAST_DAY))

    @property
    def period(self) -> Period:
        return Period(self.cleaned_data["from"], self.cleaned_data["to"], self.zone)

    @property
    def filters(self) -> Filters:
        data = self.cleaned_data
        return Filters(
            data["currency"] or self.choices.currency,
            data["country"],
            data.get("sku", ""),
            data.get("reason", ""),
            bool(data.get("goods")),
        )

    def with_days(self) -> "PeriodForm":
        """The same form, filled in with the days it stands for."""
        data = {**self.data.dict(), "from": self.cleaned_data["from"], "to": self.cleaned_data["to"]}
        filled = type(self)(data, self.choices, self.ends_on, self.zone)
        filled.is_valid()
        return filled


class RowsForm(PeriodForm):
    """What a list of rows may be narrowed to, beyond the period and filters of the dashboard."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.fields["sku"] = forms.CharField(max_length=40, required=False)
        self.fields["reason"] = forms.SlugField(max_length=24, required=False)
        self.fields["goods"] = forms.BooleanField(required=False)
        self.fields["returned"] = forms.BooleanField(required=False)
        self.fields["ending"] = forms.ChoiceField(required=False, choices=[("", "")] + [(e, e) for e in ENDINGS])
        self.fields["stage"] = forms.ChoiceField(required=False, choices=[("", "")] + [(s, s) for s in NAMES])

        for name in ("condition", "carrier", "back", "packaging"):
            self.fields[name] = forms.CharField(max_length=60, required=False)

    @property
    def narrowed(self) -> Narrowed:
        data = self.cleaned_data
        names = ("returned", "ending", "stage", "condition", "carrier", "back", "packaging")
        return Narrowed(**{name: data[name] for name in names})


def _day(label: Any) -> forms.DateField:
    outside = _("Please choose a day between %(first)s and %(last)s.") % {"first": FIRST_DAY, "last": LAST_DAY}
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[MinValueValidator(FIRST_DAY, outside), MaxValueValidator(LAST_DAY, outside)],
        error_messages={"invalid": _("This is not a day. Write it as 2011-03-31.")},
    )
