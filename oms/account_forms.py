"""The log-in's own forms, in our words: allauth says "email" where everything here says "e-mail"."""

from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm
from django.forms import Field
from django.utils.translation import gettext_lazy as _


def _in_our_words(field: Field) -> None:
    field.label = _("E-mail")
    field.error_messages |= {
        "required": _("Enter your e-mail address."),
        "invalid": _("This is not an e-mail address."),
    }
    field.widget.attrs.pop("placeholder", None)


class StaffLoginForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self.fields["login"])


class StaffResetPasswordForm(ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_our_words(self.fields["email"])
