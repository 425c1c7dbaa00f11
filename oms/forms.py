"""What administrators and managers type about the shop and its people. Nothing is stored here."""

import re
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from oms import logo
from oms.countries import code_of
from oms.models import Shop
from oms.refusals import Refused
from oms.roles import Role

WEEKDAYS = (
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
)
MOST_HOLIDAYS = 200


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


def _without_line_breaks(text: str) -> str:
    """A sender's name or a subject with a line break would be a mail header of its own."""
    if "\n" in text or "\r" in text:
        raise forms.ValidationError(_("Write this on one line."), code="line_break")
    return text


class ShopForm(forms.ModelForm):
    """Who we are, how we look, how we are reached (R3, R62)."""

    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG or JPEG, up to 2 MB; shown 36 pixels high."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg", "class": "file"}),
    )
    without_logo = forms.BooleanField(label=_("Take the logo away"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone of reports and staff pages"))
    chat_url = forms.URLField(
        label=_("Chat link"),
        required=False,
        max_length=200,
        assume_scheme="https",
        validators=[URLValidator(schemes=["https"], message=_("A link that starts with https:// is needed."))],
    )

    class Meta:
        model = Shop
        fields = (
            "company",
            "legal_address",
            "accent",
            "support_email",
            "support_phone",
            "support_hours",
            "chat_url",
            "sender_name",
            "sender_email",
            "accounting_email",
            "time_zone",
            "processing_days",
            "tender_order",
            "approval_above",
            "credit_bonus",
            "goodwill_most",
            "buyers_make_gift_links",
            "tells_buyer_of_gifts",
            "return_rate_notice",
            "return_rate_alarm",
        )
        widgets = {
            "legal_address": forms.Textarea(attrs={"rows": 3}),
            "accent": forms.TextInput(attrs={"type": "color"}),
        }
        help_texts = {
            "accent": _("Customers' pages take its hue; they stay readable whatever it is."),
            "processing_days": _("Promised on every page and in every mail."),
            "accounting_email": _("Told of every refund."),
            "tender_order": _("For orders paid in several ways. No payment gets more than it paid."),
            "approval_above": _(
                "In the order's currency; counted per order, and per customer and day, so that parts add up. "
                "0: every refund."
            ),
            "goodwill_most": _("All goodwill on an order together, in percent of what it cost. 0: none is given."),
            "buyers_make_gift_links": _(
                "Where they look their order up. Whoever has the link sees no price and gets store credit of their "
                "own. The service desk can make one either way."
            ),
            "tells_buyer_of_gifts": _(
                "One mail once the return is done, without a name or an amount. It holds for links made from then on; "
                "whoever sends it back reads beforehand what the buyer is told."
            ),
            "credit_bonus": _("On top of a refund that the customer takes as store credit. 0: none."),
        }

    # Which fields stand together, under which words.
    GROUPS = (
        (_("The company"), ("company", "legal_address", "logo", "without_logo", "accent")),
        (_("How customers reach us"), ("support_email", "support_phone", "support_hours", "chat_url")),
        (_("Mails"), ("sender_name", "sender_email", "accounting_email")),
        (_("Refunds"), ("tender_order", "approval_above", "credit_bonus", "goodwill_most")),
        (_("Gifts"), ("buyers_make_gift_links", "tells_buyer_of_gifts")),
        (_("Numbers"), ("time_zone", "processing_days", "return_rate_notice", "return_rate_alarm")),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["time_zone"].choices = _zones()
        self.fields["processing_days"].validators += [MinValueValidator(1), MaxValueValidator(60)]
        for name in ("approval_above", "credit_bonus"):
            self.fields[name].validators += [MinValueValidator(0)]
        for name in ("goodwill_most", "return_rate_notice", "return_rate_alarm"):
            self.fields[name].validators += [MinValueValidator(0), MaxValueValidator(100)]
        if not self.instance.logo_type:
            del self.fields["without_logo"]

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.GROUPS]

    def clean_company(self) -> str:
        return _without_line_breaks(self.cleaned_data["company"])

    def clean_sender_name(self) -> str:
        return _without_line_breaks(self.cleaned_data["sender_name"])

    def clean_accent(self) -> str:
        accent = self.cleaned_data["accent"].lower()
        if not re.fullmatch(r"#[0-9a-f]{6}", accent):
            raise forms.ValidationError(_("A color like #1f5b4a is needed."), code="invalid")
        return accent

    def clean_logo(self) -> bytes | None:
        """The new logo as our own PNG; None when none was chosen."""
        upload = self.files.get(self.add_prefix("logo"))
        if not upload:
            return None
        try:
            return logo.clean(upload)
        except Refused as refused:
            raise forms.ValidationError(str(refused), code=refused.code) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        notice, alarm = cleaned.get("return_rate_notice"), cleaned.get("return_rate_alarm")
        if notice is not None and alarm is not None and alarm < notice:
            self.add_error("return_rate_alarm", _("This is below the rate to look at."))
        return cleaned

    def _post_clean(self) -> None:
        """The row itself is changed by `shops.change` alone."""


class WarehouseForm(forms.ModelForm):
    """Where returns go, and on which days somebody looks at them (R8)."""

    time_zone = forms.ChoiceField(label=_("Time zone"))
    country = forms.CharField(label=_("Country"), max_length=60, help_text=_("Name or two-letter code."))
    working_days = forms.TypedMultipleChoiceField(
        label=_("Working days"), choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    holidays = forms.CharField(
        label=_("Holidays"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One date a line, like 2026-12-25."),
    )

    class Meta:
        model = Warehouse
        fields = ("name", "street", "postcode", "city", "region", "country", "phone", "time_zone")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["time_zone"].choices = _zones()
        house = self.instance
        self.initial |= {
            "working_days": house.working_days,
            "holidays": "\n".join(day.isoformat() for day in house.holidays),
        }

    def clean_country(self) -> str:
        code = code_of(self.cleaned_data["country"])
        if not (len(code) == 2 and code.isascii() and code.isalpha()):
            raise forms.ValidationError(_("No country of this name is known; its two-letter code will do."))
        return code

    def clean_holidays(self) -> list[date]:
        days = set()
        for number, line in enumerate(self.cleaned_data["holidays"].split(), start=1):
            try:
                days.add(date.fromisoformat(line))
            except ValueError:
                words = _("Line %(number)s is no date like 2026-12-25.") % {"number": number}
                raise forms.ValidationError(words, code="invalid") from None
        if len(days) > MOST_HOLIDAYS:
            raise forms.ValidationError(_("At most %(most)s holidays.") % {"most": MOST_HOLIDAYS})
        return sorted(days)

    def clean_working_days(self) -> list[int]:
        return sorted(self.cleaned_data["working_days"])

    def _post_clean(self) -> None:
        """The row itself is changed by `warehouses.change` alone."""


def _roles() -> list[tuple[str, Any]]:
    return [("", _("Choose one")), *Role.staff_choices()]


class InvitationForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, error_messages={"required": _("Enter a name.")})
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={"required": _("Enter an e-mail address."), "invalid": _("This is not an e-mail address.")},
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=_roles,
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose one of the roles.")},
    )

    def clean_name(self) -> str:
        return _without_line_breaks(self.cleaned_data["name"])


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label=_("Role"),
        choices=_roles,
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose one of the roles.")},
    )
