"""Setting up a second factor counts as having shown it: who has just typed a right code is let in (R139)."""

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.views import ActivateTOTPView
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse

from oms.access import public


class ActivateTOTP(ActivateTOTPView):
    def form_valid(self, form: ActivateTOTPForm) -> HttpResponse:
        response = super().form_valid(form)
        self.request.session.cycle_key()
        record_authentication(self.request, self.request.user, "mfa", type=str(Authenticator.Type.TOTP))
        return response


# Everybody who has logged in may: without a second factor nothing else is open to them.
activate_totp = public(login_required(ActivateTOTP.as_view()))
