"""What finance types about the reconciliation."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.models import Order, User
from oms.money import EXPONENTS
from oms.roles import PERMISSIONS
from oms.views.words import Clock
from refunds.gateways import books
from refunds.models import Discrepancy
from refunds.reconciliation import nightly
from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.handing_in import hand_in, period
from refunds.reconciliation.lifecycle import can_be_booked
from refunds.reconciliation.lifecycle.runs import Handed
from refunds.reconciliation.statements import LARGEST_BYTES, Unreadable
from refunds.reconciliation.states import DiscrepancyStatus, Outcome

AGES = {"week": (0, 7), "month": (7, 30), "older": (30, 36_500)}
NO_NAMES = _("For colleagues. No names, addresses or card numbers.")


def colleagues() -> Any:
    """Who may work on discrepancies."""
    return User.objects.filter(is_active=True, role__in=PERMISSIONS["reconcile"]).order_by("name", "pk")


class FilterForm(forms.Form):
    """What the worklist shows, as words in its address."""

    cause = forms.ChoiceField(label=_("Cause"), required=False, choices=[("", _("all")), *Cause.choices])
    book = forms.ChoiceField(label=_("Book"), required=False, choices=[("", _("all")), *Book.choices])
    age = forms.ChoiceField(
        label=_("Age"),
        required=False,
        choices=[("", _("any")), ("week", _("up to 7 days")), ("month", _("7 to 30 days")), ("older", _("older"))],
    )
    assignee = forms.ChoiceField(label=_("Who"), required=False)
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("any")), *DiscrepancyStatus.choices])
    q = forms.CharField(label=_("Number"), required=False, max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(user.pk), str(user)) for user in colleagues()]
        choices = [("", _("anybody")), ("me", _("me")), ("nobody", _("nobody")), *people]
        self.fields["assignee"].choices = choices  # type: ignore[attr-defined]


class RunForm(forms.Form):
    """What to compare with: the providers' books, or a file. Without days those of the file, else the last 35."""

    PROVIDERS, FILE = "providers", "file"
    what = forms.ChoiceField(
        label=_("Compare with"),
        choices=[(PROVIDERS, _("the payment providers' books")), (FILE, _("a file"))],
        widget=forms.RadioSelect,
        initial=PROVIDERS,
        help_text=_("Without days: those in the file, or the last 35."),
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("Credit notes of Xero or QuickBooks, or a report of Stripe: CSV, up to %(size)s MB.")
        % {"size": LARGEST_BYTES >> 20},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv", "class": "file"}),
    )
    since = forms.DateField(
        label=_("First day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    currency = forms.CharField(
        label=_("Currency, where the file names none"), max_length=3, required=False, help_text=_("Such as GBP.")
    )
    prices_include_tax = forms.ChoiceField(
        label=_("Prices in the file"),
        choices=[("yes", _("include tax")), ("no", _("are before tax"))],
        initial="yes",
        required=False,
    )
    again = forms.BooleanField(label=_("Compare it even if it was compared before"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = Order.objects.order_by("-placed_at", "-id").values_list("currency", flat=True).first()
        self.fields["currency"].initial = newest or "GBP"

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].strip().upper() or str(self.fields["currency"].initial)
        if code not in EXPONENTS:
            raise forms.ValidationError(_("This is no currency code of ISO 4217."))
        return code

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        since, until = data.get("since"), data.get("until")
        if (since is None) != (until is None):
            self.add_error("until" if until is None else "since", _("Name both days, or none."))
        elif since is not None and until is not None and until < since:
            self.add_error("until", _("This is before the first day."))
        if data["what"] == self.FILE:
            data["handed"] = self._read(data)
        return data

    def _read(self, data: dict[str, Any]) -> Handed | None:
        if not data.get("file"):
            self.add_error("file", _("Choose a file."))
            return None
        with_tax = data["prices_include_tax"] != "no"
        try:
            return hand_in(data["file"].file, data["file"].name, currency=data["currency"], prices_include_tax=with_tax)
        except Unreadable as problem:
            for one in problem.problems:
                self.add_error("file", str(one))
            return None

    def asked(self, now: datetime) -> dict[str, Any]:
        """What to ask for: since, until, providers, files."""
        data, clock = self.cleaned_data, Clock()
        files = [data["handed"]] if data.get("handed") else []
        if data["since"]:
            days = clock.start_of(data["since"]), clock.start_of(data["until"] + timedelta(days=1))
        else:
            days = period(files) or (nightly.since(now), now)
        providers = [] if files else books.in_use()
        return {"since": days[0], "until": days[1], "providers": providers, "files": files, "again": data["again"]}


class AssignmentForm(forms.Form):
    assignee = forms.ModelChoiceField(
        label=_("Who looks into it"), queryset=User.objects.none(), empty_label=None,
        error_messages={"invalid_choice": _("Choose somebody who may work on discrepancies.")},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = colleagues()  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("Note"), max_length=500, help_text=NO_NAMES, widget=forms.Textarea(attrs={"rows": 3})
    )


class ResolutionForm(forms.Form):
    outcome = forms.ChoiceField(label=_("How was it settled"), choices=Outcome.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Why"), max_length=300, help_text=NO_NAMES)

    def offer(self, one: Discrepancy) -> "ResolutionForm":
        """Show what is possible for this one; a fee is booked first of all."""
        ways = [(value, label) for value, label in Outcome.choices if value != Outcome.BOOKED]
        booked = [(Outcome.BOOKED.value, _("Book the fee as a cost now"))] if can_be_booked(one) else []
        self.fields["outcome"].choices = booked + ways  # type: ignore[attr-defined]
        return self
