"""What somebody types who was given the goods, and who makes the link for them."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from returns.eligibility import LineView
from returns.refusals import NothingGiven


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
        help_text=_("The label and your store credit are sent there. Whoever bought it never sees it."),
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


class GiftForm(forms.Form):
    """Which lines of an order were the gift: those of which something can still come back."""

    line = forms.TypedMultipleChoiceField(
        label=_("What was the gift?"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": NothingGiven.sentence,
            "invalid_choice": _("One of the chosen items is not of this order, or cannot come back any more."),
        },
    )

    def __init__(self, *args: Any, possible: Sequence[LineView], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["line"].choices = [
            (view.order_line.pk, f"{view.quantity} × {view.order_line.description}") for view in possible
        ]
        if len(possible) == 1:
            self.initial["line"] = [possible[0].order_line.pk]
