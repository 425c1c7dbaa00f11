"""What staff type to find a message."""

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.catalogue import LABELS
from notifications.states import MessageStatus


class FilterForm(forms.Form):
    """What the list shows."""

    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("all")), *LABELS.items()])
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("all")), *MessageStatus.choices])
    q = forms.CharField(label=_("Order or return"), required=False, max_length=40)
