"""What finance types on the pages of the books that refunds fill."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.views.books.forms import day_field
from refunds.accounting import LAYOUTS

LONGEST_DAYS = 3700  # ten years


class DaysForm(forms.Form):
    since = day_field(_("From"), required=True)
    until = day_field(_("To"), required=True)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        elif since and until and (until - since).days >= LONGEST_DAYS:
            self.add_error("since", _("At most ten years at a time, please."))
        return cleaned


class TaxFilters(DaysForm):
    currency = forms.ChoiceField(label=_("Currency"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)

    def __init__(self, *args: Any, currencies: Iterable[str], countries: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]
        names = [("", _("All countries")), *((name, name) for name in countries)]
        self.fields["country"].choices = names  # type: ignore[attr-defined]


class ExportForm(DaysForm):
    layout = forms.ChoiceField(label=_("For"), choices=[(one.name, one.label) for one in LAYOUTS.values()])
