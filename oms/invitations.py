"""The link with which a new member of staff sets a password: good once, and for three days."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from oms import shops
from oms.models import User


def link(user: User) -> str:
    """Whoever opens it sets this person's password; it stops working when a password is set or somebody logs in."""
    token = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": token})
    return settings.PUBLIC_URL + path


def mails_are_sent() -> bool:
    """Without a mail server the link is shown to who invites."""
    return bool(settings.EMAIL_URL)


def send(user: User) -> None:
    """Mail the link. Raises what the mail server raises."""
    shop = shops.current()
    body = render_to_string("mail/invitation.txt", {"person": user, "shop": shop, "link": link(user)})
    EmailMessage(
        subject=_("Your account at %(company)s") % {"company": shop.name},
        body=body,
        from_email=f"{shop.sender_name} <{shop.sender_email}>",
        to=[user.email],
    ).send(using="default")
