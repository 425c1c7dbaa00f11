"""The second factor of staff: codes are judged as rarely as passwords."""

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django.core.exceptions import ValidationError
from django.utils import timezone

from oms import log_ins


class _Counted:
    """Counts each code in the database before it is judged."""

    def clean_code(self) -> str:
        owner = f"second factor of {self.user.pk}"  # type: ignore[attr-defined]
        try:
            tried = log_ins.begin(owner, address=log_ins.address_of(context.request), at=timezone.now())
        except log_ins.TooManyTries as refused:
            raise ValidationError(str(refused), code=refused.code) from None
        code = super().clean_code()  # type: ignore[misc]
        log_ins.forgive(tried)
        return str(code)


class CountedAuthenticateForm(_Counted, AuthenticateForm):
    pass


class CountedReauthenticateForm(_Counted, ReauthenticateForm):
    pass
