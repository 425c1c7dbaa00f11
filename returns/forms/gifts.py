"""What somebody types who was given the goods."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RecipientForm(forms.Form):
    """Who they are, where the parcel is posted: the label needs it. Kept sealed, with a key of their own."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        error_messages={"required": _("Enter your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail"),
        max_length=254,
        help_text=_("The label and your store credit are sent there. Whoever bought it is told nothing."),
        error_messages={
            "required": _("Enter your e-mail address."),
            "invalid": _("That is not an e-mail address. It looks like name@example.com."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    street = forms.CharField(
        label=_("Street and number"),
        max_length=120,
        help_text=_("Where you send it from; the label needs it."),
        error_messages={"required": _("Enter your street and number.")},
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    city = forms.CharField(
        label=_("Town"),
        max_length=60,
        error_messages={"required": _("Enter your town.")},
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=16,
        error_messages={"required": _("Enter your postcode.")},
        widget=forms.TextInput(attrs={"autocomplete": "postal-code", "spellcheck": "false"}),
    )
